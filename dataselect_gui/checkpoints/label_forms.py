"""What a label's text says, for each task: a class, several classes, or numbers.

A reading looks at one label alone. The text is the cell as it stands; several labels are a JSON list,
or stand between separators; several columns of labels are a JSON object, {column: cell}.
"""

import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from dataselect_gui.checkpoints.class_lookup import ClassLookup, Match, folded
from dataselect_gui.records.reference import Uncertain
from dataselect_gui.texts import N_, _

Target: TypeAlias = int | tuple[float, ...]
"""A class index; or a number for each output."""
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", re.ASCII)
_NO_NUMBER = frozenset({"", "nan", "na", "n/a", "null", "none", "inf", "+inf", "-inf", "infinity"})
_CELLS: dict[str, float] = {
    **dict.fromkeys(("1", "1.0", "yes", "true"), 1.0),
    **dict.fromkeys(("0", "0.0", "no", "false"), 0.0),
    **dict.fromkeys(("", "na", "n/a", "nan", "null", "none"), math.nan),
}
_UNCERTAIN_CELLS = frozenset({"-1", "-1.0"})
_FLAGS: dict[str, int | float] = {"0": 0, "1": 1, "-1": -1, "0.0": 0.0, "1.0": 1.0, "-1.0": -1.0}
"""How a list in a text spells what may be a yes or no for each class."""
_UNCERTAIN: dict[Uncertain, float] = {"unknown": math.nan, "yes": 1.0, "no": 0.0}
_WORDS = {"no": 0, "yes": 1, "false": 0, "true": 1}

MARK_OF_NONE = N_("Its label is a mark of none, so it has no score that needs one.")
NO_CLASS = N_("Its label is none of the checkpoint's classes, so it has no score that needs one.")
SOME_NO_CLASS = N_(
    "Its label names something that is none of the checkpoint's classes, so it has no score that needs "
    "one."
)
NO_LIST = N_("Its label is no list of classes, so it has no score that needs one.")
TWICE = N_(
    "Its label is a list of 0 and 1 that may mean two things, or names a class twice: save one column "
    "for each class."
)
NOT_ZERO_OR_ONE = N_("A class of its label is none of 1, 0, −1 and blank.")
NO_NUMBER = N_("Its label is no number as one is read here, like 3.5 or 1e3.")
WITH_COMMA = N_("Its label is a number with a comma; write it with a point, like 3.5.")
OTHER_COUNT = N_("Its label has another count of numbers than the model predicts.")


class Reading(NamedTuple):
    """What a label says.

    Attributes
    ----------
    target : int, tuple of float, or None
        For the loss; None where there is no label, or it cannot be used.
    items : tuple of (str, Match or None)
        The owner's names in it, each with its class.
    reason : str or None
        Why a label that is there cannot be used, as a sentence to be translated.
    """

    target: Target | None
    items: tuple[tuple[str, Match | None], ...] = ()
    reason: str | None = None


_NONE = Reading(None)


class LabelForm(ABC):
    """Reads the labels of a task."""

    @abstractmethod
    def read(self, label: str) -> Reading:
        """Read one label."""

    @abstractmethod
    def write(self, target: Target) -> str:
        """Return a target as a label in the consortium's spelling, from which it can be read again."""


class OneClass(LabelForm):
    """One class for each record.

    Parameters
    ----------
    lookup : ClassLookup
        Finds classes.
    classes : sequence of str
        The model's names by index; empty where there are none.
    """

    def __init__(self, lookup: ClassLookup, classes: Sequence[str]) -> None:
        self._lookup, self._classes = lookup, classes

    def read(self, label: str) -> Reading:
        """See `LabelForm`. A negative number is a usual mark of no label."""
        match = self._lookup.find(label)
        if match is None:
            return _NONE if _is_negative(label) else Reading(None, ((label, None),), NO_CLASS)
        return Reading(
            match.class_index, ((label, match),), NO_CLASS if match.class_index is None else None
        )

    def write(self, target: Target) -> str:
        """See `LabelForm`."""
        assert isinstance(target, int)
        return self._classes[target] if target < len(self._classes) else str(target)


class YesOrNo(LabelForm):
    """One of two classes for each record, of which at most that of 1 has a name.

    Parameters
    ----------
    lookup : ClassLookup
        Finds classes.
    name : str or None
        The class of 1.
    """

    def __init__(self, lookup: ClassLookup, name: str | None) -> None:
        self._lookup, self._name = lookup, name

    @staticmethod
    def class_names(name: str | None) -> tuple[str, str]:
        """Return what the two classes are called."""
        return ("no", "yes") if name is None else (f"not {name}", name)

    def read(self, label: str) -> Reading:
        """See `LabelForm`. It may be 0, 1, no, yes, false or true, too."""
        match = self._lookup.find(label)
        if match is None and (target := _WORDS.get(folded(label))) is not None:
            match = Match(target, "name")
        if match is None:
            return _NONE if _is_negative(label) else Reading(None, ((label, None),), NO_CLASS)
        return Reading(
            match.class_index, ((label, match),), NO_CLASS if match.class_index is None else None
        )

    def write(self, target: Target) -> str:
        """See `LabelForm`."""
        assert isinstance(target, int)
        return str(target) if self._name is None else self.class_names(self._name)[target]


class SeveralClasses(LabelForm):
    """Any number of classes for each record.

    Parameters
    ----------
    lookup : ClassLookup
        Finds classes.
    classes : sequence of str
        The model's names by index.
    columns : mapping or None
        Column → its class, where each has one; None where labels name their classes.
    separator : str or None
        What stands between several labels.
    uncertain : str
        What −1 in a column stands for.
    """

    def __init__(
        self,
        lookup: ClassLookup,
        classes: Sequence[str],
        columns: Mapping[str, Match] | None,
        separator: str | None,
        uncertain: Uncertain,
    ) -> None:
        self._lookup, self._classes, self._columns = lookup, classes, columns
        self._separator, self._uncertain = separator, _UNCERTAIN[uncertain]

    def read(self, label: str) -> Reading:
        """See `LabelForm`."""
        stored = _json(label)
        if isinstance(stored, dict):
            return self._cells(stored)
        if isinstance(stored, list):
            are_flags = self._flags(stored)
            return self._list(stored) if are_flags is None else are_flags
        if not label.strip():
            return _NONE
        if self._separator is None:
            return self._names([label])
        return self._names([item for part in label.split(self._separator) if (item := part.strip())])

    def write(self, target: Target) -> str:
        """See `LabelForm`: the list of its classes; where some are not known, 0 or 1 for the others."""
        assert isinstance(target, tuple)
        known = {
            name: int(y) for name, y in zip(self._classes, target, strict=True) if not math.isnan(y)
        }
        if len(known) < len(target):
            return json.dumps(known, ensure_ascii=False)
        return json.dumps([name for name, y in known.items() if y], ensure_ascii=False)

    def _list(self, stored: list[object]) -> Reading:
        if not all(isinstance(item, str | int) and not isinstance(item, bool) for item in stored):
            return Reading(None, (), NO_LIST)
        return self._names([str(item) for item in stored])

    def _names(self, names: Sequence[str]) -> Reading:
        are_flags = self._flags([_FLAGS.get(name.strip(), name) for name in names])
        if are_flags is not None:
            return are_flags
        items = tuple((name, self._lookup.find(name)) for name in names)
        if any(match is None for _name, match in items):
            return Reading(None, items, SOME_NO_CLASS)
        given = [
            match.class_index
            for _name, match in items
            if match is not None and match.class_index is not None
        ]
        target = [0.0] * len(self._classes)
        for index in given:
            target[index] = 1.0
        return Reading(tuple(target), items)

    def _flags(self, stored: Sequence[object]) -> Reading | None:
        """Return what a list of 0 and 1 for all classes says; None where it lists classes.

        Of three or more classes a list of as many numbers 0 and 1 names one twice, so it lists none.
        """
        count = len(self._classes)
        if not stored or not all(type(item) in {int, float} for item in stored):
            return None
        if len(stored) != count or not all(item in (0, 1, -1) for item in stored):
            return None if len(set(map(str, stored))) == len(stored) else Reading(None, (), TWICE)
        if count <= 2 and all(type(item) is int and item != -1 for item in stored):
            return Reading(None, (), TWICE)
        return self._cells({str(index): item for index, item in enumerate(stored)})

    def _cells(self, cells: Mapping[str, object]) -> Reading:
        if self._columns is not None:
            matches: dict[str, Match | None] = dict(self._columns)
        else:
            matches = {name: self._lookup.find(name) for name in cells}
        items = tuple(matches.items())
        indices = [match.class_index for match in matches.values() if match is not None]
        given = [index for index in indices if index is not None]
        if len(indices) < len(matches):
            return Reading(None, items, SOME_NO_CLASS)
        by_number = any(match is not None and match.how == "number" for match in matches.values())
        if len(set(given)) < len(given) or (by_number and len(given) != len(self._classes)):
            return Reading(None, items, OTHER_COUNT)
        target = [math.nan] * len(self._classes)
        for name, match in matches.items():
            value = self._cell(cells.get(name))
            if value is None:
                return Reading(None, items, NOT_ZERO_OR_ONE)
            if match is not None and match.class_index is not None:
                target[match.class_index] = value
        return Reading(None if all(map(math.isnan, target)) else tuple(target), items)

    def _cell(self, cell: object) -> float | None:
        text = "" if cell is None else str(cell).strip().casefold()
        return self._uncertain if text in _UNCERTAIN_CELLS else _CELLS.get(text)


class Numbers(LabelForm):
    """A number for each output.

    Parameters
    ----------
    outputs : int
        How many there are.
    columns : mapping or None
        Column → its output, where each has one.
    """

    def __init__(self, outputs: int, columns: Mapping[str, Match] | None) -> None:
        self._outputs, self._columns = outputs, columns

    def read(self, label: str) -> Reading:
        """See `LabelForm`."""
        stored = _json(label)
        if isinstance(stored, dict):
            if self._columns is None:
                return Reading(None, (), OTHER_COUNT)
            cells = sorted(
                (match.class_index or 0, stored.get(name)) for name, match in self._columns.items()
            )
            return self._of([cell for _index, cell in cells])
        return self._of(stored if isinstance(stored, list) else [label])

    def write(self, target: Target) -> str:
        """See `LabelForm`: the number, or a list of them."""
        assert isinstance(target, tuple)
        return json.dumps(target[0] if len(target) == 1 else list(target))

    def _of(self, cells: Sequence[object]) -> Reading:
        if len(cells) != self._outputs:
            return Reading(None, (), OTHER_COUNT)
        texts = ["" if cell is None else str(cell).strip() for cell in cells]
        if any(text.casefold() in _NO_NUMBER for text in texts):
            return _NONE
        if not all(map(_NUMBER.fullmatch, texts)):
            has_comma = any(_NUMBER.fullmatch(text.replace(",", ".")) for text in texts if "," in text)
            return Reading(None, (), WITH_COMMA if has_comma else NO_NUMBER)
        numbers = tuple(map(float, texts))
        return Reading(numbers) if all(map(math.isfinite, numbers)) else _NONE


def _json(label: str) -> object:
    """Return the list or object that a text holds as JSON; None where it holds none."""
    if not label.lstrip().startswith(("[", "{")):
        return None
    try:
        return json.loads(label)
    except (ValueError, RecursionError):
        return None


def shown_label(label: str) -> str:
    """Return a label as a person reads it: the items of a list, and the columns that say yes.

    A column that is uncertain is marked so; one that says something else carries its cell.
    """
    return ", ".join(label_items(label)) or _("none")


def label_items(label: str) -> list[str]:
    """Return what a label names, each as a person reads it; see `shown_label`."""
    stored = _json(label)
    if isinstance(stored, list):
        return list(map(str, stored))
    if isinstance(stored, dict):
        cells = {name: "" if cell is None else str(cell).strip() for name, cell in stored.items()}
        items = [_shown_cell(name, cell.casefold()) for name, cell in cells.items()]
        return [item for item in items if item]
    return [label]


def _shown_cell(name: str, cell: str) -> str:
    """Return what a cell of a column says, as a person reads it; empty for no and for a blank."""
    if cell in _UNCERTAIN_CELLS:
        return _("{name} (uncertain)", name=name)
    said = _CELLS.get(cell)
    if said is None:
        return f"{name}: {cell}"
    return name if said == 1.0 else ""


def _is_negative(label: str) -> bool:
    number = folded(label)
    return number.startswith("-") and number[1:].isascii() and number[1:].isdigit()
