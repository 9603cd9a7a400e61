"""The clipped gradient norm: what training with differential privacy sees of a record."""

from typing import TYPE_CHECKING

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor

    from dataselect_gui.checkpoints.request import Request


class ClippedNorm(ModelScore):
    """min(‖g‖₂, C), with the clip norm C of the consortium's request: bounded by it."""

    base = "clipped_norm"
    short_name = N_("clipped norm")
    meaning = N_("that norm, at most the consortium's clip norm: what its training sees")
    definition = "min(‖g‖₂, C)"
    sentence = N_(
        "High: learning it would change the model as much as the consortium's training allows."
    )
    needs = ("max_grad_norm",)
    bounded_by = "max_grad_norm"
    quantities = frozenset({Quantity.NORM})

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the unclipped norm."""
        return measured[Quantity.NORM]

    def value(self, part: "Tensor", request: "Request") -> "Tensor":
        """See `ModelScore.value`."""
        assert request.max_grad_norm is not None  # The score needs it.
        return part.clamp(max=float(request.max_grad_norm))
