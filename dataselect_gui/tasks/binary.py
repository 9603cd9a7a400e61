"""Two classes and one logit: the sigmoid and its cross-entropy.

The same as softmax over the logits (0, f): every score is that of this model of two logits.
"""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.tasks.names import TaskName
from dataselect_gui.tasks.task import OfClasses, Targets
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor


class Binary(OfClasses):
    """A record belongs to one of two classes; the logit is the second one's."""

    name: ClassVar[TaskName] = "binary"
    meaning = N_("one of two classes for each record, by one number")
    loss = "−log σ(f) where y = 1, −log σ(−f) where y = 0"
    distance = "√2·|σ(f) − y|"

    def made_up(self, records: int, outputs: int) -> Targets:
        """See `Task`: the classes in turn."""
        del outputs
        return np.arange(records, dtype=np.int64) % 2

    def fits(self, targets: Targets, outputs: int) -> NDArray[np.bool_]:
        """See `Task`."""
        return np.asarray((targets <= 1) & (outputs == 1))

    def takes_outputs(self, outputs: int, classes: int) -> bool:
        """See `Task`. One name is that of the class of 1."""
        return outputs == 1 and classes in {0, 1, 2}

    def losses(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`."""
        from torch.nn import functional

        losses: Tensor = functional.softplus(_away_from_label(logits, targets), threshold=1e9)
        return losses[:, 0]

    def logit_gradients(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: σ(f) − y, as ±σ of the logit away from the label, which does not cancel."""
        return _signs(targets) * _away_from_label(logits, targets).sigmoid()

    def distances(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: ‖softmax − onehot‖₂ of the two logits (0, f)."""
        distances: Tensor = 2**0.5 * _away_from_label(logits, targets).sigmoid()[:, 0]
        return distances

    def margins(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: f for the class of 1, and −f for the other."""
        return -_away_from_label(logits, targets)[:, 0]

    def watched(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: the one logit; a spread does not tell f from −f."""
        import torch

        del targets
        return torch.ones_like(logits)

    def answers(self, logits: "Tensor") -> "tuple[Tensor, Tensor]":
        """See `Task`: the class of 1 where f > 0, and σ(|f|)."""
        return (logits > 0).long(), logits.double().abs().sigmoid()

    def agrees(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`."""
        return (logits[:, 0] > 0).long() == targets


def _signs(targets: "Tensor") -> "Tensor":
    """Return −1 for the class of 1, and 1 for the other, shape (batch, 1)."""
    return (1 - 2 * targets.clamp(min=0)).double()[:, None]


def _away_from_label(logits: "Tensor", targets: "Tensor") -> "Tensor":
    """Return −f for the class of 1, and f for the other, in float64, shape (batch, 1)."""
    return _signs(targets) * logits.double()


BINARY = Binary()
