"""A label as a source hands it over: a name, a number, or a list of these in JSON.

What it means to a model, whoever reads labels for its task says.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _


def label_text(value: object, classes: Sequence[str] | None) -> str | None:
    """Return a stored label as text; None where there is none: NaN, empty, below 0 where names apply.

    Parameters
    ----------
    value : object
        A text, bytes, a number, None, or a list of these.
    classes : sequence of str or None
        What the numbers from 0 on are called, where that is stated.

    Raises
    ------
    ValueError
        Where what it is cannot be a label.
    """
    if isinstance(value, list):
        items = [_item(item, classes) for item in value]
        return json.dumps([item for item in items if item != ""], ensure_ascii=False)
    item = _item(value, classes)
    if classes is not None and isinstance(item, int) and item < 0:
        return None
    return None if item is None or item == "" else str(item)


def columns_text(cells: Mapping[str, object]) -> str:
    """Return the labels in several columns as text: an object in JSON, with each cell as text."""
    named = {name: label_text(cell, None) or "" for name, cell in cells.items()}
    return json.dumps(named, ensure_ascii=False)


def flags_text(values: Sequence[float], classes: Sequence[str] | None) -> str:
    """Return a row of numbers, one for each class or output, as text.

    By the names of the classes where the source states as many; otherwise a list of floats, so that it
    is not taken for a list of the numbers of classes.
    """
    if classes is not None and len(classes) == len(values):
        return columns_text(dict(zip(classes, values, strict=True)))
    return json.dumps([float(value) if math.isfinite(value) else None for value in values])


def check_columns(source: str, wanted: Iterable[str], columns: Sequence[str]) -> None:
    """Refuse columns of labels or units that a source does not have.

    Raises
    ------
    UnusableError
        Where one is not there.
    """
    for column in wanted:
        if column not in columns:
            raise UnusableError(
                _("The column “{column}” cannot be found.", column=column),
                _(
                    "“{name}” has the columns {columns}.",
                    name=source,
                    columns=", ".join(columns) or _("(none)"),
                ),
                _("Name one of these."),
            )


def readable_text(value: object) -> str:
    """Return a text that can be written: a source can hold half a character, and bytes of any kind."""
    stored = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    return stored.decode("utf-8", "replace")


def _item(value: object, classes: Sequence[str] | None) -> str | int | float | None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, bool):
        return readable_text(value)
    if isinstance(value, float) and not value.is_integer():
        return value
    if isinstance(value, int | float):
        number = int(value)
        return classes[number] if classes is not None and 0 <= number < len(classes) else number
    if isinstance(value, str | bytes):
        return readable_text(value)
    raise ValueError("no label")
