"""How often each given label meets each answer of the model: figures for the owner alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.tasks.answers import Standing
from dataselect_gui.workflow.looking import Look

_MOST_CELLS = 1 << 22
"""Counting in a table is faster than sorting, and takes 8 bytes for each of its cells."""


@dataclass(frozen=True)
class AnswerMatrix:
    """How many records have each given label and each answer.

    Attributes
    ----------
    given : sequence of str
        The labels that occur, as the owner wrote them.
    answers : sequence of str
        The model's classes: first those that the labels stand for, then others that it answers.
    own : sequence of int or None
        The place among `answers` of the class that each label stands for; None where it is not known.
    counts : mapping
        The places of a label and an answer → how many records have both, the most frequent first;
        without those that none has.
    uncounted : int
        How many records lack an answer, or a label that the model knows.
    """

    given: Sequence[str]
    answers: Sequence[str]
    own: Sequence[int | None]
    counts: Mapping[tuple[int, int], int]
    uncounted: int

    def agrees(self, label: int, answer: int) -> bool:
        """Say whether an answer is what a label says."""
        return self.own[label] == answer

    @property
    def confused(self) -> list[tuple[int, int]]:
        """The places of labels with answers that they do not say, the most frequent first."""
        return [pair for pair in self.counts if not self.agrees(*pair)]

    @property
    def wrong(self) -> int:
        """Of how many records the model disagrees with the label, see `RecordAnswers.differ`."""
        return sum(self.counts[pair] for pair in self.confused)


def answer_matrix(look: Look, labels: Sequence[str], codes: NDArray[np.int64]) -> AnswerMatrix | None:
    """Count the records of each label and answer; None where a label is not one class of several.

    Parameters
    ----------
    look : Look
        The project.
    labels : sequence of str
        The labels that occur.
    codes : ndarray of int64
        Each record's place among them; −1 where it has no label. Shape (n,).
    """
    known = look.answers
    if known is None or not look.has_classes:
        return None
    standings, classes = known.answers.standings, known.answers.classes[:, 0].astype(np.int64)
    is_compared = (codes >= 0) & ((standings == Standing.SAME) | (standings == Standing.OTHER))
    if not is_compared.any():
        return None
    width = int(classes.max()) + 1
    pairs = codes[is_compared] * width + classes[is_compared]
    cells, counts = _counted(pairs, len(labels) * width)
    most = np.argsort(-counts, kind="stable")
    rows, answered = (part.tolist() for part in np.divmod(cells[most], width))
    agreeing = _counted(pairs[standings[is_compared] == Standing.SAME], len(labels) * width)[0].tolist()
    class_of = dict(divmod(cell, width) for cell in agreeing)
    given = sorted(set(rows))
    own = [class_of.get(row, _class_of(look, labels[row])) for row in given]
    columns = list(dict.fromkeys([*(index for index in own if index is not None), *answered]))
    row_at = {row: place for place, row in enumerate(given)}
    column_at = {index: place for place, index in enumerate(columns)}
    each = zip(rows, answered, counts[most].tolist(), strict=True)
    return AnswerMatrix(
        given=[labels[row] for row in given],
        answers=[known.name_of(index) for index in columns],
        own=[None if index is None else column_at[index] for index in own],
        counts={(row_at[row], column_at[index]): count for row, index, count in each},
        uncounted=int((~is_compared).sum()),
    )


def _counted(pairs: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different numbers below some limit, and how often each occurs."""
    if most > _MOST_CELLS:
        return np.unique(pairs, return_counts=True)
    counts = np.bincount(pairs, minlength=most)
    cells = np.flatnonzero(counts)
    return cells, counts[cells]


def _class_of(look: Look, label: str) -> int | None:
    """Return the model's class that a label stands for by its name; None where that is not known."""
    names = [] if look.answers is None else look.answers.form.names
    name = look.class_of.get(label, label)
    return names.index(name) if name in names else None
