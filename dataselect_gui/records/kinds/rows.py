"""Rows of a table: a row is a record, and of it the columns that the model takes.

The id of a record is the number of its row, from 0, lines of text without a cell not counted. Other
columns are read for labels and units alone, and are never part of a record.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.features import CellError, ColumnCells, Features, Row
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.cell_text import own_cell
from dataselect_gui.records.column_notes import label_notes, labels_of, unit_notes, units_of
from dataselect_gui.records.forms.form import WrittenForm
from dataselect_gui.records.forms.rows_file import ROWS_FILE, cells_of
from dataselect_gui.records.kinds.kind import InputsOfShape, Look, RecordKind, ToInput, Unpacked
from dataselect_gui.records.row_notes import row_notes
from dataselect_gui.records.source import (
    Content,
    Contents,
    Problem,
    Source,
    SourceRef,
    UnreadableRecordError,
)
from dataselect_gui.records.tables.columnar import unpack_columns
from dataselect_gui.records.tables.reading import ENDINGS, read_table
from dataselect_gui.records.tables.table import END, CodedColumn, Column, Table, listed
from dataselect_gui.texts import N_, _, ngettext

if TYPE_CHECKING:
    from dataselect_gui.checkpoints.checkpoint import Member

_LABEL = "label"
_CELLS = msgspec.json.Decoder(list[str | None])


@dataclass(frozen=True)
class Rows(RecordKind):
    """Rows of a table."""

    name: ClassVar[str] = "rows"
    nouns: ClassVar[str] = N_("a table of rows or texts (such as a CSV file)")
    counted: ClassVar[tuple[str, str]] = (N_("{count:,} row"), N_("{count:,} rows"))
    advice: ClassVar[str] = N_("a table of rows or texts (CSV, TSV, JSON lines, Parquet, Feather)")
    endings: ClassVar[frozenset[str]] = ENDINGS
    is_read: ClassVar[bool] = True
    is_confined: ClassVar[bool] = False
    extensions: ClassVar[tuple[str, ...]] = ("json",)
    forms: ClassVar[tuple[WrittenForm, ...]] = (ROWS_FILE,)

    def open(self, where: SourceRef) -> Source:
        """Read the columns that are needed. See `RecordKind`."""
        return _open_table(where)

    def unpack(self, file: BinaryIO, name: str, needed: Sequence[str]) -> Unpacked:
        """Read columns of Parquet or Feather. See `RecordKind`."""
        return unpack_columns(file, name, needed)

    def decode(self, stored: bytes) -> Content:
        """Return the cells, in the model's order. See `RecordKind`."""
        return tuple(cells_of(stored).values())

    def look(self, stored: bytes, most: int | None) -> Look:
        """Return each column with its cell. See `RecordKind`."""
        del most
        return tuple((column, cell or "") for column, cell in cells_of(stored).items())

    def to_input(self, member: "Member", channels: int | None) -> ToInput:
        """Return what makes a vector of a row, by features.json. See `RecordKind`."""
        del channels
        return RowInput(member)

    def fit_notes(self, source: Source, member: "Member") -> list[str]:
        """Say which cells a model does not know. See `RecordKind`."""
        assert isinstance(source, RowTable)
        return row_notes(_features_of(member), source.features.values())

    def form(self, source: Source) -> WrittenForm:
        """Return that of rows. See `RecordKind`."""
        del source
        return ROWS_FILE

    def clean(self, stored: bytes) -> tuple[str, bytes]:
        """Return the cells: nothing else is kept of a row. See `RecordKind`."""
        return "json", stored


ROWS = Rows()


class RowInput:
    """Makes the model's input of a row, by the checkpoint's ``features.json`` alone.

    Parameters
    ----------
    member : Member
        The checkpoint.

    Attributes
    ----------
    shapes : tuple of tuple of int
        The one shape that inputs have.

    Raises
    ------
    UnusableError
        Where it takes no rows.
    """

    def __init__(self, member: "Member") -> None:
        self._features = _features_of(member)
        self.shapes = ((self._features.width,),)

    def __call__(self, content: Content) -> NDArray[np.float32]:
        """Return the input of a row, shape (numbers,).

        Raises
        ------
        UnreadableRecordError
            Where nothing stands for one of its cells.
        """
        assert isinstance(content, tuple)
        try:
            return self._features.vector(content)
        except CellError as reason:
            raise UnreadableRecordError(str(reason)) from None

    def notes(self, source: Source, rows: Sequence[int]) -> list[str]:
        """Return nothing: all is said beforehand, by `Rows.fit_notes`. See `ToInput`."""
        del source, rows
        return []

    def of_many(self, rows: NDArray[np.int64], contents: Contents) -> Sequence[InputsOfShape]:
        """Return the inputs of many rows. See `InputsOfMany`."""
        del rows
        columns = [column for column in contents if isinstance(column, ColumnCells)]
        numbers, is_whole = self._features.matrix(columns)
        whole = np.flatnonzero(is_whole)
        return [(whole, numbers[whole])]


@dataclass
class RowTable:
    """A source whose records are rows of a table. See `Source` for the attributes.

    Attributes
    ----------
    features : dict
        What stands before a cell in a row as it is kept, ``"age":`` with each % twice → the column's
        cells, in JSON.
    whole_rows : ndarray of uint8
        As `SourceOfRows` has it.
    """

    path: Path
    ids: Sequence[str]
    labels: Sequence[str | None]
    units: Sequence[str] | None
    columns: Sequence[str]
    notes: Sequence[str]
    features: dict[bytes, CodedColumn]
    whole_rows: NDArray[np.uint8]
    classes: Sequence[str] | None = None
    problems: Sequence[Problem] = ()
    ignored: int = 0
    kind: RecordKind = ROWS

    @property
    def blank(self) -> Row:
        """Return a row of empty cells: all rows of a table have the same columns."""
        return (None,) * len(self.features)

    def read(self, index: int) -> bytes:
        """Return the cells that the model takes, by their columns. See `Source.read`."""
        return self._row % tuple(column.stored(index) for column in self.features.values())

    def read_many(self, rows: Sequence[int]) -> list[bytes]:
        """Return the cells of many rows. See `SourceOfMany`."""
        if not self.features:
            return [self._row] * len(rows)
        places = np.asarray(rows, dtype=np.int64)
        cells = (column.stored_at(places) for column in self.features.values())
        return [self._row % of_row for of_row in zip(*cells, strict=True)]

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many bytes the cells of many rows have. See `SourceOfMany`."""
        return sum((column.sizes(rows) for column in self.features.values()), np.zeros_like(rows))

    def contents(self, rows: NDArray[np.int64]) -> list[ColumnCells]:
        """Return the cells of many rows, by their columns. See `SourceOfMany`."""
        columns = []
        for column in self.features.values():
            stored, places = column.distinct_at(rows)
            columns.append(ColumnCells(_CELLS.decode(b"[" + b",".join(stored) + b"]"), places))
        return columns

    @cached_property
    def _row(self) -> bytes:
        return b"{" + b",".join(head + b"%b" for head in self.features) + b"}"

    def stamp(self, index: int) -> tuple[int, int] | None:
        """Return nothing: rows have no time of their own. See `Source.stamp`."""
        del index
        return None


def _open_table(where: SourceRef) -> RowTable:
    """Read a table. The label is the column ``label`` unless named."""
    label, unit, features = where.label_column, where.unit_column, where.feature_columns
    several = where.labels.columns
    named = [column for column in (label, unit, *several) if column is not None]
    wanted = None if not features else [*features, label or _LABEL, *named]
    table = read_table(ROWS, where.path, wanted)
    for name in named:
        table.column(name)
    table.check_text(label or _LABEL)
    _check_features(table, features)
    ids = [str(row) for row in range(table.rows)]
    labels = labels_of(table, label or _LABEL, several, range(table.rows))
    units = None if unit is None else table.column(unit)
    chosen = features or [name for name in table.columns if name not in {label or _LABEL, *named}]
    return RowTable(
        path=where.path,
        ids=ids,
        labels=labels,
        units=None if units is None else units_of(units, ids),
        columns=[name for name in table.names if name not in features],
        notes=[
            *table.notes,
            *([] if several else label_notes(labels)),
            *(unit_notes(units) if units is not None else []),
        ],
        features={_head(name): _as_json(table.column(name)) for name in chosen},
        classes=None if several else table.classes.get(label or _LABEL),
        whole_rows=table.row_hashes,
    )


def _as_json(column: Column) -> CodedColumn:
    """Return the cells of a column in the one form in which they are kept, as JSON."""
    distinct: dict[bytes, int] = {}
    known: dict[str | None, int] = {}

    def codes() -> Iterator[int]:
        for cell in column:
            if cell not in known:
                stored = _json(None if cell is None else own_cell(cell) or None).encode()
                known[cell] = distinct.setdefault(stored, len(distinct))
            yield known[cell]

    of_rows = np.fromiter(codes(), dtype=np.uint32, count=len(column))
    return CodedColumn(Column(b"".join(stored + END for stored in distinct)), of_rows)


def _head(name: str) -> bytes:
    return f"{_json(name)}:".replace("%", "%%").encode()


def _json(text: str | None) -> str:
    return json.dumps(text, ensure_ascii=False)


def _features_of(member: "Member") -> Features:
    if member.features is not None:
        return member.features
    does_not_fit = _("The records cannot be made into inputs of the model.")
    if member.tokenizer is not None or member.processor is not None or member.form == "huggingface":
        takes_texts = member.tokenizer is not None
        raise UnusableError(
            does_not_fit,
            _("They are rows of a table, and the checkpoint takes texts.")
            if takes_texts
            else _("They are rows of a table, and the checkpoint takes images."),
            _("Give the records that it is for, or a checkpoint for tables."),
        )
    raise UnusableError(
        does_not_fit,
        _("They are rows of a table, and the checkpoint has no features.json that says how."),
        _("Ask the consortium for that file."),
    )


def _check_features(table: Table, features: Sequence[str]) -> None:
    missing = [column for column in features if column not in table.columns]
    if missing:
        raise UnusableError(
            ngettext(
                "The table lacks {count} column that the model takes.",
                "The table lacks {count} columns that the model takes.",
                len(missing),
            ),
            _(
                "“{name}” has no {missing}; it has the columns {columns}.",
                name=table.name,
                missing=listed(missing),
                columns=listed(table.names) or _("(none)"),
            ),
            _("Add them, or name the columns as the checkpoint's features.json does."),
        )
