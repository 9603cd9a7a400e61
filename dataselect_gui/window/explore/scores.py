"""Scores as text: their meaning in plain language, and their values."""

import math

from dataselect_gui.texts import _
from dataselect_gui.workflow import Look, find_score


def meaning_of(name: str) -> str:
    """Return what a score means, in a sentence without a term of the field; see `Score.meaning`."""
    return _(find_score(name).sentence)


def model_says(look: Look, row: int) -> str | None:
    """Return whether the model's answer is the given label, by its margin; None without one."""
    margins = look.scores.get("margin")
    if margins is None or math.isnan(margins[row]):
        return None
    if margins[row] > 0:
        return _("The model's answer is this label.")
    return _("The model's answer is another one.")


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
