"""The columns of the table of records: what a cell shows, and what is copied of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.arrangement import title_of
from dataselect_gui.window.explore.scores import short, typed_name
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Look, find_score

_MOST_NAME = 200
"""Characters of a text that are shown."""


@dataclass(frozen=True)
class RecordColumn:
    """A column of the table of records.

    Attributes
    ----------
    key : str
        What a filter calls it, and settings.
    title : str
        What it is called.
    about : str
        What it means.
    shown : callable
        Returns what the cell of a record shows.
    copied : callable or None
        Returns what is copied of it, where that is not what is shown.
    is_number : bool
        Whether it holds numbers, which stand below each other.
    """

    key: str
    title: str
    about: str
    shown: Callable[[int], str]
    copied: Callable[[int], str] | None = None
    is_number: bool = False

    def text(self, row: int) -> str:
        """Return what the cell of a record shows, on one line."""
        return visible(self.shown(row), _MOST_NAME)

    def copy(self, row: int) -> str:
        """Return what is copied of a record, on one line."""
        return visible((self.copied or self.shown)(row))


def record_columns(state: State) -> list[RecordColumn]:
    """Return the columns that the records of a state have; cells are read when they are shown."""
    look = state.look
    if look is None:
        return []
    columns = [
        RecordColumn("id", _("Record"), _("The name of the record"), look.ids.__getitem__),
        RecordColumn("label", _("Given label"), _("The label that you gave"), _label_of(look)),
        *_answer_columns(look),
        *(_score_column(look, name) for name in look.scores),
    ]
    if look.units is not None:
        person = (look.unit_column or _("person")).capitalize()
        about = _("Whose record it is")
        columns.append(RecordColumn("person", person, about, look.units.__getitem__))
    columns.append(
        RecordColumn(
            "selected",
            _("In the selection"),
            _("Whether your rule picks it"),
            lambda row: _("yes") if state.selection.chosen[row] else "",
        )
    )

    def withheld(row: int) -> str:
        if state.opted_out[row]:
            return _("opted out")
        return _("yes") if state.withheld[row] else ""

    about = _("Whether it is kept from leaving")
    return [*columns, RecordColumn("withheld", _("Withheld"), about, withheld)]


def _label_of(look: Look) -> Callable[[int], str]:
    return lambda row: look.label_of(row) or ""


def _answer_columns(look: Look) -> list[RecordColumn]:
    """Return the model's answer, with a sign where it is not the label, and how sure it is."""
    answers = look.answers
    if answers is None:
        return []

    def answer(row: int) -> str:
        said = answers.short(row) or ""
        return f"≠ {said}" if answers.differs(row) else said

    about = _("What the model answers; ≠ where that is not the given label")
    columns = [
        RecordColumn("answer", _("Model says"), about, answer, lambda row: answers.short(row) or "")
    ]
    if answers.form.task != "regression":
        about = _("How sure the model is of its answer")
        columns.append(
            RecordColumn(
                "confidence",
                _("How sure"),
                about,
                lambda row: answers.sure(row) or "",
                lambda row: ", ".join(f"{number:.6g}" for number in answers.numbers_of(row)),
                is_number=True,
            )
        )
    return columns


def _score_column(look: Look, name: str) -> RecordColumn:
    values = look.scores[name]

    def copied(row: int) -> str:
        value = float(values[row])
        return "" if math.isnan(value) else repr(value)

    return RecordColumn(
        name,
        title_of(name),
        f"{_(find_score(name).sentence)} {typed_name(name)}",
        lambda row: short(float(values[row])),
        copied,
        is_number=True,
    )


def sortable(state: State) -> list[str]:
    """Return the keys of the columns by which the records of a state can be sorted."""
    return state.arrangement.sortable
