"""What the labels in a bundle are, found out from themselves: for ``croissant.json`` and the card.

A label leaves as a text, by the task of the checkpoint: the name of a class; a list of classes in JSON,
or an object that says 1 or 0 of each class that is known; a number; a list of numbers. Where it is not
known, there is none.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

LabelType: TypeAlias = Literal["name", "classes", "number", "numbers"]
_DESCRIBED: dict[LabelType, str] = {
    "name": "",
    "classes": "The label is a JSON list of classes, or, where some are not known, a JSON object with "
    "1 or 0 for each class that is.",
    "number": "The label is a number.",
    "numbers": "The label is a JSON list of numbers, one for each output of the model.",
}


@dataclass(frozen=True)
class LabelsSaid:
    """What labels are.

    Attributes
    ----------
    type : str
        What those are that are known; ``name`` where none is.
    has_blanks : bool
        Whether some are not known.
    """

    type: LabelType
    has_blanks: bool

    @property
    def type_in_words(self) -> str:
        """What the labels are, in English as documents are; empty where they are plain names."""
        return _DESCRIBED[self.type]


def labels_said(labels: Iterable[str | None]) -> LabelsSaid:
    """Return what some labels are."""
    distinct = set(labels)
    known = {label for label in distinct if label}
    types = {_type_of(label) for label in known}
    return LabelsSaid(types.pop() if len(types) == 1 else "name", len(known) < len(distinct))


def _type_of(label: str) -> LabelType:
    """Return what a label is. Numbers have a point or an exponent, unlike those of classes."""
    try:
        stored = json.loads(label)
    except (ValueError, RecursionError):
        return "name"
    if isinstance(stored, float):
        return "number"
    if isinstance(stored, dict):
        return "classes"
    if not isinstance(stored, list):
        return "name"
    return "numbers" if stored and all(isinstance(item, float) for item in stored) else "classes"
