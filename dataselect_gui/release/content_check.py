"""Check what lies below ``data`` in a bundle, as `contents` writes it: each form as it is, no other."""

import csv
import io
import json
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.arrays import Stored, look_at_arrays, open_arrays
from dataselect_gui.records.images import decode_image, look_at
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.release.clean import EXTENSIONS, says_nothing_else
from dataselect_gui.release.contents import (
    ARRAYS,
    COLUMNS,
    DATA,
    GRADIENT,
    LISTING,
    listing_line,
    table_text,
)
from dataselect_gui.release.drawing import cell_count, cells
from dataselect_gui.release.terms import Terms

_TOKEN = re.compile("[0-9a-f]{32}")
_WHOLE, _IN_STEPS = re.compile(r"0|-?[1-9][0-9]{0,18}"), re.compile(r"-?[0-9]{1,16}\.[0-9]{3}")
_SCORE = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-][0-9]{2,3})?")
_MOST_SHOWN = 100
_MOST_PIXELS, _PIXELS_PER_BYTE = 1 << 30, 256
"""Pixels that a bundle may have, and how many more for each byte of its images: an even grey image, the
smallest that a JPEG can be, has about a hundred."""
_MOST_BYTES, _BYTES_PER_BYTE = 1 << 28, 64
"""The same of arrays."""
_NO_DATE, _IN_ADDITION, _OWN_FILE, _UNIX = 33, 0xFFFFFFFF, 0o600 << 16, 3
"""What a zip file says where NumPy writes it: of its date, of sizes that follow, of who may read it, of
the system that it was made on."""
_CHUNK = 1 << 20
_MOST_LINE, _MOST_HEADER = 1 << 22, 1 << 24
"""Bytes of a line of a listing or a table, and of what a gradient's file says of its tensors."""


class FaultError(Exception):
    """What a check found wrong, as a sentence."""


def shown(name: str) -> str:
    """Return a stranger's name of a file as it can be shown anywhere."""
    plain = "".join(one if one.isprintable() else "�" for one in name[:_MOST_SHOWN])
    return plain if len(name) <= _MOST_SHOWN else f"{plain}…"


def content(path: Path, terms: Terms) -> str:
    """Say what is there.

    Raises
    ------
    FaultError
        Where it is not what a release of this kind holds.
    """
    if terms.kind == "records":
        return _records(path)
    if terms.kind == "gradient":
        return _gradient(path)
    return _table(path, terms)


def metadata(path: Path, terms: Terms) -> str:
    """Say that no file of records is built of more than its pixels or numbers need.

    Raises
    ------
    FaultError
        Where one is.
    """
    if terms.kind != "records":
        return "There are no images or arrays: a table or a gradient was read whole, to its last byte."
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


def _records(path: Path) -> str:
    if (path / ARRAYS).is_file():
        try:
            _look_at_records(path / ARRAYS)
            arrays = open_arrays(path / ARRAYS, "y", None)
        except UnusableError as error:
            raise FaultError(error.why) from None
        return f"The array file holds {len(arrays.ids)} records with labels alone."
    listed: list[str] = []
    for line in _lines(path / LISTING):
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


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file, with their ends.

    Not by the file's own lines: a label may hold a character that Unicode calls a line's end.
    """
    with path.open("rb") as file:
        while line := file.readline(_MOST_LINE + 1):
            if len(line) > _MOST_LINE:
                raise FaultError(f"“{shown(path.name)}” has a line that is longer than it can be.")
            yield line.decode("utf-8")


def _table(path: Path, terms: Terms) -> str:
    name = next(name for name in COLUMNS if (path / name).is_file())
    if name != f"data/{terms.kind}.csv":
        raise FaultError(f"“{name}” is not what a release of {terms.kind} holds.")
    rows = list(csv.reader(_lines(path / name)))
    header = tuple(rows.pop(0)) if rows else ()
    if header != COLUMNS[name] or any(len(row) != len(header) for row in rows):
        raise FaultError(f"“{name}” has other columns than it should.")
    if (path / name).read_bytes() != table_text(name, rows).encode():
        raise FaultError(f"“{name}” is not written as such a table is.")
    if terms.kind == "report":
        return _report(rows, terms)
    tokens = [row[0] for row in rows]
    if tokens != sorted(set(tokens)) or not all(map(_TOKEN.fullmatch, tokens)):
        raise FaultError(f"“{name}” is not in the order of its random tokens.")
    if terms.kind == "scores" and not all(_SCORE.fullmatch(row[1]) for row in rows):
        raise FaultError(f"“{name}” holds something else than scores.")
    declared = terms.count if terms.kind == "offers" else terms.padded
    if declared is not None and len(rows) != declared:
        raise FaultError(f"“{name}” does not have the number of rows that was declared.")
    return f"{len(rows)} rows are there, in the order of their random tokens."


def _report(rows: list[list[str]], terms: Terms) -> str:
    # Counted before they are listed: a declaration can be of more cells than fit into memory.
    if len(rows) != cell_count(terms) or any(
        tuple(row[:4]) != (table, kind or "", low, high)
        for row, (table, kind, low, high) in zip(rows, cells(terms), strict=True)
    ):
        raise FaultError("The report does not hold exactly the cells that were declared.")
    number = _WHOLE if terms.mechanism == "discrete-laplace" else _IN_STEPS
    if not all(number.fullmatch(row[4]) for row in rows):
        raise FaultError("The report holds something else than counts.")
    return f"All {len(rows)} declared cells are there, whether empty or not."


def _gradient(path: Path) -> str:
    from safetensors import safe_open

    with (path / GRADIENT).open("rb") as stored:
        (length,) = struct.unpack("<Q", stored.read(8))
        if length > _MOST_HEADER:
            raise FaultError("The gradient's file names more than a model has.")
        header = stored.read(length)
    compact = json.dumps(json.loads(header), separators=(",", ":"), ensure_ascii=False).encode()
    # Filled up to a multiple of eight; a key that is there twice, or blanks between, would be lost.
    if header != compact.ljust(-len(compact) % 8 + len(compact)):
        raise FaultError("The gradient's file is not written as such a file is.")
    with safe_open(path / GRADIENT, framework="numpy") as file:
        if file.metadata() is not None:
            raise FaultError("The gradient's file holds metadata.")
        tensors = [file.get_slice(name) for name in file.keys()]  # noqa: SIM118  (no mapping)
        if any(tensor.get_dtype() != "F32" for tensor in tensors):
            raise FaultError("The gradient's file holds something else than numbers.")
        count = sum(math.prod(tensor.get_shape()) for tensor in tensors)
    return f"One number for each of {count:,} parameters, under their names, and nothing else."
