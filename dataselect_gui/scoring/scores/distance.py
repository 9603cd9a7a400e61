"""How far a record's features are from what is usual for its class (Lee et al. 2018, arXiv 1807.03888).

Means and covariance are those of the consortium's calibration, and so is the shrinkage: nothing is
estimated from the owner's records.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor


class Distance(ModelScore):
    """√((h − μ_y)ᵀ Σ_λ⁻¹ (h − μ_y)), h the input of the last linear layer."""

    base = "distance"
    short_name = N_("distance")
    meaning = N_(
        "Mahalanobis distance of the last features from the class's mean, by the consortium's "
        "calibration (arXiv 1807.03888)"
    )
    definition = "√((h − μ_y)ᵀ Σ_λ⁻¹ (h − μ_y)), Σ_λ = (1 − λ) Σ + λ tr(Σ)/d · I"
    sentence = N_("High: to the model, this looks unlike the consortium's records of the same class.")
    known = N_(
        "Together with the loss, it helps to leave out pictures that do not belong. Nothing "
        "speaks for picking the highest."
    )
    needs = ("calibration.features",)
    quantities = frozenset({Quantity.CLASS_DISTANCE})
    obstacles: ClassVar[Mapping[TaskName, str]] = {
        "multi_label": N_("It needs one class for each record, and here a record may have several."),
        "regression": N_("It needs a class for each record, and this model predicts a number."),
    }

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the distance itself."""
        return measured[Quantity.CLASS_DISTANCE]
