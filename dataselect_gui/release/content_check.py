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
from dataselect_gui.records.arrays import MAX_ROWS, Stored, look_at_arrays
from dataselect_gui.records.images import decode_image, look_at
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.release import limits
from dataselect_gui.release.clean import EXTENSIONS, says_nothing_else
from dataselect_gui.release.contents import ARRAYS, DATA, LISTING, listing_line
from dataselect_gui.release.faults import FaultError, shown
from dataselect_gui.release.table_check import lines_of

_NO_DATE, _IN_ADDITION, _OWN_FILE, _UNIX = 33, 0xFFFFFFFF, 0o600 << 16, 3
"""What a zip file says where NumPy writes it: of its date, of sizes that follow, of who may read it, of
the system that it was made on."""
_CHUNK = 1 << 20
_MOST_LABEL, _LAST_CHARACTER, _HALVES = 4096, 0x10FFFF, (0xD800, 0xDFFF)
"""Characters of a label of an array; the last that there is; those that are only half of one."""


def metadata(path: Path) -> str:
    """Say that no file of records is built of more than its pixels or numbers need.

    Raises
    ------
    FaultError
        Where one is.
    """
    if (path / ARRAYS).is_file():
        nothing_but_arrays(path / ARRAYS)
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
    """Look at each image before it is decoded, one after the other.

    What all of them unpack to has no bound but that of each: blank pages are small files.

    Raises
    ------
    FaultError
        Where one holds more than its pixels need, cannot be read, or is too much.
    """
    for file in files:
        stored = file.read_bytes()
        try:
            bare = look_at(stored)
            if bare.unpacked > bare.width * bare.height:
                raise FaultError(f"“{shown(file.name)}” unpacks to more pixels than it shows.")
            if not says_nothing_else(file.suffix[1:], stored):
                raise FaultError(f"“{shown(file.name)}” holds more than pixels.")
            decode_image(stored)
        except UnreadableRecordError as error:
            raise FaultError(f"“{shown(file.name)}” cannot be read: {error}") from None


def nothing_but_arrays(file: Path) -> None:
    """Hold an array file, byte for byte, against what NumPy writes around the packed numbers.

    Raises
    ------
    FaultError
        Where it is another.
    """
    directory, place = b"", 0
    arrays = _look_at_records(file)
    if list(arrays) != ["x", "y"]:
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
                or not _is_whole(stored, array, _Labels(array) if info.filename == "y.npy" else None)
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
    if sum(array.size for array in stored.values()) > limits.MOST_ARRAY_BYTES:
        raise FaultError("The arrays unpack to more than arrays of a bundle do.")
    x, y = stored["x"], stored["y"]
    if (
        x.dtype not in {np.dtype(np.float32), np.dtype(np.float64)}
        or len(x.shape) < 2
        or not x.size
        or x.shape[0] > MAX_ROWS
        or y.shape != x.shape[:1]
        or y.dtype.kind != "U"
        or not 0 < y.dtype.itemsize <= 4 * _MOST_LABEL
    ):
        raise FaultError("The array file holds something else than records and labels.")
    return stored


class _Labels:
    """Looks at labels on their way: texts, of which the longest is as long as there is room."""

    def __init__(self, array: Stored) -> None:
        self._width, self._left, self._is_filled = array.dtype.itemsize // 4, b"", False

    def take(self, part: bytes) -> bool:
        """Say whether the next bytes are those of texts."""
        whole = self._left + part
        end = len(whole) // (4 * self._width) * 4 * self._width
        self._left = whole[end:]
        letters = np.frombuffer(whole[:end], dtype="<u4").reshape(-1, self._width)
        self._is_filled = self._is_filled or bool(letters[:, -1].any())
        are_halves = (letters >= _HALVES[0]) & (letters <= _HALVES[1])
        return not (letters > _LAST_CHARACTER).any() and not are_halves.any()

    @property
    def fit(self) -> bool:
        """Whether there is no more room than the longest label needs, or the least that there is."""
        return self._is_filled or self._width == 1


def _is_whole(stored: BinaryIO, array: Stored, labels: _Labels | None) -> bool:
    """Say whether a member's packed bytes unpack to its array and end with it."""
    info, inflating = array.info, zlib.decompressobj(-zlib.MAX_WBITS)
    left, part, header, inflated, checksum = info.compress_size, b"", len(array.header), 0, 0
    while not inflating.eof:
        if not part and left:
            part = stored.read(min(left, _CHUNK))
            left -= len(part)
        piece = inflating.decompress(part, _CHUNK)
        if not piece and not part:
            return False  # Cut off: what was taken in may still be on its way out, but here is nothing.
        checksum = zlib.crc32(piece, checksum)
        numbers = piece[max(0, header - inflated) :]
        inflated += len(piece)
        if inflated > info.file_size or (labels is not None and not labels.take(numbers)):
            return False
        part = inflating.unconsumed_tail
    return (
        inflating.eof
        and not left
        and not inflating.unused_data
        and inflated == info.file_size == header + array.size
        and checksum == info.CRC
        and (labels is None or labels.fit)
    )


def records(path: Path) -> str:
    """Say which records are there and listed.

    Raises
    ------
    FaultError
        Where more is told of them, or others are listed.
    """
    if (path / ARRAYS).is_file():
        try:
            arrays = _look_at_records(path / ARRAYS)
        except UnusableError as error:
            raise FaultError(error.why) from None
        return f"The array file holds {arrays['x'].shape[0]} records with labels alone."
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
