"""Read JSON that a stranger wrote: an object of bounded size and depth, with plain numbers.

What Python's parser takes beyond that would be trouble later: a repeated name means two things to two
readers, NaN and 1e999 are no numbers, half a character cannot be written, and a thousand nested lists
exhaust the stack of whatever walks them.
"""

import json
from typing import Any, NoReturn

from dataselect_gui.privacy.amounts import decimal_of
from dataselect_gui.records.source import is_text

LARGEST = 16 << 20
"""Bytes. The names of 100,000 classes take a tenth of it."""
DEEPEST = 32
MOST_VALUES = 2_000_000


def parse_object(content: bytes) -> dict[str, Any]:
    """Return the JSON object that some bytes hold.

    Parameters
    ----------
    content : bytes
        UTF-8.

    Raises
    ------
    ValueError
        Where they hold something else, or more than the limits above; its message is a sentence.
    """
    if len(content) > LARGEST:
        raise ValueError(f"It is larger than {LARGEST >> 20} MiB.")
    try:
        text = content.decode("utf-8")
        found = json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise ValueError("It is nested too deeply.") from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise ValueError("It is not JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise ValueError("It is not a JSON object.")
    _check_nesting(found)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("It gives a name twice.")
    return found


def _whole(text: str) -> int:
    if decimal_of(text) is None:
        raise ValueError("It holds a number that is too long.")
    return int(text)


def _finite(text: str) -> float:
    if decimal_of(text) is None:
        raise ValueError("It holds a number that is too long, or too large.")
    return float(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"It holds “{text}”, which is no number.")


def _check_nesting(found: dict[str, Any]) -> None:
    """Walk it level by level; half characters, which JSON can escape, are looked for on the way."""
    level: list[Any] = [found]
    values = 0
    for _ in range(DEEPEST):
        inside: list[Any] = []
        for part in level:
            if isinstance(part, dict):
                inside += part
                inside += part.values()
            elif isinstance(part, list):
                inside += part
            elif isinstance(part, str) and not is_text(part):
                raise ValueError("It holds half a character.")
        values += len(inside)
        if values > MOST_VALUES:
            raise ValueError(f"It holds more than {MOST_VALUES:,} values.")
        if not inside:
            return
        level = inside
    raise ValueError("It is nested too deeply.")
