"""The loss of the given label."""

from typing import TYPE_CHECKING

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor


class Loss(ModelScore):
    """ℓ, the loss that the consortium trains with."""

    base = "loss"
    short_name = N_("loss")
    meaning = N_("loss of the given label: cross-entropy, or the squared error of a number")
    definition = "ℓ"
    sentence = N_(
        "High: the model did not expect this label. The label may be wrong, or the record unusual."
    )
    known = N_(
        "Leaving out the highest of each class helps where labels are wrong or pictures do "
        "not belong. Nothing speaks for picking the highest."
    )
    colour = "#5D246B"
    quantities = frozenset({Quantity.LOSS})

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the loss itself."""
        return measured[Quantity.LOSS]
