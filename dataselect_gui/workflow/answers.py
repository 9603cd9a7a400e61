"""What the model answers for the records of a project, as a person reads it. Nothing of it leaves."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.table import Table
from dataselect_gui.tasks.answer_form import MOST_PLACES, AnswerForm
from dataselect_gui.tasks.answers import Answers, Standing
from dataselect_gui.texts import N_, _

NOT_KEPT = N_("Scored before answers were kept; score again to see them.")


@dataclass(frozen=True)
class RecordAnswers:
    """What the model answers for the records of a project.

    Attributes
    ----------
    form : AnswerForm
        How answers are read.
    answers : Answers
        Of all records, n of them.
    """

    form: AnswerForm
    answers: Answers

    @property
    def differ(self) -> NDArray[np.bool_]:
        """Which records have another label than the model's answer, shape (n,)."""
        return np.asarray(self.answers.standings == Standing.OTHER)

    def without_comparing(self, rows: NDArray[np.int64]) -> "RecordAnswers":
        """Return these, those of some records compared with no label: it is another one by now."""
        standings = self.answers.standings.copy()
        some = standings[rows]
        standings[rows] = np.where(some > Standing.NOT_COMPARED, Standing.NOT_COMPARED, some)
        return replace(self, answers=replace(self.answers, standings=standings))

    @property
    def are_there(self) -> NDArray[np.bool_]:
        """Which records have an answer, shape (n,)."""
        return np.asarray(self.answers.standings > Standing.NONE)

    def differs(self, row: int) -> bool:
        """Say whether a record has another label than the model's answer."""
        return bool(self.answers.standings[row] == Standing.OTHER)

    def is_there(self, row: int) -> bool:
        """Say whether a record has an answer."""
        return bool(self.answers.standings[row] > Standing.NONE)

    def short(self, row: int) -> str | None:
        """Return an answer in a word or a number; None where there is none."""
        if not self.is_there(row):
            return None
        return ", ".join(self._shown(row)) or _("none of the classes")

    def full(self, row: int) -> str | None:
        """Return an answer with how sure the model is; None where there is none."""
        if not self.is_there(row):
            return None
        if self.form.task == "regression":
            return self.short(row)
        each = [
            _("{name} ({sure})", name=self.name_of(index), sure=_in_hundred(number))
            for index, number in self._places(row)
        ]
        if len(each) == MOST_PLACES != len(self.form.names):
            each.append(_("perhaps more"))
        return ", ".join(each) or _("none of the classes")

    def name_of(self, index: int) -> str:
        """Return what a class, or a number that is predicted, is called."""
        names = self.form.names
        return names[index] if index < len(names) else str(index)

    def numbers_of(self, row: int) -> list[float]:
        """Return how probable each class of an answer is, or each number that is predicted."""
        return [number for _index, number in self._places(row)]

    def sure(self, row: int) -> str | None:
        """Return how sure the model is of an answer; None where it says no probability."""
        if self.form.task == "regression":
            return None
        return ", ".join(map(_in_hundred, self.numbers_of(row))) or None

    def columns(self) -> dict[str, list[Any]]:
        """Return two columns of the owner's table: the answer, and how probable it is.

        Several classes or numbers are lists in JSON, as such labels are; numbers have no probability.
        """
        classes, numbers = self.answers.classes, self.answers.numbers
        match self.form.task:
            case "single_label" | "binary":
                given = np.unique(classes[classes >= 0]).tolist()
                names = {index: self.name_of(index) for index in given}
                return {
                    "answer": [names.get(index) for index in classes[:, 0].tolist()],
                    "confidence": _first(numbers),
                }
            case "multi_label":
                filled = list(map(_filled, classes.tolist(), numbers.tolist()))
                said = [[self.name_of(index) for index, _number in row] for row in filled]
                sure = [[number for _index, number in row] for row in filled]
                return {"answer": self._as_json(said), "confidence": self._as_json(sure)}
            case "regression":
                is_one = self.form.places == 1
                return {
                    "answer": _first(numbers) if is_one else self._as_json(numbers.tolist()),
                    "confidence": [None] * len(numbers),
                }
            case _:
                assert_never(self.form.task)

    def _as_json(self, rows: Sequence[Sequence[str | float]]) -> list[str | None]:
        """Return lists as JSON; None for records without an answer."""
        return [
            json.dumps(row, ensure_ascii=False) if is_there else None
            for is_there, row in zip(self.are_there.tolist(), rows, strict=True)
        ]

    def _shown(self, row: int) -> list[str]:
        """Return what an answer names, each as a person reads it."""
        if self.form.task == "regression":
            return [f"{number:.4g}" for _index, number in self._places(row)]
        return [self.name_of(index) for index, _number in self._places(row)]

    def _places(self, row: int) -> list[tuple[int, float]]:
        answers = self.answers
        return _filled(answers.classes[row].tolist(), answers.numbers[row].tolist())


def answers_of(table: Table) -> RecordAnswers | None:
    """Return what the model answers; None where an earlier version scored, and kept no answers."""
    kept = table.answers
    return None if kept is None else RecordAnswers(kept.form, kept.values())


def kept_answers_of(table: Table) -> RecordAnswers | None:
    """Return the same, as they were compared with the labels that the records had when scored."""
    kept = table.answers
    return None if kept is None else RecordAnswers(kept.form, kept.kept)


def _first(numbers: NDArray[np.float32]) -> list[float | None]:
    """Return the first number of each answer; None where there is none."""
    return [None if math.isnan(number) else number for number in numbers[:, 0].tolist()]


def _filled(classes: list[int], numbers: list[float]) -> list[tuple[int, float]]:
    """Return each class of an answer with its probability, or each number with its place."""
    return [(index, number) for index, number in zip(classes, numbers, strict=True) if index >= 0]


def _in_hundred(probability: float) -> str:
    """Return a probability as people say it; never as certain, whatever rounding makes of it."""
    hundredths = round(100 * probability)
    if hundredths >= 100:
        said = _("over 99 in 100")
    elif hundredths < 1:
        said = _("under 1 in 100")
    else:
        said = _("{hundredths} in 100", hundredths=hundredths)
    return said.replace(" ", "\N{NO-BREAK SPACE}")  # On one line, wherever lines break.
