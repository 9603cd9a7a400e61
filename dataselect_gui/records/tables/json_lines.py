"""Tables as JSON lines: an object in each, whose names are the columns."""

import json
import math
from collections.abc import Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import BinaryIO
from uuid import UUID

from dataselect_gui.records.tables.table import (
    END,
    MOST_CELL,
    MOST_CELLS,
    MOST_ROWS,
    Column,
    Table,
    check_shape,
    own_name,
    place_of,
    row_hash,
    unreadable,
    usable,
)
from dataselect_gui.texts import _, ngettext

_MOST_LINE = 1 << 22
"""Bytes."""


class _Cells:
    """The cells of a column so far; rows that do not have it are empty."""

    def __init__(self) -> None:
        self.stored, self._rows, self.halved = bytearray(), 0, 0

    def put(self, row: int, cell: str) -> None:
        try:
            stored = cell.encode()
        except UnicodeEncodeError:
            stored = cell.encode("utf-8", "replace")
            self.halved += 1
        self.stored += END * (row - self._rows) + stored + END
        self._rows = row + 1

    def column(self, rows: int) -> Column:
        return Column(self.stored + END * (rows - self._rows))


def read_json_lines(
    file: BinaryIO, name: str, wanted: Sequence[str] | None, most: int = MOST_ROWS
) -> Table:
    """Read some columns of a table in JSON lines, in UTF-8. See `read_delimited`."""
    kept = None if wanted is None else {own_name(asked).casefold() for asked in wanted}
    columns: dict[str, _Cells] = {}
    rows, line, hashes = 0, 0, bytearray()
    file.seek(0)
    try:
        while stored := file.readline(_MOST_LINE + 1):
            line += 1
            if len(stored) > _MOST_LINE:
                raise ValueError("a line that is too long")
            text = stored.decode("utf-8-sig" if line == 1 else "utf-8")
            if not text.strip():
                continue
            row = json.loads(text, object_pairs_hook=_once)
            if not isinstance(row, dict):
                raise TypeError("no object")
            for title, value in row.items():
                cells = columns.setdefault(title, _Cells())
                if kept is None or own_name(title).casefold() in kept:
                    cells.put(rows, as_cell(value))
            hashes += row_hash(_text(value).encode("utf-8", "replace") for value in row.values())
            rows += 1
            check_shape(name, len(columns), rows, most)
    except RecursionError:
        raise unreadable(
            name,
            _(
                "Line {line} is not a JSON object as one is read here: it is nested too deeply.",
                line=line,
            ),
        ) from None
    except (ValueError, TypeError):
        raise unreadable(
            name,
            _(
                "Line {line} is not a JSON object in UTF-8, whose names are its columns, each once, or "
                "holds more than {most:,} characters.",
                line=line,
                most=MOST_CELL,
            ),
        ) from None
    held = len(columns) if kept is None else len(kept)
    if rows * held > MOST_CELLS:  # One that is missing in a row takes room, too.
        raise unreadable(name, _("It has more than {most:,} cells.", most=MOST_CELLS))
    titles = list(columns)
    names = [own_name(title) for title in titles]
    asked = usable(names) if wanted is None else wanted
    places = {title: place_of(title, names, name) for title in asked}
    read = {
        title: columns[titles[place]].column(rows)
        for title, place in places.items()
        if place is not None
    }
    halved = sum(columns[titles[place]].halved for place in places.values() if place is not None)
    notes = () if not halved else (_halved_note(name, halved),)
    return Table(name, tuple(title for title in names if title), rows, read, notes, bytes(hashes))


def as_cell(value: object) -> str:
    """Return a value as the text of a cell; see `table`.

    Raises
    ------
    ValueError
        Where it is too long.
    """
    cell = _text(value)
    if len(cell) > MOST_CELL:
        raise ValueError("a cell that is too long")
    return cell


def _as_text(value: object) -> str:
    """Return what JSON has no kind of, within a list or a structure of a typed file, as text."""
    if isinstance(value, date | time | timedelta | Decimal | UUID):
        return str(value)
    raise TypeError("no value of a table")


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_as_text)


def _halved_note(name: str, cells: int) -> str:
    return ngettext(
        "{count:,} cell of “{name}” holds half a character (a surrogate without the other), which no "
        "text in UTF-8 can hold; a question mark stands for it.",
        "{count:,} cells of “{name}” hold half a character (a surrogate without the other), which no "
        "text in UTF-8 can hold; a question mark stands for each.",
        cells,
        name=name,
    )


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name twice")
    return content
