"""Check the records in a bundle, as `contents` writes them: each form as it is, no other."""

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.arrays import Stored, look_at_arrays, open_arrays
from dataselect_gui.records.images import decode_image, look_at
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.release.clean import EXTENSIONS, says_nothing_else
from dataselect_gui.release.contents import ARRAYS, DATA, LISTING, listing_line
from dataselect_gui.release.faults import FaultError, shown
from dataselect_gui.release.tables import lines_of

_MOST_PIXELS, _PIXELS_PER_BYTE = 1 << 30, 256
"""Pixels that a bundle may have, and how many more for each byte of its images: an even grey image, the
smallest that a JPEG can be, has about a hundred."""
_MOST_BYTES, _BYTES_PER_BYTE = 1 << 28, 64
"""The same of arrays."""
_NO_DATE, _IN_ADDITION, _OWN_FILE, _UNIX = 33, 0xFFFFFFFF, 0o600 << 16, 3
"""What a zip file says where NumPy writes it: of its date, of sizes that follow, of who may read it, of
the system that it was made on."""
_CHUNK = 1 << 20


def metadata(path: Path) -> str:
    """Say that no file of records is built of more than its pixels or numbers need.

    Raises
    ------
    FaultError
        Where one is.
    """
    if (path / ARRAYS).is_file():
        _nothing_but_arrays(path / ARRAYS)
        return (
            "The array file holds two arrays, with nothing before, between or behind them. Whether the "
            "numbers themselves, or how they are packed, hide something was not looked for."
        )
    nothing_but_pixels(sorted(p for p in (path / DATA).iterdir() if p.suffix[1:] in EXTENSIONS))
    return (
        "Every image consists of what its pixels need: no metadata but an orientation, no table or "
        "colour that is not used, no byte behind or between the coded pixels, and beyond the edge of a "
        "picture nothing but what encoders write there. Whether the pixels themselves, or how they are "
        "coded, hide something was not looked for."
    )


def nothing_but_pixels(files: list[Path]) -> None:
    """Look at each image before it is decoded, and at how much all of them unpack to.

    Raises
    ------
    FaultError
        Where one holds more than its pixels need, cannot be read, or is too much.
    """
    left = _MOST_PIXELS + _PIXELS_PER_BYTE * sum(file.stat().st_size for file in files)
    for file in files:
        stored = file.read_bytes()
        try:
            bare = look_at(stored)
            left -= max(bare.width * bare.height, bare.unpacked)
            if left < 0:
                raise FaultError("The images unpack to more than images of their size do.")
            if not says_nothing_else(file.suffix[1:], stored):
                raise FaultError(f"“{shown(file.name)}” holds more than pixels.")
            decode_image(stored)
        except UnreadableRecordError as error:
            raise FaultError(f"“{shown(file.name)}” cannot be read: {error}") from None


def _nothing_but_arrays(file: Path) -> None:
    """Refuse a file that is not, byte for byte, what NumPy writes around the packed numbers."""
    directory, place = b"", 0
    arrays = _look_at_records(file)
    longest = max(len(label or "") for label in open_arrays(file, "y", None).labels)
    if list(arrays) != ["x", "y"] or arrays["y"].dtype != np.dtype((np.str_, max(longest, 1))):
        raise FaultError("The array file holds more than arrays.")
    with file.open("rb") as stored:
        for array in arrays.values():
            info, name = array.info, array.info.filename.encode()
            sizes = (info.file_size, info.compress_size)
            told = struct.pack("<HHHHHI", 45, 0, zipfile.ZIP_DEFLATED, 0, _NO_DATE, info.CRC)
            local = struct.pack(
                "<4s14sIIHH", b"PK\3\4", told, _IN_ADDITION, _IN_ADDITION, len(name), 20
            )
            local += name + struct.pack("<HHQQ", 1, 16, *sizes)
            central = struct.pack("<4sBB14sII", b"PK\1\2", 45, _UNIX, told, *sizes[::-1])
            central += struct.pack("<5HII", len(name), 0, 0, 0, 0, _OWN_FILE, place)
            directory += central + name
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                header, {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
            )
            if (
                info.header_offset != place
                or stored.read(len(local)) != local
                or array.header != header.getvalue()
                or not _ends_with_its_numbers(stored, info)
            ):
                raise FaultError("The array file holds more than arrays.")
            place += len(local) + info.compress_size
        end = struct.pack(
            "<4s4HIIH", b"PK\5\6", 0, 0, len(arrays), len(arrays), len(directory), place, 0
        )
        if stored.read(len(directory) + len(end) + 1) != directory + end:
            raise FaultError("The array file holds more than arrays.")


def _look_at_records(file: Path) -> dict[str, Stored]:
    """Return the arrays of a file, of which none is unpacked before it is known how large they are."""
    stored = look_at_arrays(file)
    if stored.keys() != {"x", "y"}:
        raise FaultError("The array file holds more than records and labels.")
    if (
        sum(array.size for array in stored.values())
        > _MOST_BYTES + _BYTES_PER_BYTE * file.stat().st_size
    ):
        raise FaultError("The arrays unpack to more than arrays of their size do.")
    return stored


def _ends_with_its_numbers(stored: BinaryIO, info: zipfile.ZipInfo) -> bool:
    """Say whether a member's packed bytes end where what they unpack to does."""
    inflating, inflated = zlib.decompressobj(-zlib.MAX_WBITS), 0
    left, part = info.compress_size, b""
    while (left or part) and not inflating.eof:
        if not part:
            part = stored.read(min(left, _CHUNK))
            left -= len(part)
            if not part:
                return False
        inflated += len(inflating.decompress(part, _CHUNK))
        part = inflating.unconsumed_tail
    return inflating.eof and not left and not inflating.unused_data and inflated == info.file_size


def records(path: Path) -> str:
    """Say which records are there and listed.

    Raises
    ------
    FaultError
        Where more is told of them, or others are listed.
    """
    if (path / ARRAYS).is_file():
        try:
            _look_at_records(path / ARRAYS)
            arrays = open_arrays(path / ARRAYS, "y", None)
        except UnusableError as error:
            raise FaultError(error.why) from None
        return f"The array file holds {len(arrays.ids)} records with labels alone."
    listed: list[str] = []
    for line in lines_of(path / LISTING):
        entry = json.loads(line)
        name, label = entry["file_name"], entry["label"]
        if not isinstance(name, str) or not isinstance(label, str | None):
            raise FaultError(f"{LISTING} tells more than file names and labels.")
        # Written as the program writes it, it cannot hold anything twice, or between the lines.
        if line != listing_line(name, label):
            raise FaultError(f"{LISTING} tells more than file names and labels.")
        listed.append(name)
    if listed != sorted(listed):
        raise FaultError(f"{LISTING} is not in the order of its random names.")
    there = sorted(p.name for p in (path / DATA).iterdir() if p.name != Path(LISTING).name)
    if listed != there:
        raise FaultError(f"{LISTING} does not list exactly the records that are there.")
    return f"{len(listed)} records are there and listed, with labels and nothing else."
