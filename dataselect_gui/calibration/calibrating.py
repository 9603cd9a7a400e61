"""Make a calibration from what clean rows came to."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.calibration.private import PrivateQueries
from dataselect_gui.calibration.ranks import threshold_of
from dataselect_gui.calibration.statistics import bounds_of
from dataselect_gui.checkpoints.calibration import ClassThreshold, Recall, ScoreThresholds

CALIBRATED = ("loss", "distance", "el2n", "grad_norm", "reducible_loss")
"""The scores of which a high value may mean that a record looks wrong."""
SIGNED = ("reducible_loss",)
"""Those of them that are not on the grid of `private`."""
_NONE: Mapping[str, float | None] = {}


@dataclass(frozen=True)
class CleanRows:
    """What clean rows came to.

    Attributes
    ----------
    class_names : sequence of str
        Of the checkpoint, by index.
    classes : ndarray of int64
        Of each row, shape (n,); −1 for one that is not used.
    scores : dict
        Score → its values, shape (n,), NaN where there is none.
    is_right : ndarray of bool
        Whether the model recognises the row, shape (n,).
    """

    class_names: Sequence[str]
    classes: NDArray[np.int64]
    scores: dict[str, NDArray[np.float64]]
    is_right: NDArray[np.bool_]


@dataclass(frozen=True)
class Findings:
    """What was found out, in the form that a request states.

    Attributes
    ----------
    scores : dict
        Score → its thresholds.
    recall : dict
        Class's name → how well it is recognised.
    bounds : dict
        Score → its lower and its upper bound.
    """

    scores: dict[str, ScoreThresholds]
    recall: dict[str, Recall]
    bounds: dict[str, tuple[float, float]]

    def rule(self) -> dict[str, object] | None:
        """Return the rule of these thresholds, as a request states it; None where no class has one."""
        conditions = []
        for name, thresholds in self.scores.items():
            most = {
                c: stated.threshold
                for c, stated in thresholds.classes.items()
                if stated.threshold is not None
            }
            if most:
                conditions.append({"score": name, "most": most, "otherwise": "keep"})
        return {"conditions": conditions} if conditions else None


def split_rows(count: int, seed: str) -> NDArray[np.bool_]:
    """Say which rows the statistics of features are of: half of them, drawn by a seed, shape (n,).

    Labels have no part in it.
    """
    order = sorted(range(count), key=lambda row: hashlib.sha256(f"{seed} {row}".encode()).digest())
    is_statistic = np.zeros(count, dtype=bool)
    is_statistic[order[: count // 2]] = True
    return is_statistic


def calibrate_as_they_are(
    rows: CleanRows,
    wanted: Sequence[str],
    alpha: Fraction,
    for_thresholds: NDArray[np.bool_],
    own_bounds: Mapping[str, float | None] = _NONE,
) -> Findings:
    """Find thresholds, recall and bounds of clean rows as they are.

    Parameters
    ----------
    rows : CleanRows
        All of them.
    wanted : sequence of str
        The scores that get thresholds, each at its part of α.
    alpha : Fraction
        Of all together.
    for_thresholds : ndarray of bool
        Which rows thresholds may be taken from, shape (n,).
    own_bounds : mapping
        The scores that have public bounds of their own, and get no others → the upper one, above which
        no threshold lies; None where the request states it. The bounds of the others hold all of their
        thresholds.
    """
    own = alpha / len(wanted)
    scores = {}
    for name in wanted:
        values = rows.scores[name]
        usable = for_thresholds & np.isfinite(values)
        classes = {}
        for index, class_name in enumerate(rows.class_names):
            its = values[usable & (rows.classes == index)]
            threshold = _within(own_bounds.get(name), threshold_of(own, its))
            classes[class_name] = ClassThreshold(count=len(its), threshold=threshold)
        scores[name] = ScoreThresholds(alpha=float(own), classes=classes)
    recall = {}
    for index, class_name in enumerate(rows.class_names):
        right = rows.is_right[rows.classes == index]
        recall[class_name] = Recall(
            count=len(right), recall=float(right.mean()) if len(right) else None
        )
    used = rows.classes >= 0
    bounds = {}
    for name in rows.scores:
        pair = None if name in own_bounds else bounds_of(rows.scores[name][used])
        if pair is not None:
            # Of a class that is hard, the threshold may be above nearly all rows of the others.
            bounds[name] = pair[0], max([pair[1], *_thresholds(scores.get(name))])
    return Findings(scores, recall, bounds)


def calibrate_privately(
    rows: CleanRows,
    wanted: Sequence[str],
    alpha: Fraction,
    queries: PrivateQueries,
    own_bounds: Mapping[str, float | None] = _NONE,
) -> Findings:
    """Find thresholds, recall and bounds of clean rows by queries of which each is private.

    The upper bound of a score is the largest of its thresholds: that asks nothing more of the rows.

    Parameters
    ----------
    rows : CleanRows
        All of them.
    wanted : sequence of str
        The scores that get thresholds.
    alpha : Fraction
        Of all together.
    queries : PrivateQueries
        What may be asked.
    own_bounds : mapping
        As `calibrate_as_they_are` takes it.
    """
    own = alpha / len(wanted)
    counts = queries.counts(rows.classes, rows.is_right, len(rows.class_names))
    names = list(enumerate(rows.class_names))
    scores, bounds = {}, {}
    for name in wanted:
        thresholds = queries.thresholds(name, rows.scores[name], rows.classes, counts, own)
        classes = {
            class_name: ClassThreshold(
                count=counts.of(index), threshold=_within(own_bounds.get(name), thresholds[index])
            )
            for index, class_name in names
        }
        scores[name] = ScoreThresholds(alpha=float(own), classes=classes)
        known = _thresholds(scores[name])
        if known and name not in own_bounds:
            bounds[name] = 0.0, max(known)
    recall = {
        class_name: Recall(count=counts.of(index), recall=counts.recall(index))
        for index, class_name in names
    }
    return Findings(scores, recall, bounds)


def _within(bound: float | None, threshold: float | None) -> float | None:
    """Return a threshold that is not above the score's own bound, where every record is kept, too."""
    return threshold if bound is None or threshold is None else min(threshold, bound)


def _thresholds(by_class: ScoreThresholds | None) -> list[float]:
    """Return the thresholds of the classes that have one."""
    classes = [] if by_class is None else by_class.classes.values()
    return [each.threshold for each in classes if each.threshold is not None]
