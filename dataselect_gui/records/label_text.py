"""The label of a record as text, whatever its source stores: a number, a text, a list, several columns.

What it means is read in one place, by the task of the checkpoint: `dataselect_gui.checkpoints.labels`.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _


def label_text(value: object) -> str | None:
    """Return a label as text; None where there is none: nothing, an empty text, NaN, ±inf.

    A whole number has no decimals, so that 3.0 of a column of floats is the class 3. A list is a list
    in JSON.
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, list | tuple):
        return json.dumps([_item(item) for item in value], ensure_ascii=False)
    return readable_text(value) or None


def readable_text(value: object) -> str:
    """Return a text that can be written: a source can hold half a character, and bytes of any kind."""
    stored = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    return stored.decode("utf-8", "replace")


def _item(value: object) -> object:
    if isinstance(value, str | bytes):
        return label_text(value) or ""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def columns_text(cells: Mapping[str, object]) -> str:
    """Return the labels in several columns as text: an object in JSON, with each cell as text."""
    return json.dumps(
        {name: label_text(cell) or "" for name, cell in cells.items()}, ensure_ascii=False
    )


def flags_text(values: Sequence[float], classes: Sequence[str] | None) -> str:
    """Return a row of numbers, one for each class or output, as text.

    By the names of the classes where the source states as many; otherwise a list of floats, so that it
    is not taken for a list of numbers of classes.
    """
    if classes is not None and len(classes) == len(values):
        return columns_text(dict(zip(classes, values, strict=True)))
    return json.dumps([float(value) if math.isfinite(value) else None for value in values])


def check_columns(source: str, wanted: Iterable[str], columns: Sequence[str]) -> None:
    """Refuse columns of labels that a source does not have.

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
