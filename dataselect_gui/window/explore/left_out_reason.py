"""Why a rule of conditions leaves out a record, in sentences for the owner alone."""

import math

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.explore.scores import short
from dataselect_gui.workflow import Bound, ByClass, Condition, Look, RecordRule, bounds_of, spoken_name

_MOST_NAME = 60
_BELOW = (
    N_("Left out: {score} {value}, below {bound}"),
    N_("Left out: {score} {value}, below {bound} for {name}"),
)
_ABOVE = (
    N_("Left out: {score} {value}, above {bound}"),
    N_("Left out: {score} {value}, above {bound} for {name}"),
)


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
        least, most = (float(each[0]) for each in bounds_of(condition, 1, [name]))
        if not math.isfinite(value) or math.isnan(least) or math.isnan(most):
            if condition.otherwise == "leave":
                sentences.append(_unknown(condition.score, value))
        elif value < least:
            sentences.append(_beyond(_BELOW, condition, condition.least, value, least, name))
        elif value > most:
            sentences.append(_beyond(_ABOVE, condition, condition.most, value, most, name))
    return sentences


def _unknown(score: str, value: float) -> str:
    if not math.isfinite(value):
        return _("Left out: there is no number for its {score}", score=spoken_name(score))
    return _("Left out: there is no limit of the {score} for its class", score=spoken_name(score))


def _beyond(
    sentences: tuple[str, str],
    condition: Condition,
    stated: Bound | None,
    value: float,
    bound: float,
    name: str | None,
) -> str:
    """Say which bound a record's score is beyond, and of which class it is where each has its own."""
    of_all, of_class = sentences
    here, there = _apart(value, bound)
    if name is None or not isinstance(stated, ByClass):
        return _(of_all, score=spoken_name(condition.score), value=here, bound=there)
    shown = visible(name, _MOST_NAME)
    return _(of_class, score=spoken_name(condition.score), value=here, bound=there, name=shown)


def _apart(value: float, bound: float) -> tuple[str, str]:
    """Write two numbers to few digits, or to as many as it takes to tell them apart."""
    first, second = short(value), short(bound)
    digits = 4
    while first == second and digits <= 17:
        first, second, digits = f"{value:.{digits}g}", f"{bound:.{digits}g}", digits + 1
    return first, second
