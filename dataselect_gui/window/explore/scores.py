"""Scores for a person: what they mean to whoever never heard their names, and how they are written."""

import math

from dataselect_gui.texts import _
from dataselect_gui.workflow import find_score


def meaning_of(name: str) -> str:
    """Return what a score means, in a sentence without a term of the field; see `Score.meaning`."""
    return _(find_score(name).sentence)


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
