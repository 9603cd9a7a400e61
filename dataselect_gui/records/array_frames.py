"""Arrays in frames: a header with name, type and shape, checked against the bytes that follow."""

import json
import math
import re
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.sandbox.frames import FrameError

MOST_ARRAY_HEADER = 1 << 16
"""Bytes of the header of an array."""
_LENGTH = struct.Struct("<H")
_DTYPE = re.compile(r"[<>|][?biufcmMSUV][0-9]{1,9}(\[[A-Za-z0-9]{1,9}\])?")


def array_parts(name: str, values: NDArray[Any]) -> tuple[bytes, bytes, memoryview]:
    """Return the content of an array's frame, in parts."""
    header = json.dumps([name, values.dtype.str, values.shape]).encode()
    flat = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
    return _LENGTH.pack(len(header)), header, flat.data


def array_from(content: bytes) -> tuple[str, NDArray[Any]]:
    """Return an array and its name.

    Raises
    ------
    FrameError
        Where its header is not one of an array, or not that of the bytes that came.
    """
    try:
        (length,) = _LENGTH.unpack_from(content)
        start = _LENGTH.size + length
        name, dtype, shape = json.loads(content[_LENGTH.size : start])
        is_valid = (
            isinstance(name, str)
            and isinstance(dtype, str)
            and _DTYPE.fullmatch(dtype) is not None
            and isinstance(shape, list)
            and all(type(side) is int and side >= 0 for side in shape)
        )
        if not is_valid or math.prod(shape) * np.dtype(dtype).itemsize != len(content) - start:
            raise FrameError("no array")
        return name, np.frombuffer(content, dtype=np.dtype(dtype), offset=start).reshape(shape)
    except (ValueError, TypeError, RecursionError, struct.error):
        raise FrameError("no array") from None
