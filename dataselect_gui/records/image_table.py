"""Images inside a table: Parquet, and Arrow as Hugging Face's `datasets` saves it.

A column of images is a struct of ``bytes`` and ``path``, or bytes alone. Such a file is a program for
its reader, so it is read where this process is confined, validated batch by batch, and while it is
read the process may take no more memory than a source may have.
"""

import json
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.npz import MAX_ROWS, most_memory
from dataselect_gui.records.stated_features import stated_features
from dataselect_gui.records.tables.arrow_reading import (
    FILE_MARK,
    ArrowBatches,
    arrow_reading,
    check_counts,
)
from dataselect_gui.texts import N_, _

ENDINGS = frozenset({".parquet", ".pq", ".arrow"})
CONTENT, ENDS, STATES, FEATURES, ROWS = "\0content", "\0ends", "\0states", "\0features", "\0rows"
"""What is asked for beside columns: the files of all images, one behind the other; where each ends;
whether it is there; what the file says of its columns; or nothing but the number of rows."""
THERE, NOTHING, ELSEWHERE = range(3)
"""States of an image: its file is there; nothing is; only the name of a file is."""
_PARQUET = b"PAR1"
_MOST_DIRECTORY, _MOST_SCHEMA, _MOST_COLUMNS = 1 << 25, 1 << 20, 1000
_MOST_CELLS = 1 << 26
"""Bytes of labels, and of units, as JSON."""
_BATCH_ROWS = 64
_DAMAGED = N_("It is damaged, or holds no images.")
_MARKS = (b'"_type": "Image"', b'"_type":"Image"', b'\\"_type\\": \\"Image\\"')
_FIELDS = (b"bytes", b"path")


def names_images(path: Path) -> bool:
    """Say whether a file seems to have a column of images, having searched its directory for names.

    Nothing is parsed: this is certain only once the file is read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 8))
            end = file.read()
            length = _MOST_SCHEMA
            file.seek(0)
            if end[4:] == _PARQUET:
                length = min(int.from_bytes(end[:4], "little") + 8, size)
                if length > _MOST_DIRECTORY:
                    return False
                file.seek(size - length)
            directory = file.read(length)
    except OSError:
        return False
    has_fields = all(bytes([len(name)]) in _before(directory, name) for name in _FIELDS)
    return has_fields or any(mark in directory for mark in _MARKS)


def _before(directory: bytes, name: bytes) -> set[bytes]:
    """Return the bytes that stand before a name: its length is among them, in either format."""
    before, place = set(), directory.find(name)
    while place >= 0:
        before |= {directory[place - 1 : place], directory[max(place - 4, 0) : place][:1]}
        place = directory.find(name, place + 1)
    return before


def unpack_images(
    file: BinaryIO, name: str, needed: Sequence[str]
) -> tuple[list[str], Iterator[tuple[str, NDArray[Any]]]]:
    """Read the images of a file, and some columns.

    Parameters
    ----------
    file : binary file
        The file.
    name : str
        What it is called.
    needed : sequence of str
        Names of columns, each of which comes as a list in JSON; `ROWS` alone for the number of rows.

    Returns
    -------
    tuple
        The columns that may serve as label or unit; and what is needed.

    Raises
    ------
    UnusableError
        Where it cannot be read, holds no images, or would not fit into memory.
    """
    too_large = _("It takes more memory than half of what this machine has.")
    with arrow_reading(most_memory(), partial(no_table, name), too_large, _(_DAMAGED)):
        return _read(file, name, needed)


def no_table(name: str, why: str) -> UnusableError:
    """Return the refusal of a file, and why."""
    return UnusableError(
        _("“{name}” cannot be read as a table of images.", name=name),
        why,
        _("Write it again with the datasets library, or save the images as a folder."),
    )


def _read(
    file: BinaryIO, name: str, needed: Sequence[str]
) -> tuple[list[str], Iterator[tuple[str, NDArray[Any]]]]:
    schema, batches = _opened(file, name)
    if len(schema.names) > _MOST_COLUMNS or len(set(schema.names)) < len(schema.names):
        raise no_table(name, _("It has too many columns, or two of one name."))
    images = _image_column(schema, name)
    others = [title for title in schema.names if title != images and _may_be_label(schema.field(title))]
    chosen = [] if ROWS in needed else [title for title in others if title in needed]
    content, ends, states = bytearray(), list[int](), list[int]()
    cells: dict[str, list[object]] = {title: [] for title in chosen}
    rows = 0
    for batch in batches([images, *chosen]):
        batch.validate(full=True)
        rows += batch.num_rows
        if rows > MAX_ROWS:
            raise no_table(name, _("It has more than {most:,} rows.", most=MAX_ROWS))
        if ROWS in needed:
            continue
        for stored, state in _images(batch.column(images)):
            content += stored
            ends.append(len(content))
            states.append(state)
        for title, column in cells.items():
            column += batch.column(title).to_pylist()
    if ROWS in needed:
        return [], iter([(ROWS, np.array([rows]))])
    made: list[tuple[str, NDArray[Any]]] = [
        (CONTENT, np.frombuffer(content, dtype=np.uint8)),
        (ENDS, np.array(ends, dtype=np.int64)),
        (STATES, np.array(states, dtype=np.uint8)),
        (FEATURES, _as_json(name, stated_features(schema))),
    ]
    made += [(title, _as_json(name, values)) for title, values in cells.items()]
    return others, iter(made)


def _opened(file: BinaryIO, name: str) -> tuple[Any, Any]:
    """Return the schema of a file, and what yields batches with some of its columns."""
    import pyarrow as pa

    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    end = file.read()
    file.seek(0)
    start = file.read(len(FILE_MARK))
    file.seek(0)
    if end.endswith(_PARQUET):
        from pyarrow.parquet import ParquetFile

        if int.from_bytes(end[:4], "little") > _MOST_DIRECTORY:
            raise no_table(name, _(_DAMAGED))
        opened = ParquetFile(
            pa.PythonFile(file, mode="r"),
            pre_buffer=False,
            thrift_string_size_limit=_MOST_DIRECTORY,
            thrift_container_size_limit=_MOST_DIRECTORY,
        )
        check_counts(opened.metadata)

        def groups(columns: list[str]) -> Iterator[Any]:
            batches: Iterator[Any]
            batches = opened.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False)
            return batches

        return opened.schema_arrow, groups

    stored = ArrowBatches(file, is_stream=start != FILE_MARK)

    def batches(columns: list[str]) -> Iterator[Any]:
        return stored.of([stored.schema.get_field_index(column) for column in columns])

    return stored.schema, batches


def _image_column(schema: Any, name: str) -> str:  # noqa: ANN401
    """Return the column of images."""
    stated = stated_features(schema)
    titles: list[str] = [
        field.name
        for field in schema
        if _holds_files(field.type)
        or (_is_binary(field.type) and _type_of(stated.get(field.name)) == "Image")
    ]
    if len(titles) > 1 and "image" in titles:
        return "image"
    if not titles:
        raise UnusableError(
            _("“{name}” cannot be read as a table of images.", name=name),
            _("It has no column of images."),
            _("Rows and texts are read from one file: save them with to_parquet, or as CSV."),
        )
    if len(titles) > 1:
        raise no_table(name, _("It has several columns of images, and none is called “image”."))
    return titles[0]


def _type_of(feature: object) -> object:
    return feature.get("_type") if isinstance(feature, dict) else None


def _holds_files(kind: Any) -> bool:  # noqa: ANN401
    from pyarrow import types

    return (
        types.is_struct(kind)
        and kind.get_field_index("bytes") >= 0
        and _is_binary(kind.field("bytes").type)
    )


def _is_binary(kind: Any) -> bool:  # noqa: ANN401
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _may_be_label(field: Any) -> bool:  # noqa: ANN401
    from pyarrow import types

    kind = field.type
    if types.is_list(kind) or types.is_large_list(kind) or types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
    )


def _images(column: Any) -> Iterator[tuple[bytes, int]]:  # noqa: ANN401
    """Yield the file of each image, and whether it is there."""
    if _is_binary(column.type):
        for stored in column:
            value = stored.as_py()
            yield (b"", NOTHING) if value is None else (value, THERE)
        return
    for stored in column:
        value = stored.as_py() or {}
        content, path = value.get("bytes"), value.get("path")
        if content is not None:
            yield content, THERE
        else:
            yield b"", ELSEWHERE if path else NOTHING


def _as_json(name: str, value: object) -> NDArray[np.uint8]:
    text = json.dumps(value).encode()
    if len(text) > _MOST_CELLS:
        raise no_table(name, _("Its labels or units are too long."))
    return np.frombuffer(text, dtype=np.uint8)
