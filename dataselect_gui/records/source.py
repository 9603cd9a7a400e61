"""What every source of records offers, whatever it is stored as.

A source lists its records without reading them, in an order that is the same on every run and
machine, and reads one when asked; what the bytes of one hold, its kind knows. A record that cannot be
read raises `UnreadableRecordError` with a reason that a person understands; the reason never holds a
path or content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.checkpoints.features import ColumnCells, Row
from dataselect_gui.records.cell_text import own_cell
from dataselect_gui.records.reference import SourceRef as SourceRef

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import RecordKind

FloatArray: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
Content: TypeAlias = Image.Image | FloatArray | str | Row
"""One decoded record: an image, upright, in its own mode; a float array as it is stored; a text; or the
cells of a table's row."""
Contents: TypeAlias = Sequence[str] | Sequence[ColumnCells]
"""Many decoded records: texts; or rows of a table, by their columns."""


@dataclass(frozen=True)
class Problem:
    """Something that looked like a record and cannot be read.

    Attributes
    ----------
    id : str
        The record's id, or the path relative to the source where there is no record.
    reason : str
        Why, as a sentence.
    """

    id: str
    reason: str


def own_unit(record: str) -> str:
    """Return the unit of a record that names no person: it is one of its own."""
    return f"record {record}"


def person_name(text: str | None) -> str:
    """Return a person's one name, however it was typed; empty where none is named.

    The same letters in another Unicode form, or with blanks around them, name the same person, and so
    does a whole number with ``.0`` behind it. So is a mark of a file's beginning (BOM) no part of it,
    which is left in the middle where files were put together.
    """
    return own_cell((text or "").strip().strip("\ufeff"))


class UnreadableRecordError(Exception):
    """A record cannot be read; the message is the reason, for a person."""


class UnknownRangeError(UnreadableRecordError):
    """Nothing says which of an image's values is black and which white; a checkpoint's request may."""


class ChangedRecordError(UnreadableRecordError):
    """A record can be read, and is not the one that was read before."""


class Source(Protocol):
    """Where records are read from.

    Attributes
    ----------
    path : Path
        The folder or file.
    kind : RecordKind
        What its records are.
    ids : Sequence[str]
        One id per record, in the source's order.
    labels : Sequence[str | None]
        The given label of each record, or None where it has none.
    units : Sequence[str] | None
        The unit of each record; None where the record itself is the unit.
    classes : Sequence[str] | None
        The class names in order of their index, where the source states them; empty where labels are
        names without an order, as those of folders are; None where a number may be that of a class.
    columns : Sequence[str]
        The columns that may serve as label or unit.
    problems : Sequence[Problem]
        What was found to be unusable while listing.
    ignored : int
        How many files were passed over because they are not records.
    notes : Sequence[str]
        What a person should know of how it was read, as sentences.
    blank : Content or None
        An empty record, where the format gives all of them one shape.
    """

    path: Path
    kind: "RecordKind"
    ids: Sequence[str]
    labels: Sequence[str | None]
    units: Sequence[str] | None
    classes: Sequence[str] | None
    columns: Sequence[str]
    problems: Sequence[Problem]
    ignored: int

    @property
    def notes(self) -> Sequence[str]:
        """See the attributes."""

    @property
    def blank(self) -> Content | None:
        """See the attributes."""

    def read(self, index: int) -> bytes:
        """Return the record's stored bytes: what its content hash covers.

        Raises
        ------
        UnreadableRecordError
            Where they cannot be read.
        """

    def stamp(self, index: int) -> tuple[int, int] | None:
        """Return what tells a changed record without reading it: its size and time of change.

        None where there is nothing of that kind, or the record is not there.
        """


@runtime_checkable
class SourceOfMany(Protocol):
    """A source whose records are all in memory, without stamps, and faster read together."""

    def read_many(self, rows: Sequence[int]) -> list[bytes]:
        """Return the stored bytes of many records, each as `Source.read` does; none is unreadable."""

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return about how many bytes are stored of many records, shape (rows,)."""

    def contents(self, rows: NDArray[np.int64]) -> Contents:
        """Return what many records hold, each what its kind decodes of its stored bytes.

        Raises
        ------
        UnreadableRecordError
            Where one of them cannot be decoded.
        """


@runtime_checkable
class SourceOfRows(Protocol):
    """A source whose records are rows of a table, or of some of their columns.

    Attributes
    ----------
    whole_rows : ndarray of uint8
        The SHA-256 of all cells of each record's row, whichever columns are read, shape (n, 32).
    """

    whole_rows: NDArray[np.uint8]


def whole_rows_of(source: Source) -> NDArray[np.uint8] | None:
    """Return the hashes of a source's whole rows; None where its records are no rows."""
    return source.whole_rows if isinstance(source, SourceOfRows) else None
