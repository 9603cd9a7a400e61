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
    sentence = N_(
        "High: one step of training on it goes where the consortium's records of its class go."
    )
    known = N_("In our tests picking by it never helped materially.")
    needs = ("calibration.directions", "max_grad_norm")
    is_signed = True
    quantities = frozenset({Quantity.NORM, Quantity.CLASS_PRODUCT})
    obstacles: ClassVar[Mapping[TaskName, str]] = {
        "multi_label": N_(
            "It goes by the direction of the record's class, and a record may have several."
        ),
        "regression": N_(
            "It goes by the direction of the record's class, and the model predicts a number."
        ),
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
