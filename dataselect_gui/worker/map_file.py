"""The file in which the worker hands maps over: written by the child, read by the parent. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui.records.array_frames import array_from, array_parts
from dataselect_gui.sandbox.frames import FrameError, read_frame, write_frame

FILE = "maps"
_TOLD, _ARRAY = 1, 2


@dataclass(frozen=True)
class RecordMaps:
    """One record as the model takes it, and its maps.

    Attributes
    ----------
    id : str
        The record's.
    view : ndarray of uint8 or None
        What the model sees, from its darkest to its brightest value: shape (height, width), or
        (height, width, 3) in colour; None where the record cannot be read or is no image.
    maps : dict of str to ndarray of float32
        Score → map, shape (height, width), in the score's own unit.
    reasons : dict of str to str
        Score → why there is no map, for a person.
    """

    id: str
    view: NDArray[np.uint8] | None
    maps: dict[str, NDArray[np.float32]]
    reasons: dict[str, str]

    @property
    def size(self) -> int:
        """The bytes that its arrays take."""
        view = 0 if self.view is None else self.view.nbytes
        return view + sum(values.nbytes for values in self.maps.values())


class _Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a record beside its arrays."""

    id: str
    maps: list[str]
    reasons: dict[str, str]


def write_maps(folder: Path, found: Mapping[int, RecordMaps]) -> None:
    """Write the maps of records, by their rows."""
    told = {row: _Told(one.id, list(one.maps), one.reasons) for row, one in found.items()}
    with (folder / FILE).open("wb") as file:
        write_frame(file, _TOLD, msgspec.json.encode(told))
        for row, one in found.items():
            for name, values in one.maps.items():
                write_frame(file, _ARRAY, *array_parts(f"{row}/{name}", values))
            if one.view is not None:
                write_frame(file, _ARRAY, *array_parts(f"{row}/", one.view))


def read_maps(folder: Path) -> dict[int, RecordMaps]:
    """Read what `write_maps` wrote, as far as it is what that writes.

    Raises
    ------
    FrameError
        Where it is not: the worker has fallen to what it was given.
    """
    arrays: dict[str, NDArray[Any]] = {}
    told: dict[int, _Told] | None = None
    try:
        with (folder / FILE).open("rb") as file:
            size = (folder / FILE).stat().st_size
            while (frame := read_frame(file, {_TOLD: size, _ARRAY: size})) is not None:
                if frame[0] == _TOLD:
                    told = msgspec.json.decode(frame[1], type=dict[int, _Told])
                else:
                    name, values = array_from(frame[1])
                    arrays[name] = values
        if told is None:
            raise FrameError("no maps")
        return {row: _record(row, one, arrays) for row, one in told.items()}
    except (KeyError, ValueError):
        raise FrameError("no maps") from None


def _record(row: int, told: "_Told", arrays: dict[str, NDArray[Any]]) -> RecordMaps:
    view = arrays.get(f"{row}/")
    maps = {name: arrays[f"{row}/{name}"] for name in told.maps}
    if view is not None and (view.dtype != np.uint8 or view.shape[2:] not in {(), (3,)}):
        raise FrameError("no picture")
    if any(values.dtype != np.float32 or values.ndim != 2 for values in maps.values()):
        raise FrameError("no maps")
    return RecordMaps(id=told.id, view=view, maps=maps, reasons=told.reasons)
