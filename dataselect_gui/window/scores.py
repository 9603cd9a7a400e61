"""Scores for a person: what they mean to whoever never heard their names, and how they are written."""

import math

from dataselect_gui.workflow import find_score

_MEANINGS = {
    "loss": "High: the model finds the given label unlikely.",
    "el2n": "High: the model's answer is far from the given label.",
    "grad_norm": "High: training on it would change the model much.",
    "clipped_norm": "High: training on it changes the model as much as allowed.",
    "privacy_loss": "High: the consortium's training would reveal more about it.",
    "vog": "High: what sways the model's answer changed in training.",
    "plis": "High: small changes of it change how much the model learns.",
    "alignment": "High: training on it moves the model as the consortium asks.",
    "random": "Chance alone: what the other scores are compared with.",
}


def meaning_of(name: str) -> str:
    """Return what a score means, in a sentence without a term of the field; see `Score.meaning`."""
    return _MEANINGS[find_score(name).base]


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
