"""An array file: ``.npz`` with the records as ``x``, and ``y``, ``classes`` or other columns.

The arrays are read without pickles, and an array is refused from its header where what it declares
does not fit what is stored, or would not fit into memory.
"""

import lzma
import math
import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.source import (
    Content,
    Problem,
    UnreadableRecordError,
    own_unit,
    person_name,
)


@dataclass
class ArrayFile:
    """A source whose records are the rows of an array. See `Source` for the attributes."""

    path: Path
    ids: Sequence[str]
    labels: Sequence[str | None]
    units: Sequence[str] | None
    classes: Sequence[str] | None
    columns: Sequence[str]
    rows: NDArray[Any]
    problems: Sequence[Problem] = ()
    ignored: int = 0
    kind: str = "arrays"

    @property
    def blank(self) -> Content:
        """Return a row of zeros: all rows of an array have one shape. See `Source.blank`."""
        return self._decoded(np.zeros(self.rows.shape[1:], dtype=self.rows.dtype))

    def read(self, index: int) -> bytes:
        """Return the bytes of one row, led by its type and shape. See `Source.read`."""
        row = np.ascontiguousarray(self.rows[index])
        return f"{row.dtype.str}{row.shape};".encode() + row.tobytes()

    def stamp(self, index: int) -> tuple[int, int] | None:
        """Return nothing: rows have no time of their own. See `Source.stamp`."""
        del index
        return None

    def decode(self, stored: bytes) -> Content:
        """Return the row as an image (uint8) or as it is (float). See `Source.decode`."""
        flat = np.frombuffer(stored[stored.index(b";") + 1 :], dtype=self.rows.dtype)
        return self._decoded(flat.reshape(self.rows.shape[1:]))

    def _decoded(self, row: NDArray[Any]) -> Content:
        if row.dtype == np.uint8:
            has_one_channel = self.rows.ndim == 4 and self.rows.shape[-1] == 1
            return Image.fromarray(row.reshape(row.shape[:2]) if has_one_channel else row)
        if not np.isfinite(row).all():
            raise UnreadableRecordError("The record holds values that are not finite numbers.")
        return row


def open_arrays(path: Path, label_column: str | None, unit_column: str | None) -> ArrayFile:
    """Open an ``.npz`` file.

    Parameters
    ----------
    path : Path
        The file. ``x`` has shape (n, height, width) or (n, height, width, channels) as uint8, or
        (n, …) in the model's own input shape as float32 or float64.
    label_column, unit_column : str or None
        Other arrays of length n; the label is ``y`` unless named.

    Raises
    ------
    UnusableError
        Where the file or one of the named arrays cannot be used.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = {Path(info.filename).stem: info for info in archive.infolist()}
            _check_memory(path, sum(info.file_size for info in names.values()))
            arrays = {}
            for name, info in names.items():
                with archive.open(info) as member:
                    arrays[name] = _read_array(member, info.file_size)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        RuntimeError,  # Encrypted, or (NotImplementedError) an unknown compression.
        ValueError,
        EOFError,
        OSError,
        MemoryError,
    ):
        raise UnusableError(
            f"“{path.name}” cannot be read as arrays.",
            "It is damaged, is no .npz file, or holds Python objects instead of numbers, which are "
            "never unpacked.",
            "Save it again with numpy.savez_compressed(path, x=…, y=…).",
        ) from None
    rows = _records(path, arrays)
    columns = [n for n, a in arrays.items() if n not in {"x", "classes"} and a.shape == rows.shape[:1]]
    if label_column is None and "y" in arrays and "y" not in columns:
        raise UnusableError(
            f"The labels in “{path.name}” do not fit its records.",
            f"y has the shape {arrays['y'].shape}, and there are {len(rows)} records.",
            "Save one label for each record as y, or leave y out.",
        )
    for wanted in (label_column, unit_column):
        if wanted is not None and wanted not in columns:
            raise UnusableError(
                f"The column “{wanted}” cannot be found.",
                f"“{path.name}” has the columns {', '.join(columns) or '(none)'}.",
                "Name one of these.",
            )
    classes = [_text(c) for c in arrays["classes"]] if arrays.get("classes", rows).ndim == 1 else None
    label = label_column or "y"
    labels: list[str | None] = [None] * len(rows)
    if label in columns:
        names_apply = label == "y" and classes is not None
        labels = [_label(value, classes if names_apply else None) for value in arrays[label].tolist()]
    return ArrayFile(
        path=path,
        ids=[str(row) for row in range(len(rows))],
        labels=labels,
        units=_units(arrays[unit_column].tolist()) if unit_column else None,
        classes=classes if label == "y" else None,
        columns=columns,
        rows=rows,
    )


def _units(values: Sequence[object]) -> list[str]:
    """Return the units' names; a record that names no person (NaN, empty) is one of its own.

    Any number is a name, also a negative one: hashes are, and whoever is taken for nobody would be
    as many units as there are records.
    """
    names = [person_name(_person(value)) for value in values]
    return [name or own_unit(str(row)) for row, name in enumerate(names)]


def _person(value: object) -> str | None:
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() else str(value)
    return _text(value)


def _label(value: object, classes: Sequence[str] | None) -> str | None:
    """Return a label's name; None for the usual marks of no label (NaN, negative, empty)."""
    if isinstance(value, float):
        if not value.is_integer():
            return None
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            return None
        return classes[value] if classes is not None and value < len(classes) else str(value)
    return _text(value) or None


def _text(value: object) -> str:
    """Return a text that can be written: an array can hold half a character, and bytes of any kind."""
    stored = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    return stored.decode("utf-8", "replace")


def _records(path: Path, arrays: dict[str, NDArray[Any]]) -> NDArray[Any]:
    rows = arrays.get("x")
    if rows is None or rows.ndim < 2 or len(rows) == 0:
        raise UnusableError(
            f"“{path.name}” holds no records.",
            f"Records are the rows of an array “x”; the file has {', '.join(arrays) or 'no arrays'}.",
            "Save the records as x, the labels as y.",
        )
    is_image = rows.dtype == np.uint8 and (
        rows.ndim == 3 or (rows.ndim == 4 and rows.shape[3] in {1, 3, 4})
    )
    if not is_image and rows.dtype not in {np.dtype(np.float32), np.dtype(np.float64)}:
        raise UnusableError(
            f"The records in “{path.name}” are of a type that is not known here.",
            f"x holds {rows.dtype} of shape {rows.shape}.",
            "Images are uint8 of shape (n, height, width) or (n, height, width, channels); anything "
            "else is float32 or float64 in the model's own input shape.",
        )
    return rows


def _read_array(member: IO[bytes], stored_bytes: int) -> NDArray[Any]:
    """Read one array, having checked that its header fits what is stored."""
    version = np.lib.format.read_magic(member)
    read_header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read_header(member)
    if dtype.hasobject:
        raise ValueError("pickled objects")
    expected = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if expected > stored_bytes:
        raise ValueError("header and content differ")
    flat = np.frombuffer(member.read(expected), dtype=dtype)
    if member.read(1):
        raise ValueError("more than the header says")
    return flat.reshape(shape, order="F" if fortran else "C")


def _check_memory(path: Path, declared: int) -> None:
    memory = (
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 8 << 30
    )
    if declared > memory // 2:
        raise UnusableError(
            f"“{path.name}” is too large to unpack.",
            f"It unpacks to {declared / 2**30:.1f} GiB, more than half of this machine's memory.",
            "Split it into several files, or save the records as a folder of images.",
        )
