"""Check what lies below ``data`` in a bundle, as `contents` writes it: each form as it is, no other."""

import csv
import io
import json
import math
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.arrays import open_arrays
from dataselect_gui.records.images import decode_image
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
_ZIP_HEADER, _ZIP_LENGTHS, _ZIP64, _ZIP_ENTRY, _ZIP_END = 30, 26, 20, 46, 22
"""Bytes of a zip file: of a member's header without its name, before the lengths therein, of its only
addition; of an entry of the directory without its name; of the end."""


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


def metadata(path: Path) -> str:
    """Say that no file holds anything but its pixels or numbers.

    Raises
    ------
    FaultError
        Where one does.
    """
    folder = path / DATA
    for file in folder.iterdir() if folder.is_dir() else ():
        extension = file.suffix[1:]
        if extension in EXTENSIONS:
            stored = file.read_bytes()
            decode_image(stored)
            if not says_nothing_else(extension, stored):
                raise FaultError(f"“{shown(file.name)}” holds more than pixels.")
        elif extension == "npz" and _bytes_of_members(file) != file.stat().st_size:
            raise FaultError("The array file holds more than arrays.")
    return "No file holds anything but its pixels or numbers."


def _bytes_of_members(file: Path) -> int:
    """Return how many bytes a zip file has whose members lie one behind the other, and that is all."""
    with zipfile.ZipFile(file) as archive, file.open("rb") as stored:
        place, directory = 0, _ZIP_END
        for info in archive.infolist():
            stored.seek(place + _ZIP_LENGTHS)
            name, extra = struct.unpack("<HH", stored.read(4))
            if info.header_offset != place or extra > _ZIP64:
                return 0
            place += _ZIP_HEADER + name + extra + info.compress_size
            directory += _ZIP_ENTRY + name
        return place + directory


def _records(path: Path) -> str:
    if (path / ARRAYS).is_file():
        with zipfile.ZipFile(path / ARRAYS) as archive:
            if sorted(archive.namelist()) != ["x.npy", "y.npy"]:
                raise FaultError("The array file holds more than records and labels.")
        try:
            arrays = open_arrays(path / ARRAYS, "y", None)  # Refuses what does not fit into memory.
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
        for line in file:
            yield line.decode("utf-8")


def _table(path: Path, terms: Terms) -> str:
    name = next(name for name in COLUMNS if (path / name).is_file())
    if name != f"data/{terms.kind}.csv":
        raise FaultError(f"“{name}” is not what a release of {terms.kind} holds.")
    text = (path / name).read_bytes().decode("utf-8")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    if tuple(header) != COLUMNS[name] or any(len(row) != len(header) for row in rows):
        raise FaultError(f"“{name}” has other columns than it should.")
    if text != table_text(name, rows):
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

    with safe_open(path / GRADIENT, framework="numpy") as file:
        if file.metadata() is not None:
            raise FaultError("The gradient's file holds metadata.")
        tensors = [file.get_slice(name) for name in file.keys()]  # noqa: SIM118  (no mapping)
        if any(tensor.get_dtype() != "F32" for tensor in tensors):
            raise FaultError("The gradient's file holds something else than numbers.")
        count = sum(math.prod(tensor.get_shape()) for tensor in tensors)
    return f"One number for each of {count:,} parameters, and nothing else."
