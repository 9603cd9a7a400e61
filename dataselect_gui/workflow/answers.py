"""What the model answers for the records of a project, as a person reads it. Nothing of it leaves."""

import json
from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.table import Table
from dataselect_gui.tasks.answer_form import MOST_PLACES, AnswerForm
from dataselect_gui.tasks.answers import Answers, Standing
from dataselect_gui.texts import _


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

    @property
    def are_there(self) -> NDArray[np.bool_]:
        """Which records have an answer, shape (n,)."""
        return np.asarray(self.answers.standings > Standing.NONE)

    def short(self, row: int) -> str | None:
        """Return an answer in a word or a number; None where there is none."""
        if not self.are_there[row]:
            return None
        return ", ".join(self._shown(row)) or _("none of the classes")

    def full(self, row: int) -> str | None:
        """Return an answer with how sure the model is; None where there is none."""
        if not self.are_there[row]:
            return None
        if self.form.task == "regression":
            return self.short(row)
        each = [
            _("{name} ({sure})", name=self._name_of(index), sure=_in_hundred(number))
            for index, number in self._places(row)
        ]
        if len(each) == MOST_PLACES != len(self.form.names):
            each.append(_("perhaps more"))
        return ", ".join(each) or _("none of the classes")

    def columns(self) -> dict[str, list[Any]]:
        """Return two columns of the owner's table: the answer, and how probable it is.

        Several classes or numbers are lists in JSON, as such labels are; numbers have no probability.
        """
        said, sure = list[Any](), list[Any]()
        columns = self.are_there, self.answers.classes, self.answers.numbers
        for is_there, *record in zip(*(column.tolist() for column in columns), strict=True):
            places = _filled(*record)
            numbers = [number for _index, number in places]
            match self.form.task:
                case "single_label" | "binary":
                    said.append(self._name_of(places[0][0]) if places else None)
                    sure.append(numbers[0] if places else None)
                case "multi_label":
                    names = [self._name_of(index) for index, _number in places]
                    said.append(json.dumps(names, ensure_ascii=False) if is_there else None)
                    sure.append(json.dumps(numbers) if is_there else None)
                case "regression":
                    several = numbers if self.form.places > 1 else None
                    said.append((json.dumps(several) if several else numbers[0]) if places else None)
                    sure.append(None)
                case _:
                    assert_never(self.form.task)
        return {"answer": said, "confidence": sure}

    def _shown(self, row: int) -> list[str]:
        """Return what an answer names, each as a person reads it."""
        if self.form.task == "regression":
            return [f"{number:.4g}" for _index, number in self._places(row)]
        return [self._name_of(index) for index, _number in self._places(row)]

    def _places(self, row: int) -> list[tuple[int, float]]:
        answers = self.answers
        return _filled(answers.classes[row].tolist(), answers.numbers[row].tolist())

    def _name_of(self, index: int) -> str:
        names = self.form.names
        return names[index] if index < len(names) else str(index)


def answers_of(table: Table) -> RecordAnswers | None:
    """Return what the model answers; None where an earlier version scored, and kept no answers."""
    kept = table.answers
    return None if kept is None else RecordAnswers(kept.form, kept.values())


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
