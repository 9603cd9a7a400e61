"""Read JSON that a stranger wrote: an object of bounded size and depth, with plain numbers.

What Python's parser takes beyond that would be trouble later: a repeated name means two things to two
readers, NaN and 1e999 are no numbers, half a character cannot be written, and a thousand nested lists
exhaust the stack of whatever walks them.
"""

import json
import math
from typing import Any, TypeAlias

from dataselect_gui.plain import is_text
from dataselect_gui.texts import _

LARGEST = 16 << 20
"""Bytes. The names of 100,000 classes take a tenth of it."""
DEEPEST = 32
MOST_VALUES = 2_000_000
JsonObject: TypeAlias = dict[str, object]
"""An object whose values nobody has looked at yet."""
_LONGEST_NUMBER = 40
"""Digits. A longer one is read as infinite, and refused as such."""


def parse_object(content: bytes, largest: int = LARGEST) -> JsonObject:
    """Return the JSON object that some bytes hold.

    Parameters
    ----------
    content : bytes
        UTF-8.
    largest : int
        How many they may be.

    Raises
    ------
    ValueError
        Where they hold something else, or more than the limits above; its message is a sentence.
    """
    if len(content) > largest:
        raise ValueError(_("It is larger than {largest} MiB.", largest=largest >> 20))
    try:
        text = content.decode("utf-8")
        parsed = json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=_whole,
            parse_float=_floating,
        )
    except RecursionError:
        raise ValueError(_("It is nested too deeply.")) from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise ValueError(_("It is not JSON in UTF-8.")) from None
    if not isinstance(parsed, dict):
        raise ValueError(_("It is not a JSON object."))
    _check_values(parsed)
    return parsed


def _once(pairs: list[tuple[str, object]]) -> JsonObject:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError(_("It gives a name twice."))
    return content


def _whole(text: str) -> float:
    return math.inf if len(text) > _LONGEST_NUMBER else int(text)


def _floating(text: str) -> float:
    return math.inf if len(text) > _LONGEST_NUMBER else float(text)


def _check_values(content: JsonObject) -> None:
    """Walk what each name holds level by level, never deeper than it may be."""
    values = 0
    for name, value in content.items():
        if not is_text(name):
            raise ValueError(_("It holds half a character."))
        level: list[Any] = [value]
        for _depth in range(DEEPEST):
            inside: list[Any] = []
            for part in level:
                if isinstance(part, dict):
                    inside += part
                    inside += part.values()
                elif isinstance(part, list):
                    inside += part
                elif isinstance(part, str) and not is_text(part):
                    raise ValueError(_("“{name}” holds half a character.", name=name[:60]))
                elif isinstance(part, float) and not math.isfinite(part):
                    raise ValueError(_("“{name}” holds no plain number.", name=name[:60]))
            values += len(inside)
            if values > MOST_VALUES:
                raise ValueError(
                    _("It holds more than {most_values:,} values.", most_values=MOST_VALUES)
                )
            level = inside
            if not level:
                break
        else:
            raise ValueError(_("It is nested too deeply."))
