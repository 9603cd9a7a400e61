"""What a task is: what a model predicts, what a label is there, and the loss between the two.

A file of this folder holds one task. Its description loads without torch, which is imported inside of
the functions that compute: the window and the terminal read descriptions alone.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.tasks.names import TaskName

if TYPE_CHECKING:
    from torch import Tensor

Targets: TypeAlias = NDArray[np.int64] | NDArray[np.float64]
"""What labels are to a loss, one row per record: class indices, shape (records,), −1 where there is no
label; or numbers, shape (records, outputs), NaN where there is none."""


@dataclass(frozen=True)
class Task(ABC):
    """What a model predicts. It has no state.

    Attributes
    ----------
    name : str
        In the consortium's request and in files.
    meaning : str
        What a record's label is, for a person; translated where it is shown.
    loss : str
        The formula of the loss ℓ, in the symbols of the README of scores.
    distance : str
        The formula of EL2N; empty where it is not defined.
    has_classes : bool
        Whether a label is one class of several that exclude each other.
    has_right_answers : bool
        Whether an answer is the label or another one; of numbers, neither can be said.
    """

    name: ClassVar[TaskName]
    meaning: ClassVar[str]
    loss: ClassVar[str]
    distance: ClassVar[str]
    has_classes: ClassVar[bool] = False
    has_right_answers: ClassVar[bool] = True

    # Labels as numbers

    @abstractmethod
    def unlabelled(self, records: int, outputs: int) -> Targets:
        """Return the targets of records without a label."""

    @abstractmethod
    def made_up(self, records: int, outputs: int) -> Targets:
        """Return targets that stand for labels where something is to be found out."""

    @abstractmethod
    def is_labelled(self, targets: Targets) -> NDArray[np.bool_]:
        """Say of each record whether it has a label, shape (records,)."""

    @abstractmethod
    def fits(self, targets: Targets, outputs: int) -> NDArray[np.bool_]:
        """Say of each record whether a model of so many outputs can predict its label; without, yes."""

    @abstractmethod
    def takes_outputs(self, outputs: int, classes: int) -> bool:
        """Say whether a model of so many outputs can be meant, where so many classes are named.

        Parameters
        ----------
        outputs : int
            Numbers that the model returns for a record.
        classes : int
            Names in the checkpoint; 0 where it states none.
        """

    # The loss; each takes logits of shape (batch, outputs), and targets as tensors. Where there is no
    # label, what comes out is a finite number that nobody uses.

    @abstractmethod
    def losses(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """Return ℓ of each record, in float64, shape (batch,)."""

    @abstractmethod
    def logit_gradients(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """Return ∂ℓ/∂logits of each record, in float64, shape (batch, outputs)."""

    @abstractmethod
    def distances(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """Return EL2N of each record, in float64, shape (batch,).

        Raises
        ------
        ValueError
            Where it is not defined.
        """

    @abstractmethod
    def margins(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """Return how far the label's logit is above the largest other one, in float64, shape (batch,).

        Raises
        ------
        ValueError
            Where it is not defined.
        """

    @abstractmethod
    def watched(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """Return the weights of the logits whose sum VoG differentiates, shape (batch, outputs).

        The label's logit; where a record has no label, the predicted one's.
        """

    # What the model answers

    @abstractmethod
    def answers(self, logits: "Tensor") -> "tuple[Tensor, Tensor]":
        """Return what the model answers, each of shape (batch, places).

        Returns
        -------
        classes : Tensor of int64
            Indices of classes or of numbers, the surest class first; −1 in places without any.
        numbers : Tensor of float64
            The probability of each, or the number; NaN where there is none.
        """

    @abstractmethod
    def agrees(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """Say of each record whether the answer is its label, shape (batch,).

        Raises
        ------
        ValueError
            Where that cannot be said of numbers.
        """


class OfClasses(Task):
    """A record has one class: targets are indices, shape (records,), −1 where there is none."""

    has_classes = True

    def unlabelled(self, records: int, outputs: int) -> Targets:
        """See `Task`."""
        del outputs
        return np.full(records, -1, dtype=np.int64)

    def is_labelled(self, targets: Targets) -> NDArray[np.bool_]:
        """See `Task`."""
        return np.asarray(targets >= 0)


class OfNumbers(Task):
    """A record has a number for each output: targets have shape (records, outputs), NaN for none."""

    def unlabelled(self, records: int, outputs: int) -> Targets:
        """See `Task`."""
        return np.full((records, outputs), np.nan)

    def fits(self, targets: Targets, outputs: int) -> NDArray[np.bool_]:
        """See `Task`."""
        return np.full(len(targets), targets.shape[1] == outputs)

    def takes_outputs(self, outputs: int, classes: int) -> bool:
        """See `Task`."""
        return outputs > 0 and classes in {0, outputs}

    def margins(self, logits: "Tensor", targets: "Tensor") -> "Tensor":
        """See `Task`: none, since no class is the only one."""
        del logits, targets
        raise ValueError("a margin is that of one class")
