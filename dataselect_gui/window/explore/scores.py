"""Scores as text: their meaning in plain language, and their values."""

import math

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.workflow import NOT_KEPT, Look, ScoreCut, find_score

_MOST_ANSWER = 300
"""Characters of an answer that are shown."""


def meaning_of(name: str) -> str:
    """Return what a score means, in a sentence without a term of the field; see `Score.meaning`."""
    return _(find_score(name).sentence)


def typed_name(name: str) -> str:
    """Say what a score is called where it is typed."""
    return _("In the search field: {name}.", name=name)


def model_says(look: Look, row: int) -> str | None:
    """Return what the model answers for a record, and how sure it is; None where nothing is known."""
    if look.answers is None:
        has_answers = any(find_score(name).needs_model for name in look.scores)
        return _(NOT_KEPT) if has_answers else None
    answer = look.answers.full(row)
    if answer is None:
        return None
    return _("The model answers: {answer}", answer=visible(answer, _MOST_ANSWER))


def disagrees(look: Look, row: int) -> bool:
    """Say whether the model answers something else than the label of a record."""
    return look.answers is not None and look.answers.differs(row)


def cut_shown(rule: ScoreCut | None, threshold: float) -> str:
    """Return a cut-off as it is shown everywhere: as it was set, or where a number of records ends."""
    is_set = rule is None or rule.by == "threshold"
    return f"{threshold:.6g}" if is_set else short(threshold)


def short(value: float) -> str:
    """Return a score to three digits."""
    if math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -4 <= size < 6:
        return f"{value:.2e}"
    return f"{value:.{max(0, 2 - size)}f}"
