"""The file in which the worker hands a sum of gradients over. No torch."""

import json
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.records.array_frames import array_from
from dataselect_gui.sandbox.frames import FrameError, read_frame

SUM = "sum"
LAYOUT, TOTAL = 1, 2


def read_sum(folder: Path) -> tuple[list[tuple[str, list[int]]], NDArray[np.int64]]:
    """Return the names and shapes of the parameters, and the sum in steps, shape (parameters,).

    Raises
    ------
    FrameError
        Where the file is not as the worker writes it: it has fallen to what it was given.
    """
    path = folder / SUM
    size = path.stat().st_size
    with path.open("rb") as file:
        first, second = (read_frame(file, {kind: size}) for kind in (LAYOUT, TOTAL))
    if first is None or second is None:
        raise FrameError("no sum")
    try:
        layout = [(name, shape) for name, shape in json.loads(first[1])]
    except (ValueError, TypeError, RecursionError):
        raise FrameError("no layout") from None
    _, total = array_from(second[1])
    are_shapes = all(
        isinstance(name, str)
        and isinstance(shape, list)
        and all(type(side) is int and side >= 0 for side in shape)
        for name, shape in layout
    )
    if (
        not are_shapes
        or total.dtype != np.int64
        or total.shape != (sum(math.prod(shape) for _, shape in layout),)
    ):
        raise FrameError("no sum")
    return layout, total
