"""EL2N: how far the prediction is from the given label (Paul et al. 2021, arXiv 2107.07075)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor

SQRT_2_UPWARDS = "1.4142135624"


class El2n(ModelScore):
    """‖softmax(f) − onehot(y)‖₂; for sigmoids see `tasks`."""

    base = "el2n"
    short_name = N_("EL2N")
    meaning = N_("distance of the prediction from the given label (arXiv 2107.07075)")
    definition = "‖softmax(f) − onehot(y)‖₂"
    sentence = N_("High: the model's answer is far from this label.")
    known = N_("In our tests, a random pick of the same size nearly always trained a better model.")
    colour = "#298EE0"
    quantities = frozenset({Quantity.DISTANCE})
    own_bounds = "0", SQRT_2_UPWARDS
    obstacles: ClassVar[Mapping[TaskName, str]] = {
        "regression": N_("It needs a class for each record, and this model predicts a number.")
    }
    unbounded = ("multi_label",)  # With k classes it reaches √k.

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the distance itself."""
        return measured[Quantity.DISTANCE]
