"""The file in which the worker hands a sum of gradients over. No torch."""

import math
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui.jobs.progress import Count
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
        layout = msgspec.json.decode(first[1], type=list[tuple[str, list[Count]]])
    except ValueError:
        raise FrameError("no layout") from None
    _, total = array_from(second[1])
    if total.dtype != np.int64 or total.shape != (sum(math.prod(shape) for _, shape in layout),):
        raise FrameError("no sum")
    return layout, total
