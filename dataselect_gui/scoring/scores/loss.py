"""The cross-entropy of the given label."""

from typing import TYPE_CHECKING

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor


class Loss(ModelScore):
    """ℓ, the loss that the consortium trains with."""

    base = "loss"
    short_name = N_("loss")
    meaning = N_("cross-entropy of the given label")
    definition = "ℓ"
    sentence = N_("High: the model finds the given label unlikely.")
    colour = "#5D246B"
    quantities = frozenset({Quantity.LOGITS, Quantity.TARGETS})

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the loss itself."""
        from dataselect_gui.norms.cross_entropy import cross_entropy

        return cross_entropy(measured[Quantity.LOGITS], measured[Quantity.TARGETS])
