"""Delimited text: CSV, TSV, and whatever else stands between cells.

What stands between the cells is the usual character that parts the first lines into equally many cells,
the most of them; a comma where two do. Nothing is guessed of a line that has more or fewer cells than
the header: it is refused.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import BinaryIO, Protocol

from dataselect_gui.records.tables.encoding import encoding_of
from dataselect_gui.records.tables.table import (
    END,
    MOST_CELL,
    MOST_COLUMNS,
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
from dataselect_gui.texts import N_, _

_USUAL = (",", ";", "\t", "|")
_OTHERS = (":", "^", "~", "!", "#", "*", "\x01", "\x1e", "\x1f")
_LEAST_BY_OTHERS = 3
"""Columns that must come of a character that often stands within a cell."""
_NONE = "\x1f"
"""Parts nothing: a table of one column."""
_CALLED = {";": N_("semicolons"), "\t": N_("tabs"), "|": N_("upright strokes (|)")}
_SAMPLE_LINES, _CHUNK_ROWS = 200, 4096
_MOST_LINE = 1 << 22
"""Characters."""

csv.field_size_limit(MOST_CELL)


class _Reader(Protocol):
    """What `csv.reader` returns."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]:
        """Yield rows."""


def read_delimited(
    file: BinaryIO, name: str, wanted: Sequence[str] | None, most: int = MOST_ROWS
) -> Table:
    """Read some columns of a table in text; blank lines are no rows.

    Parameters
    ----------
    file : binary file
        The table.
    name : str
        What it is called.
    wanted : sequence of str or None
        The columns; None for all.
    most : int
        Rows; a table of more is refused.

    Raises
    ------
    UnusableError
        Where it cannot be understood.
    """
    encoding, note = encoding_of(file, name)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        return _read(text, name, wanted, most, [] if note is None else [note])
    finally:
        text.detach()


def _read(
    text: io.TextIOWrapper, name: str, wanted: Sequence[str] | None, most: int, notes: list[str]
) -> Table:
    lines, reader, skipped = _Lines(text, name), None, 0
    try:
        sample = list(islice(lines, _SAMPLE_LINES))
        stated = _stated(sample)
        delimiter, skipped = stated or _delimiter_of(sample), int(stated is not None)
        if delimiter not in {",", _NONE}:
            called = _(_CALLED[delimiter]) if delimiter in _CALLED else f"“{delimiter}”"
            notes.append(_("The columns of “{name}” are parted by {what}.", name=name, what=called))
        chained = chain(sample[skipped:], lines)
        reader = csv.reader(chained, delimiter=delimiter, strict=True)
        names = [own_name(title) for title in next((cells for cells in reader if cells), [])]
        while names and not names[-1]:  # Lines that end in a delimiter.
            names.pop()
        check_shape(name, len(names), 0)
        asked = usable(names) if wanted is None else wanted
        places = {title: place_of(title, names, name) for title in asked}
        stored = {place: bytearray() for place in places.values() if place is not None}
        count, hashes = 0, bytearray()
        rows = _whole_rows(reader, name, len(names), skipped)
        while chunk := list(islice(rows, _CHUNK_ROWS)):
            count += len(chunk)
            check_shape(name, len(names), count, most)
            hashes += b"".join(row_hash(map(str.encode, cells)) for cells in chunk)
            for place, column in stored.items():
                column += END.join(cells[place].encode() for cells in chunk) + END
    except csv.Error:
        raise unreadable(
            name,
            _(
                "Line {line} is not a line of such a table: a quotation mark stands alone, or a cell "
                "has more than {most:,} characters.",
                line=lines.count if reader is None else reader.line_num + skipped,
                most=MOST_CELL,
            ),
        ) from None
    columns = {title: Column(stored[place]) for title, place in places.items() if place is not None}
    titles = tuple(title for title in names if title)
    return Table(name, titles, count, columns, tuple(notes), bytes(hashes))


class _Lines(Iterator[str]):
    """The lines of a file, each with its end."""

    def __init__(self, text: io.TextIOWrapper, name: str) -> None:
        self._text, self._name = text, name
        self.count = 0

    def __next__(self) -> str:
        line = self._text.readline(_MOST_LINE + 1)
        if not line:
            raise StopIteration
        self.count += 1
        if len(line) > _MOST_LINE:
            raise unreadable(
                self._name,
                _(
                    "Line {line} has more than {most:,} characters.",
                    line=self.count,
                    most=_MOST_LINE,
                ),
            )
        return line


def _stated(sample: Sequence[str]) -> str | None:
    """Return the delimiter that a first line ``sep=;`` states, as spreadsheets write it."""
    first = sample[0].rstrip("\r\n") if sample else ""
    return first[-1] if len(first) == len("sep=;") and first.startswith("sep=") else None


def _delimiter_of(sample: Sequence[str]) -> str:
    """Return what stands between the cells of some lines."""
    for candidates, least in ((_USUAL, 2), (_OTHERS, _LEAST_BY_OTHERS)):
        widths = {candidate: _width(sample, candidate) for candidate in candidates}
        best = max(candidates, key=lambda candidate: widths[candidate])
        if widths[best] >= least:
            return best
    if not sample:
        return _NONE
    # None fits all lines: the reading by what fits the header tells of the first line that it does not.
    counts = {
        candidate: len(next(csv.reader([sample[0]], delimiter=candidate))) for candidate in _USUAL
    }
    best = max(_USUAL, key=lambda candidate: counts[candidate])
    return best if counts[best] > 1 else _NONE


def _width(sample: Sequence[str], delimiter: str) -> int:
    """Return into how many cells a character parts each of some lines; 0 where they differ."""
    widths: set[int] = set()
    try:
        for cells in csv.reader(sample, delimiter=delimiter, strict=True):
            if cells:
                widths.add(len(cells))
                if len(widths) > 1 or len(cells) > MOST_COLUMNS:
                    break
    except csv.Error:  # Perhaps only because the last of these lines goes on.
        pass
    return widths.pop() if len(widths) == 1 else 0


def _whole_rows(reader: "_Reader", name: str, columns: int, skipped: int) -> Iterator[list[str]]:
    """Yield the rows of a table, each of which shall have as many cells as there are columns."""
    for cells in reader:
        if len(cells) == columns or (len(cells) > columns and not any(cells[columns:])):
            yield cells
        elif cells:
            raise unreadable(
                name,
                _(
                    "The row that ends at line {line} has {cells} cells for {columns} columns.",
                    line=reader.line_num + skipped,
                    cells=len(cells),
                    columns=columns,
                ),
            )
