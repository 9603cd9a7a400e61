"""Rows of a table that leave: one Parquet file with the columns that the model takes, and the label.

Cells are texts, as they are kept. Rows are in the order of their random names, which do not leave.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec

from dataselect_gui.errors import FaultError, UnusableError
from dataselect_gui.plain import shown
from dataselect_gui.records.cell_text import own_cell
from dataselect_gui.records.forms import limits
from dataselect_gui.records.forms.form import (
    DATA,
    LABEL,
    DescribedField,
    Leaving,
    Named,
    Size,
    Written,
    WrittenForm,
    write_file,
)
from dataselect_gui.records.tables.columnar import unpack_columns
from dataselect_gui.records.tables.parquet_writing import parquet_of, row_count
from dataselect_gui.records.tables.table import Column, listed
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.texts.promises import CELLS

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import RecordKind
    from dataselect_gui.records.source import Source

TABLE = f"{DATA}/records.parquet"
_START = 64
"""Bytes that tell how many rows there are."""
_BESIDE = 5
"""Bytes of a cell in the file beside its own."""
_ROW = msgspec.json.Decoder(dict[str, str | None])


@dataclass(frozen=True)
class RowsFile(WrittenForm):
    """All records in one table."""

    listing: ClassVar[str] = TABLE
    listing_encoding: ClassVar[str] = "application/x-parquet"
    warning: ClassVar[str] = CELLS
    category: ClassVar[str] = "tabular-classification"

    def leaves(self, features: Sequence[str]) -> tuple[Leaving, ...]:
        """Return the one table, with each of its columns by name. See `WrittenForm`."""
        columns = [(column, N_("a column that the model takes")) for column in features]
        label = (LABEL, N_("the label"))
        return (Leaving(TABLE, N_("Records"), (*columns, label), "39, State-gov, >50K"),)

    def sizes(
        self, source: "Source", rows: Sequence[int], labels: Sequence[str | None]
    ) -> Iterator[Size]:
        """Yield the size of the table. See `WrittenForm`."""
        # A row as it is kept, which names its columns, is larger than its cells in the file.
        total = sum(
            len(source.read(row)) + len((label or "").encode()) + _BESIDE
            for row, label in zip(rows, labels, strict=True)
        )
        yield total, limits.MOST_FILE, _("bytes of rows and labels")

    def write(self, folder: Path, kind: "RecordKind", records: Iterable[Named]) -> Written:
        """Write all records and their labels as a table. See `WrittenForm`."""
        del kind
        columns: dict[str, list[str | None]] = {}
        labels: list[str | None] = []
        for _name, label, stored in records:
            for column, cell in cells_of(stored).items():
                columns.setdefault(column, []).append(cell)
            labels.append(label or None)
        return write_file(folder, TABLE, parquet_of({**columns, LABEL: labels}))

    def described(self, bundle: Path) -> tuple[DescribedField, ...]:
        """Return the columns of the table. See `WrittenForm`."""
        features = [name for name in _names(bundle / TABLE) if name != LABEL]
        columns = (DescribedField(name, "text") for name in features)
        return (*columns, self.described_label(bundle))

    def labels(self, bundle: Path) -> Iterator[str | None]:
        """Yield those of the last column, where it is as it is to be. See `WrittenForm`."""
        try:
            yield from _read(bundle / TABLE)[LABEL]
        except FaultError:
            return

    def count(self, bundle: Path) -> int:
        """Return the number of rows. See `WrittenForm`."""
        with (bundle / TABLE).open("rb") as file:
            return row_count(file.read(_START))

    def check(self, bundle: Path) -> str:
        """Say how many rows are there, and of which columns. See `WrittenForm`."""
        columns = _read(bundle / TABLE)
        features = [shown(column) for column in columns if column != LABEL]
        return ngettext(
            "The table holds {count:,} row, with its label and {columns}, and no other column.",
            "The table holds {count:,} rows, with their labels and {columns}, and no other column.",
            len(columns[LABEL]),
            columns=listed(features) or _("nothing else"),
        )

    def check_metadata(self, bundle: Path) -> str:
        """Say that the file holds nothing but its cells. See `WrittenForm`."""
        columns = _read(bundle / TABLE)
        if (bundle / TABLE).read_bytes() != parquet_of(columns):
            raise FaultError(_("The table holds more than its cells."))
        return _(
            "The table is written in the only way that its cells can be, with nothing before, between "
            "or behind. Whether a cell itself says more than the model needs was not looked for."
        )


ROWS_FILE = RowsFile()


def cells_of(stored: bytes) -> dict[str, str | None]:
    """Return the cells of a row by their columns, as a table's source keeps it: a JSON object."""
    return _ROW.decode(stored)


def _read(path: Path) -> dict[str, Sequence[str | None]]:
    """Return the cells of a table by their columns, the label last.

    Raises
    ------
    FaultError
        Where it is not of the form that the program writes.
    """
    try:
        names = _names(path)
        with path.open("rb") as file:
            made = unpack_columns(file, path.name, names)[1]
            columns: dict[str, Sequence[str | None]] = {name: Column(cells) for name, cells in made}
    except UnusableError as error:
        raise FaultError(error.why) from None
    if list(columns) != names or not names or names[-1] != LABEL:
        raise FaultError(_("The table is not one of rows with their labels."))
    for column, cells in columns.items():
        if column != LABEL and any(cell != own_cell(cell) for cell in cells if cell is not None):
            raise FaultError(
                _("The table holds cells that are not written as the program writes them.")
            )
    return columns


def _names(path: Path) -> list[str]:
    with path.open("rb") as file:
        return unpack_columns(file, path.name, [])[0]
