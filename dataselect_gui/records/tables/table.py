"""What a table is, whatever file it came from: its columns by their names, and cells as text.

A cell is text as it stands in the file, and None where it is empty. Numbers and other values of typed
files are text, too: a whole number by its digits, a fraction by the shortest digits that tell it from
all others (never shortened to float32), ``true`` and ``false``, dates in ISO 8601, lists and structures
as JSON; NaN is empty.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.label_text import readable_text
from dataselect_gui.texts import _

MOST_ROWS = 5_000_000
MOST_COLUMNS = 10_000
MOST_CELL = 1 << 20
"""Characters of one cell."""
MOST_CELLS = 1 << 30
HASH_BYTES = 32
_MARK = "\ufeff"
END = b"\xff"
"""Ends each cell of a column; UTF-8 has no such byte."""
_MOST_SMALL = 1 << 32
"""Bytes of a column whose places take 32 bits."""


class Column(Sequence[str | None]):
    """The cells of a column, held as UTF-8.

    Parameters
    ----------
    stored : bytes-like
        Every cell in UTF-8, each with `END` behind it.
    """

    def __init__(self, stored: bytes | bytearray | NDArray[np.uint8]) -> None:
        self._bytes = bytes(stored)
        ends = np.flatnonzero(np.frombuffer(self._bytes, dtype=np.uint8) == END[0])
        self._ends = ends if len(self._bytes) > _MOST_SMALL else ends.astype(np.uint32)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> str | None: ...
    @overload
    def __getitem__(self, place: slice) -> list[str | None]: ...
    def __getitem__(self, place: int | slice) -> str | list[str | None] | None:
        if isinstance(place, slice):
            return [self[row] for row in range(*place.indices(len(self)))]
        return self.stored(range(len(self))[place]).decode() or None

    def __iter__(self) -> Iterator[str | None]:
        return (cell.decode() or None for cell in self._bytes.split(END)[:-1])

    def stored(self, row: int) -> bytes:
        """Return the bytes of a cell; none where it is empty."""
        start = int(self._ends[row - 1]) + 1 if row else 0
        return self._bytes[start : int(self._ends[row])]

    def stored_at(self, rows: Sequence[int] | NDArray[np.int64]) -> list[bytes]:
        """Return the bytes of some cells."""
        starts, ends = self._bounds(np.asarray(rows, dtype=np.int64))
        bounds = zip(starts.tolist(), ends.tolist(), strict=True)
        return [self._bytes[start:end] for start, end in bounds]

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many bytes some cells have, shape (rows,)."""
        starts, ends = self._bounds(rows)
        return ends - starts

    def _bounds(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where some cells start and end."""
        starts = np.where(rows > 0, self._ends[rows - 1].astype(np.int64) + 1, 0)
        return starts, self._ends[rows].astype(np.int64)


class CodedColumn:
    """The cells of a column, of which each that differs is held once.

    Parameters
    ----------
    distinct : Column
        Those that differ.
    codes : ndarray of uint32
        Which of them each row has, shape (rows,).
    """

    def __init__(self, distinct: Column, codes: NDArray[np.uint32]) -> None:
        self.distinct, self.codes = distinct, codes

    def stored(self, row: int) -> bytes:
        """Return the bytes of a cell."""
        return self.distinct.stored(int(self.codes[row]))

    def stored_at(self, rows: NDArray[np.int64]) -> list[bytes]:
        """Return the bytes of some cells."""
        stored, places = self.distinct_at(rows)
        return [stored[place] for place in places.tolist()]

    def distinct_at(self, rows: NDArray[np.int64]) -> tuple[list[bytes], NDArray[np.int64]]:
        """Return the bytes of the cells that differ among some rows, and which of them each row has."""
        codes, places = np.unique(self.codes[rows], return_inverse=True)
        return self.distinct.stored_at(codes.astype(np.int64)), places

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many bytes some cells have, shape (rows,)."""
        return self.distinct.sizes(self.codes[rows].astype(np.int64))


@dataclass(frozen=True)
class Table:
    """Some columns of a table.

    Attributes
    ----------
    name : str
        Of the file.
    names : tuple of str
        Of all columns that have one, in the file's order, without blanks around them.
    rows : int
        How many there are.
    columns : mapping
        Column, as it was asked for → its cells; those that there are.
    notes : tuple of str
        What a person may have to know of how the file was read.
    whole_rows : bytes
        What `row_hash` makes of each row, one behind the other.
    classes : mapping
        Column, as it was asked for → the names of its classes by number, where the file states them.
    of_bytes : tuple of str
        The names of columns that hold bytes: they are none of `names`, and cannot be asked for.
    """

    name: str
    names: tuple[str, ...]
    rows: int
    columns: Mapping[str, Column]
    notes: tuple[str, ...] = ()
    whole_rows: bytes = b""
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_bytes: tuple[str, ...] = ()

    @property
    def row_hashes(self) -> NDArray[np.uint8]:
        """The hash of each whole row, shape (rows, 32)."""
        return np.frombuffer(self.whole_rows, dtype=np.uint8).reshape(self.rows, HASH_BYTES)

    def column(self, asked: str) -> Column:
        """Return a column that was asked for.

        Raises
        ------
        UnusableError
            Where the table has none of that name, or it holds bytes.
        """
        self.check_text(asked)
        if asked not in self.columns:
            raise UnusableError(
                _("The column “{column}” cannot be found.", column=asked),
                _(
                    "“{name}” has the columns {columns}.",
                    name=self.name,
                    columns=listed(self.names) or _("(none)"),
                ),
                _("Name one of these."),
            )
        return self.columns[asked]

    def check_text(self, asked: str) -> None:
        """Refuse a column that holds bytes, if there is one of that name."""
        if asked not in self.columns and place_of(asked, self.of_bytes, self.name) is not None:
            raise holds_bytes(self.name, asked)


def row_hash(cells: Iterable[bytes]) -> bytes:
    """Return the SHA-256 of all cells of a row, in UTF-8, whatever order and names its columns have."""
    return hashlib.sha256(END.join(sorted(filter(None, map(bytes.strip, cells))))).digest()


def own_name(header: object) -> str:
    """Return a column's name, without blanks or marks of a beginning around it, in one form of Unicode.

    A mark (BOM) is left in the middle where files were put together.
    """
    whole = readable_text(unicodedata.normalize("NFC", str(header)))
    return whole.strip().strip(_MARK).strip()


def place_of(asked: str, names: Sequence[str], file: str) -> int | None:
    """Return which column is meant by a name; None where there is none.

    A column of that very name is meant; else one whose name differs in capitals alone.

    Parameters
    ----------
    asked : str
        The name.
    names : sequence of str
        Those of the columns, as `own_name` has them.
    file : str
        What the file is called.

    Raises
    ------
    UnusableError
        Where it could be several.
    """
    wanted = own_name(asked)
    for normal in (str, str.casefold):
        places = [place for place, name in enumerate(names) if normal(name) == normal(wanted)]
        if len(places) > 1:
            raise UnusableError(
                _("Which column “{column}” is meant is not clear.", column=asked),
                _(
                    "“{name}” has several of that name: {columns}.",
                    name=file,
                    columns=listed([names[place] for place in places]),
                ),
                _("Give every column a name of its own."),
            )
        if places:
            return places[0]
    return None


def usable(names: Sequence[str]) -> list[str]:
    """Return the names by which a column can be asked for: those that one column alone has."""
    counts = Counter(names)
    return [name for name in names if name and counts[name] == 1]


def unreadable(file: str, why: str) -> UnusableError:
    """Return the refusal of a file that is no table."""
    return UnusableError(
        _("“{name}” cannot be read as a table.", name=file),
        why,
        _("Mend the file, or export it again, for example as CSV in UTF-8."),
    )


def holds_bytes(file: str, column: str) -> UnusableError:
    """Return the refusal of a column of bytes."""
    return unreadable(file, _("Its column “{column}” holds bytes.", column=column))


class TooManyRowsError(UnusableError):
    """A table has more rows than are read."""


def check_shape(file: str, columns: int, rows: int, most: int = MOST_ROWS) -> None:
    """Refuse more columns or rows than are read.

    Raises
    ------
    UnusableError
        Where there are; a `TooManyRowsError` where it is rows.
    """
    if columns > MOST_COLUMNS:
        raise unreadable(
            file,
            _("It has more than {most:,} columns.", most=MOST_COLUMNS),
        )
    if rows > most:
        raise TooManyRowsError(
            _("“{name}” is too large a table.", name=file),
            _("It has more than {most:,} rows.", most=most),
            _("Split it into several."),
        )


def listed(names: Iterable[str], most: int = 12) -> str:
    """Return names as a person reads them; of many, the first."""
    all_names = [f"“{name}”" for name in names]
    if len(all_names) <= most:
        return ", ".join(all_names)
    return _("{names} and {more} more", names=", ".join(all_names[:most]), more=len(all_names) - most)
