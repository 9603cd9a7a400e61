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
_DESCRIPTIONS, _ARRAY = 1, 2


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


class _Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What describes a record, beside its arrays."""

    id: str
    maps: list[str]
    reasons: dict[str, str]


def write_maps(folder: Path, records: Mapping[int, RecordMaps]) -> None:
    """Write the maps of records, by their rows."""
    descriptions = {
        row: _Description(record.id, list(record.maps), record.reasons)
        for row, record in records.items()
    }
    with (folder / FILE).open("wb") as file:
        write_frame(file, _DESCRIPTIONS, msgspec.json.encode(descriptions))
        for row, record in records.items():
            for name, values in record.maps.items():
                write_frame(file, _ARRAY, *array_parts(f"{row}/{name}", values))
            if record.view is not None:
                write_frame(file, _ARRAY, *array_parts(f"{row}/", record.view))


def read_maps(folder: Path) -> dict[int, RecordMaps]:
    """Read what `write_maps` wrote, as far as it is what that writes.

    Raises
    ------
    FrameError
        Where it is not: the worker has fallen to what it was given.
    """
    arrays: dict[str, NDArray[Any]] = {}
    descriptions: dict[int, _Description] | None = None
    try:
        with (folder / FILE).open("rb") as file:
            size = (folder / FILE).stat().st_size
            while (frame := read_frame(file, {_DESCRIPTIONS: size, _ARRAY: size})) is not None:
                if frame[0] == _DESCRIPTIONS:
                    descriptions = msgspec.json.decode(frame[1], type=dict[int, _Description])
                else:
                    name, values = array_from(frame[1])
                    arrays[name] = values
        if descriptions is None:
            raise FrameError("no maps")
        return {row: _record(row, item, arrays) for row, item in descriptions.items()}
    except (KeyError, ValueError):
        raise FrameError("no maps") from None


def _record(row: int, description: _Description, arrays: dict[str, NDArray[Any]]) -> RecordMaps:
    view = arrays.get(f"{row}/")
    maps = {name: arrays[f"{row}/{name}"] for name in description.maps}
    if view is not None and (view.dtype != np.uint8 or view.shape[2:] not in {(), (3,)}):
        raise FrameError("no picture")
    if any(values.dtype != np.float32 or values.ndim != 2 for values in maps.values()):
        raise FrameError("no maps")
    return RecordMaps(id=description.id, view=view, maps=maps, reasons=description.reasons)
