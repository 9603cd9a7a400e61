"""Read a table, whatever file it is in.

Text is read where this process is, within bounds; Parquet and Feather are read by a library in C++,
hence in the confined process, to which the kind of record that needs the table answers
(`RecordKind.unpack`) by `columnar.unpack_columns`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.decoding_process import unpacked
from dataselect_gui.records.npz import most_memory
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.records.tables.columnar import ENDINGS as COLUMNAR
from dataselect_gui.records.tables.columnar import MOST_BYTES, ROW_COUNT, ROW_HASHES
from dataselect_gui.records.tables.delimited import read_delimited
from dataselect_gui.records.tables.json_lines import read_json_lines
from dataselect_gui.records.tables.table import (
    HASH_BYTES,
    MOST_ROWS,
    Column,
    Table,
    check_shape,
    unreadable,
    usable,
)
from dataselect_gui.texts import _

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import RecordKind

DELIMITED = frozenset({".csv", ".tsv", ".tab"})
JSON_LINES = frozenset({".jsonl", ".ndjson"})
ENDINGS = DELIMITED | JSON_LINES | COLUMNAR
"""Of the files that are tables, in small letters."""


def read_table(
    kind: "RecordKind", path: Path, wanted: Sequence[str] | None, most: int = MOST_ROWS
) -> Table:
    """Read some columns of a table.

    Parameters
    ----------
    kind : RecordKind
        Whose `unpack` is `columnar.unpack_columns` for a table.
    path : Path
        The file, of one of the `ENDINGS`.
    wanted : sequence of str or None
        The columns, by their names in any capitals, with blanks around them or without; None for all.
    most : int
        Rows; a table of more is refused.

    Returns
    -------
    Table
        With those of the columns that there are.

    Raises
    ------
    UnusableError
        Where it cannot be read, or several columns could be meant by a name; a `TooManyRowsError` where
        it has more rows.
    """
    ending = path.suffix.lower()
    try:
        if path.stat().st_size > most_memory():
            raise unreadable(path.name, _("It is larger than half of this machine's memory."))
        if ending in COLUMNAR:
            return _read_columnar(kind, path, wanted, most)
        read = read_json_lines if ending in JSON_LINES else read_delimited
        with path.open("rb") as file:
            return read(file, path.name, wanted, most)
    except UnreadableRecordError as reason:
        raise unreadable(path.name, str(reason)) from None
    except OSError:
        raise unreadable(path.name, _("The disk does not give it.")) from None
    except MemoryError:
        raise unreadable(path.name, _("It takes more memory than there is to read it.")) from None


def _read_columnar(
    kind: "RecordKind", path: Path, wanted: Sequence[str] | None, most_rows: int
) -> Table:
    most = min(MOST_BYTES, most_memory())
    if wanted is None:
        wanted = usable(unpacked(kind, path, [], most)[0])
    names, arrays = unpacked(kind, path, [ROW_COUNT, ROW_HASHES, *wanted], most)
    hashes = arrays.pop(ROW_HASHES, np.empty(0)).tobytes()
    columns = {title: Column(cells) for title, cells in arrays.items() if title != ROW_COUNT}
    rows = int(arrays[ROW_COUNT][0]) if ROW_COUNT in arrays and arrays[ROW_COUNT].size == 1 else -1
    is_whole = all(len(column) == rows for column in columns.values())
    if not is_whole or len(hashes) != rows * HASH_BYTES or not all(map(str, names)):
        raise UnusableError(  # What came may be the work of the file.
            _("“{name}” cannot be read as a table.", name=path.name),
            _("What read it fell over it: it may be made to do harm."),
            _("Ask for another copy of it."),
        )
    check_shape(path.name, len(names), rows, most_rows)
    return Table(path.name, tuple(names), rows, columns, whole_rows=hashes)
