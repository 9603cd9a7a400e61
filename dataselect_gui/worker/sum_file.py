"""The file in which the worker hands a sum of gradients over. No torch."""

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui.jobs.progress import Count
from dataselect_gui.records.array_frames import array_from
from dataselect_gui.sandbox.frames import FrameError, read_frame

SUM = "sum"
LAYOUT, TOTAL = 1, 2


def read_sum(folder: Path, layout: Sequence[tuple[str, Sequence[int]]]) -> NDArray[np.int64]:
    """Return the sum in steps, shape (parameters,).

    Parameters
    ----------
    folder : Path
        Holds the file.
    layout : sequence of (str, sequence of int)
        The names and shapes that the file must state, in order, as a process without records gave them:
        in others could be hidden what the records hold.

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
        stated = msgspec.json.decode(first[1], type=list[tuple[str, list[Count]]])
    except ValueError:
        raise FrameError("no layout") from None
    if stated != [(name, list(shape)) for name, shape in layout]:
        raise FrameError("of other parameters than the checkpoint has")
    _, total = array_from(second[1])
    if total.dtype != np.int64 or total.shape != (sum(math.prod(shape) for _, shape in layout),):
        raise FrameError("no sum")
    return total
