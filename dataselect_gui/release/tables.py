"""Tables below ``data`` in a bundle: how they are written, and read by the receiver's check."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dataselect_gui.release.contents import Written, write_file
from dataselect_gui.release.faults import FaultError, shown

_TOKEN = re.compile("[0-9a-f]{32}")
_MOST_LINE = 1 << 22
"""Bytes of a line of a listing or a table."""


def table_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as it is written."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return written.getvalue()


def write_table(
    folder: Path, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> Written:
    """Write a table into a bundle's folder."""
    return write_file(folder, name, table_text(columns, rows).encode())


def read_table(path: Path, name: str, columns: Sequence[str]) -> list[list[str]]:
    """Return the rows of a table that is written as the program writes it.

    Raises
    ------
    FaultError
        Where it is not.
    """
    rows = list(csv.reader(lines_of(path / name)))
    header = tuple(rows.pop(0)) if rows else ()
    if header != tuple(columns) or any(len(row) != len(header) for row in rows):
        raise FaultError(f"“{name}” has other columns than it should.")
    if (path / name).read_bytes() != table_text(columns, rows).encode():
        raise FaultError(f"“{name}” is not written as such a table is.")
    return rows


def check_tokens(name: str, rows: list[list[str]], declared: int | None) -> str:
    """Say how many rows with random tokens there are.

    Raises
    ------
    FaultError
        Where they are not in the order of their tokens, or not as many as were declared.
    """
    tokens = [row[0] for row in rows]
    if tokens != sorted(set(tokens)) or not all(map(_TOKEN.fullmatch, tokens)):
        raise FaultError(f"“{name}” is not in the order of its random tokens.")
    if declared is not None and len(rows) != declared:
        raise FaultError(f"“{name}” does not have the number of rows that was declared.")
    return f"{len(rows)} rows are there, in the order of their random tokens."


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a file, with their ends.

    Not by the file's own lines: a label may hold a character that Unicode calls a line's end.
    """
    with path.open("rb") as file:
        while line := file.readline(_MOST_LINE + 1):
            if len(line) > _MOST_LINE:
                raise FaultError(f"“{shown(path.name)}” has a line that is longer than it can be.")
            yield line.decode("utf-8")
