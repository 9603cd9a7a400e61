"""Parquet and Feather (Arrow IPC), read by pyarrow where this process is confined.

Such a file is a program for its reader: lengths, codes and packed parts, any of which may lie. So
its directory is bounded before it is read, every batch is validated, and while it is read, the process
may take no more memory than a table may have.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.records.npz import most_memory
from dataselect_gui.records.stated_features import classes_of, stated_features
from dataselect_gui.records.tables.arrow_reading import (
    ENCRYPTED,
    ENCRYPTED_MARK,
    FILE_MARK,
    ArrowBatches,
    arrow_reading,
    check_counts,
)
from dataselect_gui.records.tables.json_lines import as_cell
from dataselect_gui.records.tables.table import (
    END,
    MOST_CELL,
    check_shape,
    holds_bytes,
    own_name,
    place_of,
    row_hash,
    unreadable,
)
from dataselect_gui.texts import N_, _

ENDINGS = frozenset({".parquet", ".pq", ".feather", ".arrow"})
ROW_COUNT = ""
"""What the number of rows is asked for as: no column is called so."""
CLASSES_OF = "\0classes of "
"""Before a column's name, what the names of its classes are asked for as: no name begins so."""
ROW_HASHES = "\0rows"
"""The same of the hashes of whole rows."""
OF_BYTES = "\0of bytes"
"""The same of the names of all columns that hold bytes, which are no text."""
MOST_BYTES = 2 << 30
"""Of all cells, in UTF-8."""
_MOST_FOR_A_BATCH = 15 << 26
"""Bytes that the library and Python may take for a batch, beside the cells before it."""
_MOST_VALUES = _MOST_FOR_A_BATCH // 16
"""In a batch: each of them becomes an object, and a place in a list."""
_PARQUET, _FEATHER_1 = b"PAR1", b"FEA1"
_MOST_DIRECTORY = 1 << 25
"""Bytes of the end of a Parquet file, which describes each column of each group of rows."""
_DEEPEST = 32
_BATCH_ROWS = 4096
_NO_COLUMNS = frozenset({ROW_COUNT, ROW_HASHES, OF_BYTES})
_Batches: TypeAlias = Callable[[list[int]], Iterator[Any]]
"""Yields batches with the columns at some places."""
_DAMAGED = N_("It is damaged, or is no such file.")


def unpack_columns(
    file: BinaryIO, name: str, needed: Sequence[str]
) -> tuple[list[str], Iterator[tuple[str, NDArray[Any]]]]:
    """Read some columns of a Parquet or Feather file.

    Parameters
    ----------
    file : binary file
        The file.
    name : str
        What it is called.
    needed : sequence of str
        The columns; `ROW_COUNT` stands for the number of rows, `ROW_HASHES` for what `row_hash` makes
        of each, `OF_BYTES` for the names of the columns that are no text, and `CLASSES_OF` before a
        column for the names of its classes by number, where the file states them.

    Returns
    -------
    tuple
        The names of all columns; and those that are needed and there, each as `Column` takes it, or
        names as a list in JSON.

    Raises
    ------
    UnusableError
        Where it cannot be read, or comes to more than a table may have.
    """
    too_large = _("It unpacks to more than a table may have.")
    most = min(_MOST_FOR_A_BATCH, most_memory())
    with arrow_reading(most, partial(unreadable, name), too_large, _(_DAMAGED)) as count_anew:
        return _read(file, name, needed, count_anew)


def _read(
    file: BinaryIO, name: str, needed: Sequence[str], count_anew: Callable[[], None]
) -> tuple[list[str], Iterator[tuple[str, NDArray[Any]]]]:
    schema, stated_rows, batches = _opened(file, name)
    names = [own_name(title) for title in schema.names]
    check_shape(name, len(names), stated_rows or 0)
    columns = [key for key in needed if key not in _NO_COLUMNS and not key.startswith(CLASSES_OF)]
    places = {title: place_of(title, names, name) for title in columns}
    chosen = {title: place for title, place in places.items() if place is not None}
    for title, place in chosen.items():
        _check_type(name, title, schema.field(place).type)
    stored = {title: bytearray() for title in chosen}
    rows, size, hashes = 0, 0, bytearray()
    read = list(range(len(names))) if ROW_HASHES in needed else list(chosen.values())
    for batch in batches(read):
        batch.validate(full=True)
        rows += batch.num_rows
        check_shape(name, len(names), rows)
        for column in batch.columns:
            _check_values(column)
        for title, place in chosen.items():
            cells = _cells(batch.column(schema.names[place]))
            size += sum(map(len, cells)) + len(cells)
            if size > MOST_BYTES:
                raise MemoryError
            if max(map(len, cells), default=0) > MOST_CELL:
                raise unreadable(name, _("A cell has more than {most:,} bytes.", most=MOST_CELL))
            stored[title] += b"".join(cell + END for cell in cells)
        if ROW_HASHES in needed:
            all_cells = map(_whole_cells, batch.columns)
            hashes += b"".join(map(row_hash, zip(*all_cells, strict=True)))
        count_anew()  # What is kept of the batches before is bounded by itself.
    if stated_rows is not None and chosen and stated_rows != rows:
        raise unreadable(name, _(_DAMAGED))
    made: list[tuple[str, NDArray[Any]]] = []
    if ROW_COUNT in needed:
        made.append((ROW_COUNT, np.array([rows if chosen or stated_rows is None else stated_rows])))
    if ROW_HASHES in needed:
        made.append((ROW_HASHES, np.frombuffer(hashes, dtype=np.uint8)))
    if OF_BYTES in needed:
        kinds = [schema.field(place).type for place in range(len(names))]
        of_bytes = [
            name for name, kind in zip(names, kinds, strict=True) if name and _holds_bytes(kind)
        ]
        made.append((OF_BYTES, _as_json(of_bytes)))
    made += [(title, np.frombuffer(column, dtype=np.uint8)) for title, column in stored.items()]
    stated = stated_features(schema)
    for title, place in chosen.items():
        classes = classes_of(stated.get(schema.names[place]))
        if classes is not None and CLASSES_OF + title in needed:
            made.append((CLASSES_OF + title, _as_json(classes)))
    return [title for title in names if title], iter(made)


def _as_json(names: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(names).encode(), dtype=np.uint8)


def _opened(file: BinaryIO, name: str) -> tuple[Any, int | None, _Batches]:
    """Return the schema of a file, how many rows it states, and what yields its batches."""
    import pyarrow as pa

    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    end = file.read()
    file.seek(0)
    start = file.read(len(FILE_MARK))
    file.seek(0)
    if start.startswith(_FEATHER_1):
        raise unreadable(
            name, _("It is Feather of version 1, which is read no longer: write version 2.")
        )
    if end.endswith(ENCRYPTED_MARK):
        raise unreadable(name, _(ENCRYPTED))
    if start.startswith(_PARQUET) and end.endswith(_PARQUET):
        if int.from_bytes(end[:4], "little") > _MOST_DIRECTORY:
            raise unreadable(name, _("Its directory is larger than that of any table."))
        return _parquet(pa.PythonFile(file, mode="r"))
    stored = ArrowBatches(file, is_stream=start != FILE_MARK)
    return stored.schema, None, stored.of


def _parquet(file: Any) -> tuple[Any, int | None, _Batches]:  # noqa: ANN401
    from pyarrow.parquet import ParquetFile

    opened = ParquetFile(file, pre_buffer=False, schema_depth_limit=_DEEPEST)
    check_counts(opened.metadata)
    schema = opened.schema_arrow

    def batches(places: list[int]) -> Iterator[Any]:
        columns = [schema.names[place] for place in places]
        read: Iterator[Any] = opened.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False)
        return read

    return schema, opened.metadata.num_rows, batches


def _check_type(file: str, column: str, kind: Any) -> None:  # noqa: ANN401
    """Refuse a column of bytes, which are no text."""
    if _holds_bytes(kind):
        raise holds_bytes(file, column)


def _holds_bytes(kind: Any) -> bool:  # noqa: ANN401
    """Say whether values of a type are bytes, or have some within."""
    import pyarrow as pa
    from pyarrow import types

    if isinstance(kind, pa.UuidType):
        return False
    if isinstance(kind, pa.BaseExtensionType):
        return _holds_bytes(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return _holds_bytes(kind.value_type)
    if types.is_nested(kind):
        return any(_holds_bytes(kind.field(place).type) for place in range(kind.num_fields))
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def _check_values(array: Any) -> None:  # noqa: ANN401
    """Raise `MemoryError` where an array has too many values, by its lists within lists.

    A list of nulls takes no bytes at all, whatever its length; and views of lists may share values.
    """
    import pyarrow as pa
    from pyarrow import compute, types

    kind = array.type
    if len(array) > _MOST_VALUES:
        raise MemoryError
    if isinstance(kind, pa.BaseExtensionType):
        _check_values(array.storage)
    elif types.is_struct(kind):
        for place in range(kind.num_fields):
            _check_values(array.field(place))
    elif types.is_map(kind):
        _check_values(array.keys)
        _check_values(array.items)
    elif types.is_run_end_encoded(kind):
        _check_values(compute.run_end_decode(array))
    elif types.is_nested(kind) and not types.is_union(kind):
        if (compute.sum(compute.list_value_length(array)).as_py() or 0) > _MOST_VALUES:
            raise MemoryError
        _check_values(array.flatten())


def _whole_cells(array: Any) -> list[bytes]:  # noqa: ANN401
    """Return the values of any array as bytes: as cells where they can be."""
    try:
        return _cells(array)
    except (TypeError, ValueError):  # Bytes, alone or within others, or very long.
        return [b"" if value is None else repr(value).encode() for value in array.to_pylist()]


def _cells(array: Any) -> list[bytes]:  # noqa: ANN401
    """Return the values of an array as cells, in UTF-8; see `table`."""
    import pyarrow as pa

    kind = array.type
    if isinstance(kind, pa.UuidType):
        return [b"" if value is None else str(value).encode() for value in array.to_pylist()]
    if isinstance(kind, pa.BaseExtensionType):
        return _cells(array.storage)
    if pa.types.is_dictionary(kind):
        values = _cells(array.dictionary)
        return [b"" if place is None else values[place] for place in array.indices.to_pylist()]
    is_interval = pa.types.is_interval(kind)  # That the library does not write as text.
    if (pa.types.is_temporal(kind) and not is_interval) or pa.types.is_decimal(kind):
        array = array.cast(pa.string())
    return [as_cell(value).encode("utf-8", "replace") for value in array.to_pylist()]
