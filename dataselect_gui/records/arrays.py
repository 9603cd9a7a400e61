"""An array file: ``.npz`` with the records as ``x``, and ``y``, ``classes`` or other columns.

The arrays are read without pickles. All headers are read first, and an array is refused from its header
where what it declares does not fit what is stored, or would not fit into memory; of the arrays only
those are unpacked that a source needs.
"""

import io
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.decoding_process import shared
from dataselect_gui.records.source import (
    Content,
    Problem,
    UnreadableRecordError,
    own_unit,
    person_name,
)
from dataselect_gui.sandbox.confining import is_confined

MAX_ROWS = 5_000_000
_MAX_MEMBERS, _MAX_DIRECTORY = 1000, 1 << 20
_MAX_HEADER = 1 << 14
_MAX_TEXT, _MAX_TEXTS = 4096, 1 << 26
"""Characters of a label or a unit; bytes of all of them, and of classes, that are no numbers."""
_MAX_CLASSES, _MAX_AXES = 1 << 16, 32
_CHUNK = 1 << 20
_DAMAGED = (
    "It is damaged, is no .npz file, or holds Python objects instead of numbers, which are never "
    "unpacked."
)
_ZIP_END, _ZIP64_END, _ZIP64_LOCATOR = 22, 56, 20
_ZIP_HEADER, _ZIP_LENGTHS = 30, 26
"""Bytes of a zip file: of its end, of what comes before it in large files, of a member's header without
its name, before the lengths therein."""


@dataclass(frozen=True)
class Stored:
    """An array that is stored in a file, as its header declares it.

    Attributes
    ----------
    info : zipfile.ZipInfo
        Where.
    header : bytes
        What is before its numbers.
    dtype, shape, fortran
        As of NumPy.
    """

    info: zipfile.ZipInfo
    header: bytes
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool

    @property
    def size(self) -> int:
        """How many bytes its numbers take."""
        return math.prod(self.shape) * self.dtype.itemsize


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
    needed = ["x", "classes", label_column or "y", *([unit_column] if unit_column else [])]
    columns, arrays = _unpacked(path, needed)
    rows = arrays["x"]
    if label_column is None and "y" in arrays and "y" not in columns:
        raise UnusableError(
            f"The labels in “{path.name}” do not fit its records.",
            f"y holds {arrays['y'].dtype} of shape {arrays['y'].shape}, and there are {len(rows)} "
            "records.",
            "Save one label for each record as y, or leave y out.",
        )
    for column in (label_column, unit_column):
        if column is not None and column not in columns:
            raise UnusableError(
                f"The column “{column}” cannot be found.",
                f"“{path.name}” has the columns {', '.join(columns) or '(none)'}.",
                "Name one of these.",
            )
    classes = _classes(arrays.get("classes"))
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


def unpack(
    file: BinaryIO, name: str, needed: Sequence[str]
) -> tuple[list[str], Iterator[tuple[str, NDArray[Any]]]]:
    """Unpack the arrays of a file that a source needs.

    Parameters
    ----------
    file : binary file
        The file.
    name : str
        What it is called.
    needed : sequence of str
        The names of the arrays.

    Returns
    -------
    tuple
        The columns that may serve as label or unit; and those of the needed arrays that there are,
        unpacked one by one.

    Raises
    ------
    UnusableError
        Where it is no file of records, is damaged, or would not fit into memory.
    """
    headers = _look(file, name)
    wanted = {key: header for key, header in headers.items() if key in needed}
    _check_memory(name, sum(header.size for header in wanted.values()))
    columns = _columns(name, headers)
    _check_texts(name, wanted)

    def arrays() -> Iterator[tuple[str, NDArray[Any]]]:
        try:
            with zipfile.ZipFile(file) as archive:
                for key, header in wanted.items():
                    yield key, _read_array(archive, header)
        except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, MemoryError):
            raise _not_arrays(name) from None

    return columns, arrays()


def _unpacked(path: Path, needed: Sequence[str]) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Unpack a file here, where this process is confined; else where nothing can come of it."""
    try:
        with path.open("rb") as file:
            if is_confined():
                columns, made = unpack(file, path.name, needed)
                return columns, dict(made)
            columns, arrays = shared().arrays(file, path.name, needed, _most_memory())
    except OSError:
        raise _not_arrays(path.name) from None
    except UnreadableRecordError as reason:
        raise _not_arrays(path.name, str(reason)) from None
    fitting = _columns(path.name, arrays)  # What came may be the work of the file.
    return [name for name in columns if name in fitting or name not in needed], arrays


def _classes(names: NDArray[Any] | None) -> list[str] | None:
    if names is None or names.ndim != 1 or len(names) > _MAX_CLASSES or not _is_told(names.dtype):
        return None
    return [_text(name) for name in names]


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


def _columns(file: str, stored: Mapping[str, Stored | NDArray[Any]]) -> list[str]:
    """Return the columns that may serve as label or unit, having refused what are no records."""
    rows = stored.get("x")
    if rows is None or len(rows.shape) < 2 or rows.shape[0] == 0:
        raise UnusableError(
            f"“{file}” holds no records.",
            f"Records are the rows of an array “x”; the file has {', '.join(stored) or 'no arrays'}.",
            "Save the records as x, the labels as y.",
        )
    axes = len(rows.shape)
    is_image = rows.dtype == np.uint8 and (axes == 3 or (axes == 4 and rows.shape[3] in {1, 3, 4}))
    if not is_image and rows.dtype not in {np.dtype(np.float32), np.dtype(np.float64)}:
        raise UnusableError(
            f"The records in “{file}” are of a type that is not known here.",
            f"x holds {rows.dtype} of shape {rows.shape}.",
            "Images are uint8 of shape (n, height, width) or (n, height, width, channels); anything "
            "else is float32 or float64 in the model's own input shape.",
        )
    if rows.size == 0 or rows.shape[0] > MAX_ROWS:
        raise UnusableError(
            f"The records in “{file}” cannot be listed.",
            f"x has the shape {rows.shape}: there are more than {MAX_ROWS:,}, or nothing is in them.",
            "Split the file into several.",
        )
    return [
        name
        for name, column in stored.items()
        if name not in {"x", "classes"} and column.shape == rows.shape[:1] and _is_told(column.dtype)
    ]


def _is_told(dtype: np.dtype[Any]) -> bool:
    """Say whether values of a type can be labels or units: numbers, or texts of a sensible length."""
    return dtype.kind in "biuf" or (
        dtype.kind in "US" and 0 < dtype.itemsize <= _MAX_TEXT * (4 if dtype.kind == "U" else 1)
    )


def look_at_arrays(path: Path) -> dict[str, Stored]:
    """Read the headers of a file's arrays, and unpack nothing else.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        Name → array.

    Raises
    ------
    UnusableError
        Where it is no array file, or two of its members share a name or a byte.
    """
    try:
        with path.open("rb") as file:
            return _look(file, path.name)
    except OSError:
        raise _not_arrays(path.name) from None


def _look(file: BinaryIO, called: str) -> dict[str, Stored]:
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_places(file, members, archive.start_dir)
            stored: dict[str, Stored] = {}
            for info in members:
                name = info.filename.removesuffix(".npy")
                if name in stored:
                    raise ValueError("two arrays of one name")
                if name != info.filename:
                    stored[name] = _read_header(archive, info)
    except Exception:  # A header is an expression in Python: any fault is the file's.
        raise _not_arrays(called) from None
    return stored


def _check_directory(file: BinaryIO) -> None:
    """Refuse a zip file whose directory is larger than that of any array file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _ZIP_END - _ZIP64_LOCATOR - _ZIP64_END))
    end = file.read()
    magic, count, length = struct.unpack_from("<4s6xHI", end, len(end) - _ZIP_END)
    if magic != b"PK\x05\x06":
        raise ValueError("no zip file, or one with a comment")
    if end[-_ZIP_END - _ZIP64_LOCATOR :].startswith(b"PK\x06\x07"):
        count, length = struct.unpack_from("<32xQQ", end)
    if count > _MAX_MEMBERS or length > _MAX_DIRECTORY:
        raise ValueError("more members than an array file has")


def _check_places(file: BinaryIO, members: Sequence[zipfile.ZipInfo], end: int) -> None:
    """Refuse members that share bytes, or are packed in a way that NumPy does not use."""
    place = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError("a compression that NumPy does not use")
        if info.header_offset < place:
            raise ValueError("members that share bytes")
        file.seek(info.header_offset + _ZIP_LENGTHS)
        place = info.header_offset + _ZIP_HEADER + sum(struct.unpack("<HH", file.read(4)))
        place += info.compress_size
    if place > end:
        raise ValueError("members that share bytes with the directory")


def _read_header(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Stored:
    with archive.open(info) as member:
        start = io.BytesIO(member.read(_MAX_HEADER))
    version = np.lib.format.read_magic(start)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read(start)
    header = start.getvalue()[: start.tell()]
    array = Stored(info, header, dtype, shape, fortran)
    if dtype.hasobject or len(shape) > _MAX_AXES or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError("pickled objects, or a shape that no array has")
    if array.size > info.file_size:
        raise ValueError("header and content differ")
    return array


def _read_array(archive: zipfile.ZipFile, stored: Stored) -> NDArray[Any]:
    """Unpack one array."""
    if len(stored.header) + stored.size != stored.info.file_size:
        raise ValueError("header and content differ")
    values = np.empty(math.prod(stored.shape), stored.dtype)
    flat = values.view(np.uint8)
    with archive.open(stored.info) as member:
        member.read(len(stored.header))
        for start in range(0, len(flat), _CHUNK):
            part = flat[start : start + _CHUNK]
            part[:] = np.frombuffer(member.read(len(part)), np.uint8)
        member.read(1)  # Only at its end is a member's checksum compared.
    return values.reshape(stored.shape, order="F" if stored.fortran else "C")


def _not_arrays(name: str, why: str = _DAMAGED) -> UnusableError:
    return UnusableError(
        f"“{name}” cannot be read as arrays.",
        why,
        "Save it again with numpy.savez_compressed(path, x=…, y=…).",
    )


def _check_memory(name: str, declared: int) -> None:
    if declared > _most_memory():
        raise UnusableError(
            f"“{name}” is too large to unpack.",
            f"It unpacks to {declared / 2**30:.1f} GiB, more than half of this machine's memory.",
            "Split it into several files, or save the records as a folder of images.",
        )


def _check_texts(name: str, wanted: Mapping[str, Stored]) -> None:
    """Refuse texts that pack to little and unpack to much; of numbers there is one for each row."""
    rows, others = wanted["x"].shape[:1], [array for key, array in wanted.items() if key != "x"]
    told = sum(a.size for a in others if a.dtype.kind not in "biuf" or a.shape != rows)
    if told > _MAX_TEXTS:
        raise UnusableError(
            f"The labels or units in “{name}” are too long.",
            f"They unpack to {told >> 20:,} MiB, of which {_MAX_TEXTS >> 20} are read.",
            "Save numbers, and what they are called as classes, or split the file into several.",
        )


def _most_memory() -> int:
    """Return how many bytes a file may unpack to: half of what the machine has."""
    if not hasattr(os, "sysconf"):
        return 4 << 30
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
