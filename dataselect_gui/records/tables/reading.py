"""Read a table, whatever file it is in.

Text is read where this process is, within bounds; Parquet and Feather are read by a library in C++,
hence in the confined process, to which the kind of record that needs the table answers
(`RecordKind.unpack`) by `columnar.unpack_columns`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.decoding_process import unpacked
from dataselect_gui.records.npz import most_memory
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.records.tables.columnar import (
    CLASSES_OF,
    MOST_BYTES,
    OF_BYTES,
    ROW_COUNT,
    ROW_HASHES,
)
from dataselect_gui.records.tables.columnar import ENDINGS as COLUMNAR
from dataselect_gui.records.tables.delimited import read_delimited
from dataselect_gui.records.tables.json_lines import read_json_lines
from dataselect_gui.records.tables.table import (
    HASH_BYTES,
    MOST_ROWS,
    Column,
    Table,
    check_shape,
    holds_bytes,
    listed,
    unreadable,
    usable,
)
from dataselect_gui.texts import _, ngettext

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
        names, arrays = unpacked(kind, path, [OF_BYTES], most)
        of_bytes = _names_from(path, arrays[OF_BYTES]) if OF_BYTES in arrays else ()
        wanted = [name for name in usable(names) if name not in of_bytes]
        if of_bytes and not wanted:
            raise holds_bytes(path.name, of_bytes[0])
    of_classes = {CLASSES_OF + title: title for title in wanted}
    names, arrays = unpacked(kind, path, [ROW_COUNT, ROW_HASHES, OF_BYTES, *wanted, *of_classes], most)
    of_bytes = _names_from(path, arrays.pop(OF_BYTES, np.empty(0)))
    hashes = arrays.pop(ROW_HASHES, np.empty(0)).tobytes()
    columns = {title: Column(arrays[title]) for title in wanted if title in arrays}
    classes = {
        title: _names_from(path, arrays[asked])
        for asked, title in of_classes.items()
        if asked in arrays
    }
    rows = int(arrays[ROW_COUNT][0]) if ROW_COUNT in arrays and arrays[ROW_COUNT].size == 1 else -1
    is_whole = all(len(column) == rows for column in columns.values())
    if not is_whole or len(hashes) != rows * HASH_BYTES or not all(map(str, names)):
        raise _made_to_harm(path)
    check_shape(path.name, len(names), rows, most_rows)
    return Table(
        path.name,
        tuple(name for name in names if name not in of_bytes),
        rows,
        columns,
        notes=tuple(_notes(of_bytes)),
        classes=classes,
        whole_rows=hashes,
        of_bytes=of_bytes,
    )


def _notes(of_bytes: Sequence[str]) -> list[str]:
    """Say which columns are passed over."""
    if not of_bytes:
        return []
    return [
        ngettext(
            "{count:,} column holds bytes, which are no text, and is passed over: {columns}.",
            "{count:,} columns hold bytes, which are no text, and are passed over: {columns}.",
            len(of_bytes),
            columns=listed(of_bytes),
        )
    ]


def _names_from(path: Path, stored: NDArray[Any]) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(stored.tobytes(), type=tuple[str, ...])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _made_to_harm(path) from None


def _made_to_harm(path: Path) -> UnusableError:
    """Return the refusal of what the confined process never says: it may be the work of the file."""
    return UnusableError(
        _("“{name}” cannot be read as a table.", name=path.name),
        _("What read it fell over it: it may be made to do harm."),
        _("Ask for another copy of it."),
    )
