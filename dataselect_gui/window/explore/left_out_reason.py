"""Why a rule of conditions leaves out a record, in sentences for the owner alone."""

import math
from decimal import Decimal

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.explore.scores import short
from dataselect_gui.workflow import Bound, Look, RecordRule

_MOST_NAME = 60


def left_out_reasons(look: Look, rule: RecordRule, row: int) -> list[str]:
    """Return a sentence for each condition that a record does not fulfil.

    Parameters
    ----------
    look : Look
        The project.
    rule : RecordRule
        Its rule.
    row : int
        The record's place in the source.
    """
    name = None if look.classes is None else look.classes[row]
    sentences = []
    for condition in rule.conditions:
        if condition.score not in look.scores:
            continue
        value = float(look.scores[condition.score][row])
        bounds = [_of_class(bound, name) for bound in (condition.least, condition.most)]
        if not math.isfinite(value) or any(bound is not None and math.isnan(bound) for bound in bounds):
            if condition.otherwise == "leave":
                sentences.append(_unknown(condition.score, value))
            continue
        least, most = bounds
        if least is not None and value < least:
            by_class = not isinstance(condition.least, Decimal)
            sentences.append(_below(condition.score, value, least, name if by_class else None))
        elif most is not None and value > most:
            by_class = not isinstance(condition.most, Decimal)
            sentences.append(_above(condition.score, value, most, name if by_class else None))
    return sentences


def _of_class(bound: Bound | None, name: str | None) -> float | None:
    """Return the bound of a class: NaN where it has none, None where there is no bound at all."""
    if bound is None or isinstance(bound, Decimal):
        return None if bound is None else float(bound)
    table = {each: float(number) for each, number in bound.numbers}
    return math.nan if name is None else table.get(name, math.nan)


def _unknown(score: str, value: float) -> str:
    if not math.isfinite(value):
        return _("Left out: {score} is no finite number", score=score)
    return _("Left out: {score} has no threshold for its class", score=score)


def _below(score: str, value: float, least: float, name: str | None) -> str:
    here, there = _apart(value, least)
    if name is None:
        return _("Left out: {score} {value}, below {bound}", score=score, value=here, bound=there)
    return _(
        "Left out: {score} {value}, below {bound} for {name}",
        score=score,
        value=here,
        bound=there,
        name=visible(name, _MOST_NAME),
    )


def _above(score: str, value: float, most: float, name: str | None) -> str:
    here, there = _apart(value, most)
    if name is None:
        return _("Left out: {score} {value}, above {bound}", score=score, value=here, bound=there)
    return _(
        "Left out: {score} {value}, above {bound} for {name}",
        score=score,
        value=here,
        bound=there,
        name=visible(name, _MOST_NAME),
    )


def _apart(value: float, bound: float) -> tuple[str, str]:
    """Write two numbers to few digits, or to as many as it takes to tell them apart."""
    first, second = short(value), short(bound)
    digits = 4
    while first == second and digits <= 17:
        first, second, digits = f"{value:.{digits}g}", f"{bound:.{digits}g}", digits + 1
    return first, second
