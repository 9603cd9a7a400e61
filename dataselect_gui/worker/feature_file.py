"""The file in which the worker hands features over, and sums of gradients by class. No torch."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.calibration_file import WIDEST
from dataselect_gui.jobs.progress import Count
from dataselect_gui.records.array_frames import array_from, array_parts
from dataselect_gui.sandbox.frames import FrameError, read_frame, write_frame

_FILE = "features"
_LAYOUT, _FEATURES, _SUMS = 1, 2, 3


@dataclass(frozen=True)
class Taken:
    """What the worker took of records.

    Attributes
    ----------
    features : ndarray of float64
        Shape (records, width); NaN for a record without any. Of width 0 where none were wanted.
    sums : ndarray of int64
        The summed gradients in steps, shape (classes, parameters). None where none were wanted.
    layout : list of (str, list of int)
        The parameters' names and shapes, in the order in which sums have them.
    """

    features: NDArray[np.float64]
    sums: NDArray[np.int64]
    layout: list[tuple[str, list[int]]]


def write_taken(folder: Path, taken: Taken) -> None:
    """Write what was taken."""
    with (folder / _FILE).open("wb") as file:
        write_frame(file, _LAYOUT, json.dumps(taken.layout).encode())
        write_frame(file, _FEATURES, *array_parts("features", taken.features))
        write_frame(file, _SUMS, *array_parts("sums", taken.sums))


def read_taken(folder: Path, records: int, classes: int, summed: Sequence[int], steps: int) -> Taken:
    """Return what was taken of so many records.

    Raises
    ------
    FrameError
        Where the file is not as the worker writes it: it has fallen to what it was given.
    """
    path = folder / _FILE
    size = path.stat().st_size
    with path.open("rb") as file:
        frames = [read_frame(file, {kind: size}) for kind in (_LAYOUT, _FEATURES, _SUMS)]
    contents = [frame[1] for frame in frames if frame is not None]
    if len(contents) < len(frames):
        raise FrameError("not whole")
    try:
        layout = msgspec.json.decode(contents[0], type=list[tuple[str, list[Count]]])
    except ValueError:
        raise FrameError("no layout") from None
    (_, features), (_, sums) = array_from(contents[1]), array_from(contents[2])
    parameters = sum(math.prod(shape) for _, shape in layout)
    is_table = features.dtype == np.float64 and features.ndim == 2 and len(features) == records
    if not is_table or features.shape[1] > WIDEST:
        raise FrameError("no features")
    if sums.dtype != np.int64 or sums.shape != (classes if summed else 0, parameters):
        raise FrameError("no sums")
    most = len(summed) * steps * (1 + 1e-9)
    if len(sums) and np.linalg.norm(sums.astype(np.float64), axis=1).max() > most:
        raise FrameError("longer than so many clipped gradients can be")
    return Taken(features, sums, layout)
