"""The loss at the final checkpoint minus that at a reference state.

With an early state of the same training as reference it is negative for what was learnt since; with a
model that saw other, clean records it is the reducible holdout loss of Mindermann et al. 2022
(arXiv 2206.07137).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor

    from dataselect_gui.checkpoints.request import Request


class ReducibleLoss(ModelScore):
    """ℓ(x, y; θ) − ℓ(x, y; θ_ref)."""

    base = "reducible_loss"
    short_name = N_("reducible loss")
    meaning = N_("loss beyond that at the consortium's reference state (arXiv 2206.07137)")
    definition = "ℓ(x, y; θ) − ℓ(x, y; θ_ref)"
    sentence = N_(
        "High: the consortium's reference model finds this record easier than the checkpoint does."
    )
    needs = ("reference",)
    reads_reference = True
    is_signed = True
    quantities = frozenset({Quantity.LOSS})

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the loss."""
        return measured[Quantity.LOSS]

    def values(self, parts: Sequence["Tensor"], request: "Request") -> "Tensor":
        """See `ModelScore.values`: of the final checkpoint and of the reference."""
        del request
        final, reference = parts
        return final - reference
