"""Array files (``.npz``), taking for granted that they may be hostile.

The arrays are read without pickles. All headers are read first, and an array is refused from its header
where what it declares does not fit what is stored, or would not fit into memory.
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

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import N_, _

MAX_ROWS = 5_000_000
_MAX_MEMBERS, _MAX_DIRECTORY = 1000, 1 << 20
_MAX_HEADER = 1 << 14
_MAX_AXES = 32
_CHUNK = 1 << 20
_DAMAGED = N_(
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
            return read_headers(file, path.name)
    except OSError:
        raise not_arrays(path.name) from None


def read_headers(file: BinaryIO, called: str) -> dict[str, Stored]:
    """Read the headers of a file's arrays. See `look_at_arrays`."""
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
        raise not_arrays(called) from None
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


def read_arrays(
    file: BinaryIO, name: str, wanted: Mapping[str, Stored]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Unpack some arrays of a file, one by one.

    Raises
    ------
    UnusableError
        Where it is damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            for key, header in wanted.items():
                yield key, _read_array(archive, header)
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, MemoryError):
        raise not_arrays(name) from None


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


def not_arrays(name: str, why: str = "") -> UnusableError:
    """Return the refusal of a file that holds no arrays, and why; without a reason, it is damaged."""
    return UnusableError(
        _("“{name}” cannot be read as arrays.", name=name),
        why or _(_DAMAGED),
        _("Save it again with numpy.savez_compressed(path, x=…, y=…)."),
    )


def check_memory(name: str, declared: int) -> None:
    """Refuse a file that unpacks to more bytes than there is room for.

    Raises
    ------
    UnusableError
        Where it does.
    """
    if declared > most_memory():
        raise UnusableError(
            _("“{name}” is too large to unpack.", name=name),
            _(
                "It unpacks to {gibibytes:.1f} GiB, more than half of this machine's memory.",
                gibibytes=declared / 2**30,
            ),
            _("Split it into several files, or save the records as a folder of images."),
        )


def most_memory() -> int:
    """Return how many bytes a file may unpack to: half of what the machine has."""
    if not hasattr(os, "sysconf"):
        return 4 << 30
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
