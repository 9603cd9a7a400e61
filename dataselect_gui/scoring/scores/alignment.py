"""Alignment with a direction of the consortium (Pruthi et al. 2020, arXiv 2002.08484).

The inner product is the derivative of the loss along the direction: to first order, the influence of a
training step on the record, or of the record on what the direction stands for.
"""

from typing import TYPE_CHECKING

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor


class Alignment(ModelScore):
    """⟨g, v⟩, for example with v the consortium's validation gradient."""

    base = "alignment"
    short_name = N_("alignment")
    meaning = N_("inner product of the gradient and the consortium's direction (arXiv 2002.08484)")
    definition = "⟨g, v⟩"
    sentence = N_("High: learning it moves the model the way that the consortium asks for.")
    known = N_("In our tests, picking by it never clearly helped.")
    needs = ("direction",)
    is_signed = True
    quantities = frozenset({Quantity.PRODUCT})

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the product itself."""
        return measured[Quantity.PRODUCT]
