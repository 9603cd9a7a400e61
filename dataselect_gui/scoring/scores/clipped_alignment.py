"""What a record adds to one step of the consortium's training along its class's direction.

To first order, with the gradient clipped as DP-SGD clips it; after Pruthi et al. 2020 (arXiv
2002.08484).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor

    from dataselect_gui.checkpoints.request import Request


class ClippedAlignment(ModelScore):
    """min(1, C/‖g‖)·⟨g, v_y⟩/‖v_y‖: it lies between −C and C."""

    base = "clipped_alignment"
    short_name = N_("clipped alignment")
    meaning = N_("length of the clipped gradient along the direction of the record's class")
    definition = "min(1, C/‖g‖₂)·⟨g, v_y⟩/‖v_y‖₂"
    sentence = N_("High: learning it moves the model as the consortium's own records of this class do.")
    known = N_("In our tests, picking by it never clearly helped.")
    needs = ("calibration.directions", "max_grad_norm")
    is_signed = True
    quantities = frozenset({Quantity.NORM, Quantity.CLASS_PRODUCT})
    obstacles: ClassVar[Mapping[TaskName, str]] = {
        "multi_label": N_("It needs one class for each record, and here a record may have several."),
        "regression": N_("It needs a class for each record, and this model predicts a number."),
    }

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the norm and the product, shape (batch, 2)."""
        import torch

        return torch.stack([measured[Quantity.NORM], measured[Quantity.CLASS_PRODUCT]], dim=1)

    def value(self, part: "Tensor", request: "Request") -> "Tensor":
        """See `ModelScore.value`."""
        assert request.max_grad_norm is not None  # The score needs it.
        norms, products = part.unbind(dim=1)
        # Where the gradient vanishes, so does the product.
        return products * (float(request.max_grad_norm) / norms).clamp(max=1.0)
