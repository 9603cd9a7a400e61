"""The gradient norm, GraNd (Paul et al. 2021, arXiv 2107.07075).

At initialisation it carries no signal (Kirsch 2023, arXiv 2303.14753).
"""

from typing import TYPE_CHECKING

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor


class GradNorm(ModelScore):
    """‖g‖₂."""

    base = "grad_norm"
    short_name = N_("gradient norm")
    meaning = N_("L2 norm of the gradient over all trainable parameters (arXiv 2107.07075)")
    definition = "‖g‖₂"
    sentence = N_("High: learning this record would change the model a lot.")
    colour = "#778A2E"
    quantities = frozenset({Quantity.NORM})

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the norm itself."""
        return measured[Quantity.NORM]
