"""Plain values in the JSON of a ``.pt2`` file: each of a known kind and size, or refused."""

import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from dataselect_gui.checkpoints.exported.program import Dtype
from dataselect_gui.texts import _

NAME = re.compile(r"[^\W\d]\w*")
DEEPEST = 32
"""Axes of a tensor, and levels of nesting."""
LARGEST = 2**31
"""What a number in a graph, or a tensor's count of numbers, may be."""
_OPEN = 2**63 - 1
"""How a slice says that it goes on to the end."""
DTYPES: Mapping[int, tuple[str, int]] = {
    1: ("uint8", 1),
    2: ("int8", 1),
    3: ("int16", 2),
    4: ("int32", 4),
    5: ("int64", 8),
    6: ("float16", 2),
    7: ("float32", 4),
    8: ("float64", 8),
    12: ("bool", 1),
    13: ("bfloat16", 2),
}
"""Of each kind of number its name, and its bytes, by PyTorch's number for it."""
STRIDED = 7
"""PyTorch's number for a dense tensor."""
_FLOATS = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}


class RefusedError(Exception):
    """Something in the file is not known to be harmless; the words say what."""


class DamagedError(Exception):
    """Something in the file is not as `torch.export.save` writes it."""


def read_name(name: Any) -> str:  # noqa: ANN401  (any part of JSON)
    """Return a plain name."""
    if not isinstance(name, str):
        raise DamagedError
    if not NAME.fullmatch(name):
        refuse(_("A name in its graph is more than a name."))
    return name


def read_integer(value: Any) -> int:  # noqa: ANN401
    """Return an integer within bounds."""
    if type(value) is not int:
        raise DamagedError
    if abs(value) > LARGEST and value != _OPEN:
        refuse(_("A number in its graph is out of bounds."))
    return value


def read_size(value: Any) -> int:  # noqa: ANN401
    """Return an integer within bounds that is not negative."""
    if read_integer(value) < 0:
        refuse(_("A number in its graph is out of bounds."))
    return int(value)


def read_float(value: Any) -> float:  # noqa: ANN401
    """Return a float; JSON has no infinities, so they are words."""
    if isinstance(value, str):
        return _FLOATS[value]
    if type(value) is not float:
        return float(read_integer(value))
    return value


def read_bool(value: Any) -> bool:  # noqa: ANN401
    """Return a truth value."""
    if type(value) is not bool:
        raise DamagedError
    return value


def read_word(value: Any) -> str:  # noqa: ANN401
    """Return a text."""
    if not isinstance(value, str):
        raise DamagedError
    return value


def read_dtype(value: Any) -> Dtype:  # noqa: ANN401
    """Return a kind of number that scores know."""
    if value not in DTYPES:
        refuse(_("Its graph makes numbers of a kind that scores do not know."))
    return Dtype(DTYPES[value][0])


def check_layout(value: Any) -> None:  # noqa: ANN401
    """Refuse a tensor that is not dense."""
    if value != STRIDED:
        refuse(_("Its graph makes a sparse tensor."))


def refuse(why: str) -> NoReturn:
    """Raise a `RefusedError`."""
    raise RefusedError(why)
