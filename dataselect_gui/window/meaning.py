"""What scores mean, for whoever never heard their names; `Score.meaning` has the definitions."""

from dataselect_gui.workflow import find_score

_MEANINGS = {
    "loss": "High: the model finds the given label unlikely.",
    "el2n": "High: the model's answer is far from the given label.",
    "grad_norm": "High: training on the record would change the model much.",
    "clipped_norm": "High: training on the record would change the model as much as one record may.",
    "privacy_loss": "High: the consortium's training would reveal more about the record.",
    "vog": "High: a small change of the record changes the model's answer differently from one "
    "training state to the next.",
    "plis": "High: a small change of the record changes how strongly it would pull at the model in "
    "training.",
    "alignment": "High: training on the record would move the model where the consortium wants it.",
    "random": "Chance alone: what the other scores are compared with.",
}


def meaning_of(name: str) -> str:
    """Return what a score of some name means, in one sentence without a term of the field."""
    return _MEANINGS[find_score(name).base]
