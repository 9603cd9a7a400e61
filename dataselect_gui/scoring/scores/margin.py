"""The margin: how far the given label's logit is above the largest other one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor


class Margin(ModelScore):
    """f_y − max over c ≠ y of f_c; of one logit f for two classes, f or −f."""

    base = "margin"
    short_name = N_("margin")
    meaning = N_("logit of the given label above the largest other one")
    definition = "f_y − max_{c ≠ y} f_c"
    sentence = N_("High: the model is sure of this label. Below 0: it prefers another one.")
    is_signed = True
    quantities = frozenset({Quantity.MARGIN})
    obstacles: ClassVar[Mapping[TaskName, str]] = {
        "multi_label": N_("It needs one class for each record, and here a record may have several."),
        "regression": N_("It needs a class for each record, and this model predicts a number."),
    }

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the margin itself."""
        return measured[Quantity.MARGIN]
