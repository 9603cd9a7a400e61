"""What a consortium should know of its calibration before it hands it over."""

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.calibration.calibrating import CleanRows
from dataselect_gui.calibration.ranks import advised_rows, fewest_rows
from dataselect_gui.checkpoints.calibration import Calibration
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.workflow.calibration_options import Options

ONCE = N_(
    "Noise is drawn anew each time you calibrate. Hand over one result: whoever picks among several "
    "gives away more than ε says."
)
_MOST_NAMED = 12
_SIGMAS = 2


def warnings_of(
    rows: CleanRows,
    for_thresholds: NDArray[np.bool_],
    options: Options,
    calibration: Calibration,
    *,
    unlabelled: int,
    unread: int,
    seen: int,
) -> list[str]:
    """Return what should be known, as sentences; for those alone who own the rows.

    Parameters
    ----------
    rows : CleanRows
        All of them.
    for_thresholds : ndarray of bool
        Which rows thresholds were taken from.
    options : Options
        What was wanted.
    calibration : Calibration
        What came of it.
    unlabelled, unread, seen : int
        How many rows have no class, could not be read, were among the training's.
    """
    names = rows.class_names
    own = options.alpha / len(options.scores)
    needed = fewest_rows(own)
    counts = [int((rows.classes == index).sum()) for index in range(len(names))]
    usable = [int((for_thresholds & (rows.classes == index)).sum()) for index in range(len(names))]
    missing = [name for name, count in zip(names, counts, strict=True) if not count]
    advised = advised_rows(own)
    few, rather_few = (
        [
            f"{name} ({count})"
            for name, whole, count in zip(names, counts, usable, strict=True)
            if whole and least <= count < most
        ]
        for least, most in ((0, needed), (needed, advised))
    )
    warnings = [
        _missing_classes(missing),
        _few_rows(few, needed, float(own)),
        _rather_few_rows(rather_few, advised, float(own)),
        _without_threshold(calibration, set(missing), few),
        _seen_rows(seen),
        _looks_trained_on(rows, options),
        ngettext(
            "{count:,} row has no class of the model's and was not used.",
            "{count:,} rows have no class of the model's and were not used.",
            unlabelled,
        )
        if unlabelled
        else "",
        ngettext("{count:,} row could not be read.", "{count:,} rows could not be read.", unread)
        if unread
        else "",
        _("The distance is left out: its covariance would tell of single rows.")
        if options.leaves_out_distance
        else "",
        _("Nothing spends the δ that was stated.") if options.unused_delta else "",
        _(
            "Nothing protects these rows: thresholds, bounds and directions are made of few of them, "
            "or of single ones, and can reveal those. A stated ε protects them."
        )
        if options.queries is None
        else _(ONCE),
    ]
    return [sentence for sentence in warnings if sentence]


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    listed = ", ".join(f"“{name}”" for name in names[:_MOST_NAMED])
    return listed if more <= 0 else _("{listed} and {more:,} more", listed=listed, more=more)


def _missing_classes(missing: list[str]) -> str:
    if not missing:
        return ""
    return _(
        "No row is of {names}: records of these classes are all kept.",
        names=_listed(missing),
    )


def _few_rows(few: list[str], needed: int, alpha: float) -> str:
    if not few:
        return ""
    return _(
        "{names} have fewer than the {needed:,} rows that α = {alpha:g} needs: records of these "
        "classes are all kept.",
        names=_listed(few),
        needed=needed,
        alpha=alpha,
    )


def _rather_few_rows(few: list[str], advised: int, alpha: float) -> str:
    if not few:
        return ""
    return _(
        "{names} have fewer than the {advised:,} rows for thresholds that α = {alpha:g} needs to be "
        "met closely: how many of these classes' clean records are left out is then largely chance.",
        names=_listed(few),
        advised=advised,
        alpha=alpha,
    )


def _without_threshold(calibration: Calibration, missing: set[str], few: list[str]) -> str:
    """Name the classes for which noise left no threshold, beside those that were named."""
    named = missing | {name.rpartition(" (")[0] for name in few}
    lacking = sorted(
        {
            name
            for thresholds in calibration.scores.values()
            for name, stated in thresholds.classes.items()
            if stated.threshold is None and name not in named
        }
    )
    if not lacking:
        return ""
    return _(
        "{names} have no threshold for some score: their rows are too few for it.",
        names=_listed(lacking),
    )


def _seen_rows(seen: int) -> str:
    if not seen:
        return ""
    return ngettext(
        "{count:,} row is among the training's and was left out; others like it may be there in other "
        "bytes.",
        "{count:,} rows are among the training's and were left out; others like them may be there in "
        "other bytes.",
        seen,
    )


def _looks_trained_on(rows: CleanRows, options: Options) -> str:
    if options.validation_loss is None:
        return ""
    losses = rows.scores["loss"][rows.classes >= 0]
    losses = losses[np.isfinite(losses)]
    if len(losses) < 2:
        return ""
    mean, error = float(losses.mean()), float(losses.std(ddof=1) / len(losses) ** 0.5)
    if mean + _SIGMAS * error >= options.validation_loss:
        return ""
    return _(
        "The mean loss of these rows, {mean:.4g}, is below the {stated:.4g} that was recorded: the "
        "model may have been trained on them, and the thresholds may be too low.",
        mean=mean,
        stated=options.validation_loss,
    )
