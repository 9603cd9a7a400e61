"""EL2N: how far the prediction is from the given label (Paul et al. 2021, arXiv 2107.07075)."""

from typing import TYPE_CHECKING

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor

SQRT_2_UPWARDS = "1.4142135624"


class El2n(ModelScore):
    """‖softmax(f) − onehot(y)‖₂."""

    base = "el2n"
    short_name = N_("EL2N")
    meaning = N_("distance of the prediction from the given label (arXiv 2107.07075)")
    definition = "‖softmax(f) − onehot(y)‖₂"
    sentence = N_("High: the model's answer is far from the given label.")
    colour = "#298EE0"
    quantities = frozenset({Quantity.LOGITS, Quantity.TARGETS})
    own_bounds = "0", SQRT_2_UPWARDS

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the distance itself."""
        return el2n(measured[Quantity.LOGITS], measured[Quantity.TARGETS])


def el2n(logits: "Tensor", targets: "Tensor") -> "Tensor":
    """Return ‖softmax − onehot‖₂ in float64, shape (batch,).

    Parameters
    ----------
    logits : Tensor
        Shape (batch, classes).
    targets : Tensor
        Class indices, shape (batch,).
    """
    import torch

    from dataselect_gui.norms.cross_entropy import logit_gradients

    distances: Tensor = torch.linalg.vector_norm(logit_gradients(logits, targets), dim=1)
    return distances
