"""Numbers to predict: the squared error, summed over the outputs.

Without a factor of ½ and never averaged; in the square of the label's unit, as the model predicts it.
"""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.tasks.names import TaskName
from dataselect_gui.tasks.task import OfNumbers, Targets
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor


class Regression(OfNumbers):
    """A record's label is a number for each output."""

    name: ClassVar[TaskName] = "regression"
    meaning = N_("a number for each record")
    loss = "‖f − y‖₂²"
    distance = ""
    has_right_answers = False

    def made_up(self, records: int, outputs: int) -> Targets:
        """See `Task`: numbers in [−1, 1]."""
        return np.cos(np.add.outer(np.arange(records), np.arange(outputs), dtype=np.float64))

    def is_labelled(self, targets: Targets) -> NDArray[np.bool_]:
        """See `Task`."""
        return np.asarray(~np.isnan(targets).any(axis=1))

    def losses(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`."""
        errors = (logits.double() - targets).where(~targets.isnan(), 0.0)
        losses: Tensor = errors.square().sum(dim=1)
        return losses

    def logit_gradients(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: 2 (f − y)."""
        return 2 * (logits.double() - targets).where(~targets.isnan(), 0.0)

    def distances(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: none, since EL2N compares probabilities."""
        del logits, targets
        raise ValueError("EL2N is not defined for regression")

    def watched(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: the prediction; of several numbers, their sum."""
        import torch

        del targets
        return torch.ones_like(logits)

    def answers(self, logits: "Tensor") -> "tuple[Tensor, Tensor]":
        """See `Task`: the numbers as the model predicts them, in the label's unit."""
        import torch

        outputs = torch.arange(logits.shape[1], device=logits.device)
        return outputs.expand(logits.shape), logits.double()

    def agrees(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: a number that was measured is never hit."""
        del logits, targets
        raise ValueError("two numbers do not agree or disagree")


REGRESSION = Regression()
