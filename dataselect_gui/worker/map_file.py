"""The file in which the worker hands maps over: written by the child, read by the parent. No torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = "maps.npz"
_TOLD = "told"


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


def write_maps(folder: Path, found: Mapping[int, RecordMaps]) -> None:
    """Write the maps of records, by their rows."""
    arrays: dict[str, Any] = {}
    told = {}
    for row, one in found.items():
        told[row] = {"id": one.id, "maps": list(one.maps), "reasons": one.reasons}
        arrays |= {f"{row}/{name}": values for name, values in one.maps.items()}
        if one.view is not None:
            arrays[f"{row}/"] = one.view
    np.savez(folder / FILE, **{_TOLD: np.array(json.dumps(told)), **arrays})


def read_maps(folder: Path) -> dict[int, RecordMaps]:
    """Read what `write_maps` wrote."""
    with np.load(folder / FILE) as arrays:
        return {
            int(row): RecordMaps(
                id=told["id"],
                view=arrays.get(f"{row}/", None),
                maps={name: arrays[f"{row}/{name}"] for name in told["maps"]},
                reasons=told["reasons"],
            )
            for row, told in json.loads(str(arrays[_TOLD])).items()
        }
