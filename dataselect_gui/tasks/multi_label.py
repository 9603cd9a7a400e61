"""Any number of classes for each record: a sigmoid for each class, their cross-entropies summed.

A class of which a record's label says nothing (NaN) adds nothing to any score of that record.
"""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.tasks.names import TaskName
from dataselect_gui.tasks.task import OfNumbers, Targets
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor


class MultiLabel(OfNumbers):
    """A record has some of the classes, all, or none."""

    name: ClassVar[TaskName] = "multi_label"
    meaning = N_("any number of classes for each record")
    loss = "−Σ_c (y_c log σ(f_c) + (1 − y_c) log σ(−f_c)), over the classes that the label speaks of"
    distance = "√(Σ_c (σ(f_c) − y_c)²), over the classes that the label speaks of"

    def made_up(self, records: int, outputs: int) -> Targets:
        """See `Task`: class c of record i where i + c is even."""
        return (np.add.outer(np.arange(records), np.arange(outputs)) % 2).astype(np.float64)

    def is_labelled(self, targets: Targets) -> NDArray[np.bool_]:
        """See `Task`: where the label speaks of some class."""
        return np.asarray(~np.isnan(targets).all(axis=1))

    def losses(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`."""
        from torch.nn import functional

        each = functional.softplus(_signs(targets) * logits.double(), threshold=1e9)
        losses: Tensor = each.where(~targets.isnan(), 0.0).sum(dim=1)
        return losses

    def logit_gradients(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: σ(f_c) − y_c, as ±σ of the logit away from the label, which does not cancel."""
        signs = _signs(targets)
        return (signs * (signs * logits.double()).sigmoid()).where(~targets.isnan(), 0.0)

    def distances(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`."""
        import torch

        distances: Tensor = torch.linalg.vector_norm(self.logit_gradients(logits, targets), dim=1)
        return distances

    def watched(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: the logits of the record's classes; where it has none, the largest one."""
        import torch

        given = (targets == 1).to(logits.dtype)
        largest = torch.zeros_like(logits).scatter(1, logits.argmax(dim=1, keepdim=True), 1.0)
        return given.where(given.any(dim=1, keepdim=True), largest)

    def answers(self, logits: "Tensor") -> "tuple[Tensor, Tensor]":
        """See `Task`: the classes with a probability above one half."""
        numbers, classes = logits.double().sort(dim=1, descending=True, stable=True)
        has = numbers > 0
        return classes.where(has, -1), numbers.sigmoid().where(has, float("nan"))

    def agrees(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: for each class that the label speaks of."""
        return (((logits > 0) == (targets == 1)) | targets.isnan()).all(dim=1)


def _signs(targets: "Tensor") -> "Tensor":
    """Return −1 where a record has a class, and 1 elsewhere, shape (batch, outputs), float64."""
    return 1 - 2 * (targets == 1).double()


MULTI_LABEL = MultiLabel()
