"""What a model answers for records, in columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.tasks.answer_form import AnswerForm

_MOST_CLASSES = 1 << 20
"""Of a model that names none."""


class Standing(IntEnum):
    """What is known of a record's answer."""

    NOT_COMPUTED = 0
    NONE = 1
    """There is no answer: the record cannot be read, or came to no finite number."""
    NOT_COMPARED = 2
    """There is no label to compare the answer with, or both are numbers."""
    SAME = 3
    """The answer is the label that was given."""
    OTHER = 4
    """The answer is another one."""


@dataclass(frozen=True)
class Answers:
    """What a model answers for some records.

    Attributes
    ----------
    classes : ndarray of int32
        Indices of classes or of numbers, shape (n, places); −1 in places without any.
    numbers : ndarray of float32
        The probability of each class, or the number, shape (n, places); NaN where there is none.
    standings : ndarray of uint8
        See `Standing`; shape (n,).
    """

    classes: NDArray[np.int32]
    numbers: NDArray[np.float32]
    standings: NDArray[np.uint8]

    @classmethod
    def none(cls, records: int, places: int) -> Self:
        """Return that there are no answers for so many records."""
        return cls(
            np.full((records, places), -1, dtype=np.int32),
            np.full((records, places), np.nan, dtype=np.float32),
            np.full(records, Standing.NONE, dtype=np.uint8),
        )

    @classmethod
    def joined(cls, some: Sequence[Self]) -> Self:
        """Return the answers of some records and of others; there is at least one part."""
        return cls(
            np.concatenate([part.classes for part in some]),
            np.concatenate([part.numbers for part in some]),
            np.concatenate([part.standings for part in some]),
        )

    def __len__(self) -> int:
        return len(self.standings)

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Self:
        """Return those of some of the records."""
        return type(self)(self.classes[rows], self.numbers[rows], self.standings[rows])

    def are_sound(self, form: AnswerForm) -> bool:
        """Say whether a model of that form can answer so.

        Each class is one of those that it names, each with a number, which is a probability where the
        task has classes; and where there is no answer, there is none in any place.
        """
        has, known = self.classes >= 0, len(form.names) or _MOST_CLASSES
        if (self.classes < -1).any() or (self.classes >= known).any():
            return False
        if (np.isfinite(self.numbers) != has).any():
            return False
        if form.task != "regression" and ((self.numbers[has] < 0) | (self.numbers[has] > 1)).any():
            return False
        is_none = self.standings == Standing.NONE
        is_known = (self.standings >= Standing.NONE) & (self.standings <= Standing.OTHER)
        return bool(is_known.all() and not has[is_none].any())

    def put(self, rows: NDArray[np.int64], others: Self) -> None:
        """Replace those of some of the records."""
        self.classes[rows], self.numbers[rows] = others.classes, others.numbers
        self.standings[rows] = others.standings
