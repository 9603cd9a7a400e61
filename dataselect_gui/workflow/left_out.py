"""What leaving out records that look wrong comes to: figures for the owner alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.selection.rules import RecordRule
from dataselect_gui.texts import _
from dataselect_gui.workflow.calibrated_rules import calibrated_alpha, calibrated_rule
from dataselect_gui.workflow.looking import Look

LEVEL = 0.95
"""Of the intervals."""


@dataclass(frozen=True)
class LeftOutShare:
    """How many records a rule leaves out, with an interval.

    Attributes
    ----------
    name : str or None
        Their class; None for all of them, or for those without a label.
    left_out, records : int
        How many of how many.
    low, high : float
        The exact binomial interval of the share (Clopper and Pearson 1934), each record by itself.
    """

    name: str | None
    left_out: int
    records: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share that is left out."""
        return self.left_out / self.records if self.records else 0.0


@dataclass(frozen=True)
class LeftOutFigures:
    """What is left out of a project's eligible records.

    Attributes
    ----------
    alpha : Decimal
        At most so large a share would be left out of clean records, averaged over calibrations.
    total : LeftOutShare
        Of all records.
    by_class : sequence of LeftOutShare
        Of each class, those with the largest share first.
    rows : ndarray of int64
        The records, the worst first: by their loss, or by the rule's first score.
    score : str
        The score that they are sorted by.
    """

    alpha: Decimal
    total: LeftOutShare
    by_class: Sequence[LeftOutShare]
    rows: NDArray[np.int64]
    score: str


def wrong_rule_of(look: Look) -> RecordRule | None:
    """Return the rule that says which records look wrong: the decision's, or the request's.

    Returns
    -------
    RecordRule or None
        None where there is none, or it cannot be applied: classes or scores that it reads are missing.
    """
    decided = None if look.decision is None else look.decision.rule
    rule = calibrated_rule(look.request) if decided is None else decided
    if rule is None or look.classes is None or not set(rule.scores) <= set(look.scores):
        return None
    return rule


def left_out_figures(look: Look, eligible: NDArray[np.bool_]) -> LeftOutFigures | None:
    """Return what the calibration's rule leaves out, whatever is selected; None where that is unknown.

    Parameters
    ----------
    look : Look
        The project.
    eligible : ndarray of bool
        The records that may take part, shape (n,).
    """
    rule = wrong_rule_of(look)
    if rule is None or look.classes is None:
        return None
    decided = None if look.decision is None else look.decision.alpha
    wrong = eligible & ~look.picked_by(rule, eligible).chosen
    shares = _by_class(look.classes, eligible, wrong)
    score = "loss" if "loss" in rule.scores else rule.scores[0]
    rows = np.flatnonzero(wrong)
    return LeftOutFigures(
        alpha=calibrated_alpha(look.request) if decided is None else decided,
        total=_share(None, int(wrong.sum()), int(eligible.sum())),
        by_class=shares,
        rows=rows[np.argsort(-look.scores[score][rows], kind="stable")],
        score=score,
    )


def left_out_total(figures: LeftOutFigures) -> str:
    """Return in words how many look wrong, beside what clean records would come to."""
    total = figures.total
    return _(
        "{left_out:,} of the {records:,} records that may leave look wrong: {share} in 100 "
        "({range}). Of clean records, at most {alpha} in 100 would, averaged over calibrations.",
        left_out=total.left_out,
        records=total.records,
        share=_hundredths(total.share),
        range=_range(total),
        alpha=_hundredths(float(figures.alpha)),
    )


def left_out_share(share: LeftOutShare) -> str:
    """Return one share in words, with its interval."""
    return _(
        "{left_out:,} of {records:,}, {share} in 100 ({range})",
        left_out=share.left_out,
        records=share.records,
        share=_hundredths(share.share),
        range=_range(share),
    )


def _by_class(
    classes: Sequence[str | None], eligible: NDArray[np.bool_], wrong: NDArray[np.bool_]
) -> list[LeftOutShare]:
    """Return the share of each class that has eligible records, the largest first."""
    coded = CodedClasses.of(classes)
    records, left_out = (
        np.bincount(coded.codes[rows], minlength=len(coded.names) + 1).tolist()
        for rows in (eligible, wrong)
    )
    shares = [
        _share(name, left_out[number], records[number])
        for name, number in sorted((name, number) for number, name in enumerate(coded.names))
        if records[number]
    ]
    return sorted(shares, key=lambda each: -each.share)


def _share(name: str | None, left_out: int, records: int) -> LeftOutShare:
    from scipy.special import betaincinv

    tail, kept = (1 - LEVEL) / 2, records - left_out
    low = float(betaincinv(left_out, kept + 1, tail)) if left_out else 0.0
    high = float(betaincinv(left_out + 1, kept, 1 - tail)) if kept else 1.0
    return LeftOutShare(name, left_out, records, low, high)


def _range(share: LeftOutShare) -> str:
    return _("95 % range {low} to {high}", low=_hundredths(share.low), high=_hundredths(share.high))


def _hundredths(share: float) -> str:
    return f"{100 * share:.1f}"
