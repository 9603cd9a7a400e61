"""The rule that picks records: a threshold, a count or a fraction of one score."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Cut: TypeAlias = Literal["threshold", "count", "fraction"]


def is_cut(by: Cut, value: Decimal) -> bool:
    """Say whether a rule can have this value: a count from 1 on, a fraction above 0 and at most 1."""
    return by == "threshold" or (value >= 1 if by == "count" else 0 < value <= 1)


@dataclass(frozen=True)
class Rule:
    """One score and where to cut.

    Attributes
    ----------
    score : str
        The score that decides.
    by : str
        ``"threshold"``, ``"count"`` or ``"fraction"``.
    value : Decimal
        The threshold, the number of records, or the share of the eligible ones.
    lowest : bool
        Take the lowest scores instead of the highest.
    """

    score: str
    by: Cut
    value: Decimal
    lowest: bool = False

    def count(self, eligible: int) -> int | None:
        """Return how many of so many eligible records it picks; None where it goes by a threshold.

        Of a fraction F that is ⌊F·n + ½⌋.
        """
        if self.by == "threshold":
            return None
        if self.by == "count":
            return int(self.value)
        return int((self.value * eligible + Decimal("0.5")).to_integral_value(ROUND_FLOOR))


@dataclass(frozen=True)
class Selection:
    """What a rule picks.

    Attributes
    ----------
    chosen : ndarray of bool
        Shape (n,).
    threshold : float or None
        The score at the cut; None where nothing is chosen by count.
    """

    chosen: NDArray[np.bool_]
    threshold: float | None


def select(rule: Rule, scores: NDArray[np.float64], eligible: NDArray[np.bool_]) -> Selection:
    """Apply a rule.

    Parameters
    ----------
    rule : Rule
        The owner's.
    scores : ndarray
        The rule's score per record in the source's order, shape (n,); NaN where there is none.
    eligible : ndarray of bool
        Which records may be considered, shape (n,).

    Returns
    -------
    Selection
        Records without the score are never chosen. K is ⌊F·n + ½⌋ of the n eligible records; equal
        scores are taken in the source's order.
    """
    candidates = eligible & ~np.isnan(scores)
    count = rule.count(int(eligible.sum()))
    if count is None:
        cut = float(rule.value)
        beyond = scores <= cut if rule.lowest else scores >= cut
        return Selection(candidates & beyond, cut)
    keys = np.where(candidates, scores if rule.lowest else -scores, np.inf)
    order = np.argsort(keys, kind="stable")[: min(count, int(candidates.sum()))]
    chosen = np.zeros(len(scores), dtype=bool)
    chosen[order] = True
    return Selection(chosen, float(scores[order[-1]]) if len(order) else None)
