"""Apply a rule: pure functions over the scores and the classes of records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.amounts import COIN_PLACES
from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.selection.rules import (
    Bound,
    Condition,
    Everything,
    Keep,
    KeepByClass,
    KeepByScore,
    RecordRule,
    Rule,
    ScoreCut,
)

Scores: TypeAlias = Mapping[str, NDArray[np.float64]]
"""Score → its values in the source's order, each of shape (n,); NaN where there is none."""
Classes: TypeAlias = Sequence[str | None]
"""The class of each record in the consortium's spelling; None for a record without a label.

`CodedClasses` are looked up fastest."""


@dataclass(frozen=True)
class Selection:
    """What a rule picks.

    Attributes
    ----------
    chosen : ndarray of bool
        The records that it picks or, where it keeps them with a probability, may pick. Shape (n,).
    threshold : float or None
        The score at the cut; None where nothing is chosen by count, or a rule is no cut.
    keep : ndarray of int64 or None
        The step of its coin below which each record is kept, of 10^18 in all, see `draw_coins`;
        shape (n,). None where every chosen record is kept.
    """

    chosen: NDArray[np.bool_]
    threshold: float | None
    keep: NDArray[np.int64] | None = None


def select(
    rule: Rule, scores: Scores, eligible: NDArray[np.bool_], classes: Classes | None = None
) -> Selection:
    """Apply a rule.

    Parameters
    ----------
    rule : Rule
        The owner's.
    scores : mapping
        The scores that the rule reads.
    eligible : ndarray of bool
        Which records may be considered, shape (n,).
    classes : sequence of str or None
        The class of each record; None where the rule does not read it.

    Returns
    -------
    Selection
        By a cut, records without the score are never chosen; K is ⌊F·n + ½⌋ of the n eligible records,
        and equal scores are taken in the source's order.
    """
    match rule:
        case ScoreCut():
            return _cut(rule, scores[rule.score], eligible)
        case RecordRule():
            return _fulfilling(rule, scores, eligible, classes)
        case Everything():
            return Selection(eligible.copy(), None)
        case _:
            assert_never(rule)


def _cut(rule: ScoreCut, scores: NDArray[np.float64], eligible: NDArray[np.bool_]) -> Selection:
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


def _fulfilling(
    rule: RecordRule, scores: Scores, eligible: NDArray[np.bool_], classes: Classes | None
) -> Selection:
    chosen = eligible.copy()
    classes = None if classes is None else CodedClasses.of(classes)
    for condition in rule.conditions:
        chosen &= _holds(condition, scores[condition.score], classes)
    if rule.keep is None:
        return Selection(chosen, None)
    keep = _keep(rule.keep, scores, classes)
    return Selection(chosen & (keep > 0), None, keep)


def _holds(
    condition: Condition, values: NDArray[np.float64], classes: Classes | None
) -> NDArray[np.bool_]:
    """Return for which records a condition holds, shape (n,)."""
    least, most = bounds_of(condition, len(values), classes)
    is_known = np.isfinite(values) & ~np.isnan(least) & ~np.isnan(most)
    return np.where(is_known, (least <= values) & (values <= most), condition.otherwise == "keep")


def bounds_of(
    condition: Condition, count: int, classes: Classes | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the most that a condition allows each record, both of shape (n,).

    Parameters
    ----------
    condition : Condition
        The condition.
    count : int
        n.
    classes : sequence of str or None
        The class of each record; None where the condition does not read it.

    Returns
    -------
    least, most : ndarray of float64
        Infinite where there is no such bound, NaN where the record's class has none.
    """
    return (
        _bound(condition.least, -np.inf, count, classes),
        _bound(condition.most, np.inf, count, classes),
    )


def _bound(
    bound: Bound | None, unbounded: float, count: int, classes: Classes | None
) -> NDArray[np.float64]:
    """Return the bound of each record, shape (n,); NaN where its class has none."""
    if bound is None:
        return np.full(count, unbounded)
    if isinstance(bound, Decimal):
        return np.full(count, float(bound))
    assert classes is not None
    table = {name: np.float64(number) for name, number in bound.numbers}
    return CodedClasses.of(classes).look_up(table, np.float64(np.nan))


def _keep(keep: Keep, scores: Scores, classes: Classes | None) -> NDArray[np.int64]:
    """Return the step of its coin below which each record is kept, shape (n,)."""
    match keep:
        case KeepByClass():
            assert classes is not None
            table = {name: np.int64(_steps(chance)) for name, chance in keep.probabilities.numbers}
            return CodedClasses.of(classes).look_up(table, np.int64(_steps(keep.otherwise)))
        case KeepByScore():
            values = scores[keep.score]
            steps = np.array([*map(_steps, keep.probabilities), _steps(keep.otherwise)], dtype=np.int64)
            bins = np.searchsorted(np.array(keep.edges, dtype=np.float64), values, side="right")
            return steps[np.where(np.isfinite(values), bins, len(steps) - 1)]
        case _:
            assert_never(keep)


def _steps(probability: Decimal) -> int:
    return int(probability.scaleb(COIN_PLACES))
