"""A label as a source hands it over: a name, a number, or a list of these in JSON.

What it means to a model, whoever reads labels for its task says.
"""

import json
import math
from collections.abc import Sequence


def label_text(value: object, classes: Sequence[str] | None) -> str | None:
    """Return a stored label as text; None for the usual marks of no label (NaN, below 0, empty).

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
    if isinstance(item, int) and item < 0:
        return None
    return None if item is None or item == "" else str(item)


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
