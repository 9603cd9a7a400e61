"""Which of the model's classes a label of the owner's means: by a table, by name, or by number.

Each label is looked up by itself, in lists that no record changes: a record's score must not depend on
how another one is labelled.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from dataselect_gui.errors import UsageError
from dataselect_gui.records.cell_text import own_cell
from dataselect_gui.texts import _

How: TypeAlias = Literal["table", "name", "number", "order"]
"""How a label came to its class: a person said so; they have the same name; it is the class's number;
or it is the column in the class's place."""
_LONGEST_NUMBER = 9
"""Digits of the number of a class."""


class Match(NamedTuple):
    """The class of a label: its index, None where a person said that it is none of them."""

    class_index: int | None
    how: How


class ClassLookup:
    """Finds the class of a label.

    Parameters
    ----------
    classes : sequence of str
        The model's class names by index; empty where the checkpoint states none.
    source_classes : sequence of str or None
        Not None where the owner's labels are names, so that a number among them counts nothing: where
        the source states the names of its classes, or takes them from folders.
    table : iterable of (str, str)
        The owner's label → the model's class, or its number; an empty class for none of them.

    Raises
    ------
    UsageError
        Where the table names a label twice, or a class that there is not.
    """

    def __init__(
        self,
        classes: Sequence[str],
        source_classes: Sequence[str] | None,
        table: Iterable[tuple[str, str]],
    ) -> None:
        self._classes = classes
        self._by_name = _Names({name: index for index, name in enumerate(classes)}, len(classes))
        self._has_numbers = not any(folded(name).isdigit() for name in classes)
        self._counts = self._has_numbers and not states_names(source_classes)
        rows = list(table)
        entries = {label: self._class_of(label, name) for label, name in rows}
        if len(entries) < len(rows):
            twice = next(label for label in entries if sum(label == row[0] for row in rows) > 1)
            raise UsageError(
                _("The table of labels names “{label}” twice.", label=twice),
                _("A label means one class of the model."),
                _("Leave one of the two out."),
            )
        self._table = _Names(entries, len(entries))
        self.table_labels = tuple(entries)

    def find(self, label: str) -> Match | None:
        """Return the class of a label; None where it fits none.

        What the table says counts first. A name is compared as it is, then without case and the blanks
        around it, in one form of Unicode, and a whole number without ``.0``; names that only differ in
        these do not match so. A number is the index of a class where the owner's labels are numbers and
        none of the model's names is one.
        """
        in_table = self._table.find(label)
        if in_table is not None:
            return Match(None if in_table < 0 else in_table, "table")
        by_name = self._by_name.find(label)
        if by_name is not None:
            return Match(by_name, "name")
        by_number = self._number(label) if self._counts else None
        return None if by_number is None else Match(by_number, "number")

    def _class_of(self, label: str, name: str) -> int:
        """Return the index that a row of the table names; −1 for none of the classes."""
        if not name.strip():
            return -1
        index = self._by_name.find(name)
        if index is None and self._has_numbers:
            index = self._number(name)
        if index is None:
            raise UsageError(
                _("The table of labels cannot be used."),
                _(
                    "It takes “{label}” for “{name}”; the model knows {model_classes}.",
                    label=label,
                    name=name,
                    model_classes=listed(self._classes) if self._classes else _("numbers alone"),
                ),
                _("Name one of the model's classes, or nothing for none of them."),
            )
        return index

    def _number(self, text: str) -> int | None:
        number = own_cell(text)
        if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
            return None
        index = int(number)
        return index if not self._classes or index < len(self._classes) else None


class _Names:
    """Finds what a name stands for: as it is, else as `folded`."""

    def __init__(self, values: Mapping[str, int], count: int) -> None:
        self._exact = values if len(values) == count else {}
        by_form: dict[str, int | None] = {}
        for name, value in values.items():
            form = folded(name)
            by_form[form] = None if form in by_form else value
        self._folded = by_form if len(values) == count else {}

    def find(self, name: str) -> int | None:
        exact = self._exact.get(name)
        return self._folded.get(folded(name)) if exact is None else exact


def states_names(source_classes: Sequence[str] | None) -> bool:
    """Say whether the labels of a source are names; not where its names count from 0."""
    if source_classes is None:
        return False
    return not source_classes or list(source_classes) != [str(i) for i in range(len(source_classes))]


def are_placeholders(classes: Sequence[str]) -> bool:
    """Say whether a checkpoint names its classes not at all, or as libraries do where nobody did."""
    return all(name == f"LABEL_{index}" for index, name in enumerate(classes))


def listed(names: Sequence[str], most: int = 12) -> str:
    """Return names in a line; where there are many, the first of them and how many more."""
    shown = ", ".join(f"“{name}”" for name in names[:most]) or _("none")
    if len(names) <= most:
        return shown
    return _("{names} and {count} more", names=shown, count=len(names) - most)


def folded(name: str) -> str:
    """Return a name in the one form in which names are compared: see `own_cell`; without case."""
    return own_cell(unicodedata.normalize("NFD", name).casefold())
