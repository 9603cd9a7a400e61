"""Images inside a table: Parquet files, and what the library `datasets` saves.

Of several files, the rows are one behind the other, in the order in which the files are listed.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.records.decoding_process import unpacked
from dataselect_gui.records.image_table import (
    CONTENT,
    ELSEWHERE,
    ENDINGS,
    ENDS,
    FEATURES,
    NOTHING,
    ROWS,
    STATES,
    THERE,
    no_table,
    unpack_images,
)
from dataselect_gui.records.kinds.images import Images
from dataselect_gui.records.kinds.kind import RecordKind, Unpacked
from dataselect_gui.records.label_text import check_columns, columns_text, named_label, readable_text
from dataselect_gui.records.npz import MAX_ROWS, most_memory
from dataselect_gui.records.shards import Shards, is_table, shards_of
from dataselect_gui.records.source import (
    Problem,
    Source,
    SourceRef,
    UnreadableRecordError,
    own_unit,
    person_name,
)
from dataselect_gui.records.splits import chosen_split
from dataselect_gui.records.stated_features import classes_of
from dataselect_gui.texts import N_, _

_LABEL = "label"


@dataclass(frozen=True)
class ImageTables(Images):
    """Image files in a column of a table."""

    name: ClassVar[str] = "image-table"
    nouns: ClassVar[str] = N_("a Parquet file of images")
    counted: ClassVar[tuple[str, str]] = (N_("{count:,} image"), N_("{count:,} images"))
    advice: ClassVar[str] = N_("a Parquet file with images, a folder that the datasets library saved")
    endings: ClassVar[frozenset[str]] = ENDINGS

    def opens(self, where: SourceRef) -> bool:
        """Say whether it seems to hold a column of images. See `RecordKind`."""
        return where.text_column is None and is_table(where.path)

    def open(self, where: SourceRef) -> Source:
        """Read a table. See `RecordKind`."""
        return _open_table(where)

    def linked_files(self, path: Path) -> list[Path]:
        """Return nothing: what links stand for is not read. See `RecordKind`."""
        del path
        return []

    def unpack(self, file: BinaryIO, name: str, needed: Sequence[str]) -> Unpacked:
        """Read the images and columns of one file. See `RecordKind`."""
        return unpack_images(file, name, needed)


IMAGE_TABLES = ImageTables()


@dataclass
class ImageTable:
    """A source whose records are images in a table. See `Source` for the attributes."""

    path: Path
    ids: Sequence[str]
    labels: Sequence[str | None]
    units: Sequence[str] | None
    classes: Sequence[str] | None
    columns: Sequence[str]
    files: Sequence["_File"]
    starts: NDArray[np.int64]
    problems: Sequence[Problem] = ()
    ignored: int = 0
    kind: RecordKind = IMAGE_TABLES
    notes: Sequence[str] = ()

    @property
    def blank(self) -> None:
        """Return nothing: images have shapes of their own. See `Source.blank`."""
        return None

    def read(self, index: int) -> bytes:
        """Return the bytes of an image's file. See `Source.read`."""
        number = int(np.searchsorted(self.starts, index, side="right")) - 1
        return self.files[number].image(index - int(self.starts[number]))

    def stamp(self, index: int) -> tuple[int, int] | None:
        """Return nothing: rows have no time of their own. See `Source.stamp`."""
        del index
        return None


@dataclass(frozen=True)
class _File:
    """What one file holds."""

    columns: list[str]
    content: NDArray[np.uint8]
    ends: NDArray[np.int64]
    states: NDArray[np.uint8]
    features: dict[str, object]
    cells: dict[str, list[object]]

    def image(self, row: int) -> bytes:
        state = int(self.states[row])
        if state == ELSEWHERE:
            raise UnreadableRecordError(
                _("The table holds the name of a file alone, not the image: embed the images in it.")
            )
        if state == NOTHING:
            raise UnreadableRecordError(_("The table holds no image in this row."))
        start = int(self.ends[row - 1]) if row else 0
        return self.content[start : int(self.ends[row])].tobytes()


def _open_table(where: SourceRef) -> ImageTable:
    """Read a table. The label is the column ``label``, or the only one of classes, unless named."""
    path, unit = where.path, where.unit_column
    parts = shards_of(path)
    if set(parts) == {""}:
        chosen_split(path.name, {}, where.split)
        shards = parts[""]
    else:
        is_clear = where.split in parts or (where.split is None and len(parts) == 1)
        counts = {name: 0 if is_clear else _rows_of(shards) for name, shards in parts.items()}
        split = chosen_split(path.name, counts, where.split)
        assert split is not None
        shards = parts[split]
    left, files = most_memory(), list[_File]()
    label = where.label_column or _usual_label(shards.features)
    several = where.labels.columns
    for file in shards.files:
        needed = [label, *([unit] if unit else []), *several]
        read = _file_of(file, needed, left)
        if not files and where.label_column is None and not shards.features:
            usual = _usual_label(read.features)
            if usual != label:
                label, read = usual, _file_of(file, [usual, *needed[1:]], left)
        files.append(read)
        left -= read.content.nbytes
        if read.columns != files[0].columns:
            raise no_table(path.name, _("Its files have different columns."))
    columns = files[0].columns
    named = [column for column in (where.label_column, unit, *several) if column is not None]
    check_columns(path.name, named, columns)
    classes = classes_of((shards.features or files[0].features).get(label))
    counts_of_files = [len(file.ends) for file in files]
    rows = sum(counts_of_files)
    if rows > MAX_ROWS:
        raise no_table(path.name, _("It has more than {most:,} rows.", most=MAX_ROWS))
    labels: list[str | None] = [None] * rows
    if several:
        by_file = [zip(*(file.cells[name] for name in several), strict=True) for file in files]
        labels = [
            columns_text(dict(zip(several, row, strict=True))) for rows in by_file for row in rows
        ]
    elif label in columns:
        given = (value for file in files for value in file.cells[label])
        labels = [named_label(path.name, value, classes) for value in given]
    units = None
    if unit is not None:
        values = [value for file in files for value in file.cells[unit]]
        units = [_person(value) or own_unit(str(row)) for row, value in enumerate(values)]
    return ImageTable(
        path=path,
        ids=[str(row) for row in range(rows)],
        labels=labels,
        units=units,
        classes=classes,
        columns=columns,
        files=files,
        starts=np.cumsum([0, *counts_of_files[:-1]], dtype=np.int64),
    )


def _rows_of(shards: Shards) -> int:
    total = 0
    for file in shards.files:
        _columns, arrays = _unpacked(file, [ROWS], 1 << 10)
        rows = arrays.get(ROWS)
        if rows is None or rows.shape != (1,) or rows.dtype.kind != "i":
            raise no_table(file.name, _("It cannot be read."))
        total += int(rows[0])
    return total


def _file_of(file: Path, needed: Sequence[str], left: int) -> _File:
    columns, arrays = _unpacked(file, [CONTENT, ENDS, STATES, FEATURES, *needed], left)
    try:  # What came may be the work of the file.
        content, ends, states = arrays[CONTENT], arrays[ENDS], arrays[STATES]
        features = json.loads(arrays[FEATURES].tobytes())
        cells = {name: json.loads(arrays[name].tobytes()) for name in needed if name in arrays}
    except (KeyError, ValueError, RecursionError):
        raise no_table(file.name, _("It cannot be read.")) from None
    is_whole = (
        [array.dtype.str for array in (content, ends, states)] == ["|u1", "<i8", "|u1"]
        and content.ndim == ends.ndim == 1
        and ends.shape == states.shape
        and bool((np.diff(ends, prepend=0) >= 0).all())
        and (not len(ends) or int(ends[-1]) == len(content))
        and bool((states <= max(THERE, NOTHING, ELSEWHERE)).all())
        and isinstance(features, dict)
        and all(isinstance(column, list) and len(column) == len(ends) for column in cells.values())
        and all(name in columns for name in cells)
        and all(name in cells for name in needed if name in columns)
    )
    if not is_whole:
        raise no_table(file.name, _("It cannot be read."))
    return _File(columns, content, ends, states, features, cells)


def _unpacked(
    file: Path, needed: Sequence[str], most: int
) -> tuple[list[str], dict[str, NDArray[Any]]]:
    try:
        return unpacked(IMAGE_TABLES, file, needed, most)
    except OSError:
        raise no_table(file.name, _("It cannot be read.")) from None
    except UnreadableRecordError as reason:
        raise no_table(file.name, str(reason)) from None


def _usual_label(features: Mapping[str, object]) -> str:
    """Return the column of labels that nobody named: ``label``, or else the only one of classes."""
    if _LABEL in features:
        return _LABEL
    of_classes = [name for name, feature in features.items() if classes_of(feature) is not None]
    return of_classes[0] if len(of_classes) == 1 else _LABEL


def _person(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return person_name(readable_text(text))
