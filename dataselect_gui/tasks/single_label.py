"""One class of several for each record: softmax and cross-entropy."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.tasks.names import TaskName
from dataselect_gui.tasks.task import OfClasses, Targets
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor


class SingleLabel(OfClasses):
    """A record belongs to one of the classes."""

    name: ClassVar[TaskName] = "single_label"
    meaning = N_("one class for each record")
    loss = "−log softmax(f)_y"
    distance = "‖softmax(f) − onehot(y)‖₂"

    def made_up(self, records: int, outputs: int) -> Targets:
        """See `Task`: the classes in turn."""
        return np.arange(records, dtype=np.int64) % outputs

    def fits(self, targets: Targets, outputs: int) -> NDArray[np.bool_]:
        """See `Task`."""
        return np.asarray(targets < outputs)

    def takes_outputs(self, outputs: int, classes: int) -> bool:
        """See `Task`. Softmax of one number is always 1, whatever the model learnt."""
        return outputs > 1 and classes in {0, outputs}

    def losses(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`."""
        from dataselect_gui.norms.cross_entropy import cross_entropy

        return cross_entropy(logits, targets.clamp(min=0))

    def logit_gradients(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: softmax − onehot."""
        from dataselect_gui.norms.cross_entropy import logit_gradients

        return logit_gradients(logits, targets.clamp(min=0))

    def distances(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`."""
        import torch

        distances: Tensor = torch.linalg.vector_norm(self.logit_gradients(logits, targets), dim=1)
        return distances

    def margins(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`."""
        import torch

        numbers, own = logits.double(), targets.clamp(min=0)[:, None]
        others = numbers.scatter(1, own, -torch.inf)
        margins: Tensor = numbers.gather(1, own)[:, 0] - others.amax(dim=1)
        return margins

    def watched(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`."""
        import torch

        classes = targets.where(targets >= 0, logits.argmax(dim=1))
        return torch.zeros_like(logits).scatter(1, classes[:, None], 1.0)

    def answers(self, logits: "Tensor") -> "tuple[Tensor, Tensor]":
        """See `Task`: the class of the largest logit, the first of equal ones, and its softmax."""
        classes = logits.argmax(dim=1, keepdim=True)
        return classes, logits.double().softmax(dim=1).gather(1, classes)

    def agrees(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`."""
        return logits.argmax(dim=1) == targets


SINGLE_LABEL = SingleLabel()
