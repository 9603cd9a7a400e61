"""The label of a record as text, whatever its source stores: a number, a text, a list, several columns.

What it means is read in one place, by the task of the checkpoint: `dataselect_gui.checkpoints.labels`.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _, ngettext


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


def named_label(source: str, value: object, classes: Sequence[str] | None) -> str | None:
    """Return a label, or several, of a source that may name its classes by their numbers.

    Parameters
    ----------
    source : str
        What it is called.
    value : object
        The label, or a list of them; truth values count as 1 and 0.
    classes : sequence of str or None
        The names by number; None where the source states none, and a number stays one.

    Returns
    -------
    str or None
        As `label_text` has it; None where a class is numbered below 0, the usual mark of none.

    Raises
    ------
    UnusableError
        Where a number is beyond the names: then nothing says what any of them means.
    """
    if isinstance(value, list):
        items = [named_label(source, item, classes) for item in value]
        return label_text(value if classes is None else [item for item in items if item is not None])
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    if classes is None or not isinstance(value, int):
        return label_text(value)
    if value >= len(classes):
        raise UnusableError(
            _("The labels in “{name}” do not fit its classes.", name=source),
            ngettext(
                "A label is beyond the names of its classes, of which there is {count}.",
                "A label is beyond the names of its classes, of which there are {count}.",
                len(classes),
            ),
            _("Name all of the classes, or none, and save it again."),
        )
    return None if value < 0 else classes[value]


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
