"""A metadata file beside images: that of the Hugging Face imagefolder convention.

It is ``metadata.csv`` or ``metadata.jsonl`` with a column ``file_name`` and any others.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.label_text import columns_text
from dataselect_gui.texts import N_, _

METADATA_CSV, METADATA_JSONL = METADATA_NAMES = ("metadata.csv", "metadata.jsonl")
FILE_COLUMN = "file_name"
_MAX_LINE, _MAX_COLUMNS = 1 << 20, 1000
"""Bytes of a line of a metadata file, and its columns."""
_MOST_UNKNOWN = 100_000
"""Lines of a metadata file beyond one for each file."""
_NOT_CSV = N_(
    "Line {line} is not a line of CSV in UTF-8, or has more than {most_bytes:,} bytes or "
    "{most_columns:,} columns."
)
_NOT_JSON = N_(
    "Line {line} is not a JSON object in UTF-8, or has more than {most_bytes:,} bytes or "
    "{most_columns:,} columns."
)


class Row(NamedTuple):
    """What a line of a metadata file says, as text; empty cells are None."""

    file: str | None
    label: str | None
    unit: str | None


def read_metadata(
    path: Path, label: str, unit: str | None, files: int, several: Sequence[str] = ()
) -> tuple[list[Row], list[str]]:
    """Read a metadata file.

    Parameters
    ----------
    path : Path
        The file.
    label, unit : str or None
        The columns to read beside that of the file.
    several : sequence of str
        The columns of labels, where there are several; they count before `label`.
    files : int
        How many there are that it may name.

    Returns
    -------
    tuple of list and list
        The rows, and the names of all columns but that of the file.

    Raises
    ------
    UnusableError
        Where it cannot be understood, or names no files.
    """
    rows: list[Row] = []
    columns: dict[str, None] = {}
    classes: dict[str, str] = {}
    wanted = {FILE_COLUMN, label, unit, *several}
    line = 0

    def lines(file: BinaryIO) -> Iterator[str]:
        nonlocal line
        while stored := file.readline(_MAX_LINE + 1):
            line += 1
            if len(stored) > _MAX_LINE:
                raise ValueError("a line that is too long")
            yield stored.decode("utf-8-sig" if line == 1 else "utf-8")

    def take(row: Iterable[tuple[str, object]]) -> None:
        if len(rows) == files + _MOST_UNKNOWN:
            raise UnusableError(
                _("{name} has too many lines.", name=path.name),
                _("It names over {count:,} files more than the folder holds.", count=_MOST_UNKNOWN),
                _("Leave out the lines of files that are not there."),
            )
        cells = {name: _as_text(value) for name, value in row if name in wanted}
        class_name = cells.get(label)
        if several:
            class_name = columns_text({column: cells.get(column) for column in several})
        if class_name is not None:
            class_name = classes.setdefault(
                class_name, class_name
            )  # One text for all records of a class.
        rows.append(Row(cells.get(FILE_COLUMN), class_name, None if unit is None else cells.get(unit)))

    def name(names: Iterable[str]) -> None:
        columns.update(dict.fromkeys(names))
        if len(columns) > _MAX_COLUMNS:
            raise ValueError("more columns than a person made")

    try:
        with path.open("rb") as file:
            if path.suffix == ".csv":
                reader = csv.reader(lines(file))
                header = next(reader, [])
                name(title for title in header if title)
                for cells in reader:
                    if cells:
                        take(zip(header, cells, strict=False))
            else:
                for text in lines(file):
                    if text.strip():
                        row = json.loads(text)
                        name(row)
                        take(row.items())
    except (csv.Error, ValueError, AttributeError, TypeError, RecursionError):
        raise UnusableError(
            _("{name} cannot be read.", name=path.name),
            _(
                _NOT_CSV if path.suffix == ".csv" else _NOT_JSON,
                line=line,
                most_bytes=_MAX_LINE,
                most_columns=_MAX_COLUMNS,
            ),
            _("Mend that line, or export the file again as UTF-8."),
        ) from None
    if not rows or FILE_COLUMN not in columns:
        raise UnusableError(
            _("{name} names no files.", name=path.name),
            _("It has no column “{column}”, or no lines.", column=FILE_COLUMN),
            _(
                "Add a column “{column}” with each image's path relative to the folder.",
                column=FILE_COLUMN,
            ),
        )
    return rows, [column for column in columns if column != FILE_COLUMN]


def _as_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()  # JSON can escape half a character.
