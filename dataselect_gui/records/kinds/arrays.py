"""Arrays: the rows of ``x`` in an ``.npz`` file, with ``y``, ``classes`` or other columns.

``x`` has shape (n, height, width) or (n, height, width, channels) as uint8, which are images, or
(n, …) in the model's own input shape as float32 or float64. Of the arrays only those are unpacked that
a source needs. A file may hold several parts of data (``train_images``, ``train_labels``,
``test_images``, …), of which one is chosen.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.array_names import RECORDS, of_part
from dataselect_gui.records.cleaning.image import encode
from dataselect_gui.records.decoding_process import unpacked
from dataselect_gui.records.forms.form import WrittenForm
from dataselect_gui.records.forms.image_files import IMAGE_FILES
from dataselect_gui.records.forms.npz_file import NPZ_FILE
from dataselect_gui.records.images import Values, own_values
from dataselect_gui.records.kinds.kind import Look, RecordKind
from dataselect_gui.records.label_text import (
    check_columns,
    columns_text,
    flags_text,
    label_text,
    named_label,
    readable_text,
)
from dataselect_gui.records.npz import (
    MAX_ROWS,
    Stored,
    check_memory,
    look_at_arrays,
    most_memory,
    not_arrays,
    read_arrays,
    read_headers,
)
from dataselect_gui.records.source import (
    Content,
    Problem,
    Source,
    SourceRef,
    UnreadableRecordError,
    own_unit,
    person_name,
)
from dataselect_gui.records.splits import chosen_split
from dataselect_gui.texts import N_, _, ngettext

if TYPE_CHECKING:
    from dataselect_gui.checkpoints.checkpoint import Member

_MAX_TEXT, _MAX_TEXTS = 4096, 1 << 26
"""Characters of a label or a unit; bytes of all of them, and of classes, that are no numbers."""
_MAX_CLASSES = 1 << 16
_MAX_FLAGS, _MAX_ALL_FLAGS = 1000, 1 << 24
"""Numbers of a label, and of all of them."""
_PART, _PARTS, _SIZES = "\0part ", "\0parts", "\0sizes"
"""Before the chosen part of data among what is needed; and the answer where one has to be chosen."""


@dataclass(frozen=True)
class Arrays(RecordKind):
    """Rows of an array."""

    name: ClassVar[str] = "arrays"
    nouns: ClassVar[str] = N_("an .npz file")
    advice: ClassVar[str] = N_("an .npz file")
    endings: ClassVar[frozenset[str]] = frozenset({".npz"})
    is_confined: ClassVar[bool] = False
    extensions: ClassVar[tuple[str, ...]] = ("png",)
    forms: ClassVar[tuple[WrittenForm, ...]] = (IMAGE_FILES, NPZ_FILE)

    def open(self, where: SourceRef) -> Source:
        """Unpack a file. See `RecordKind`."""
        return _open_arrays(where)

    def unpack(
        self, file: BinaryIO, name: str, needed: Sequence[str]
    ) -> tuple[list[str], Iterator[tuple[str, NDArray[Any]]]]:
        """Unpack the arrays of an ``.npz`` file that a source needs. See `RecordKind`."""
        whole = read_headers(file, name)
        part = next((key.removeprefix(_PART) for key in needed if key.startswith(_PART)), None)
        called, parts = of_part(whole, part)
        if not called and (parts or part is not None):
            return [], _sizes_of(parts, whole)
        headers = {own: whole[key] for own, key in called.items()}
        wanted = {key: header for key, header in headers.items() if key in needed}
        check_memory(name, sum(header.size for header in wanted.values()))
        columns = _columns(name, headers)
        _check_texts(name, wanted)
        return columns, read_arrays(file, name, wanted)

    def decode(self, stored: bytes) -> Content:
        """Return the row as an image (uint8) or as it is (float). See `RecordKind`."""
        return content_of(row_of(stored))

    def look(self, stored: bytes, most: int | None) -> Look:
        """Return the image, or the numbers as grey levels. See `RecordKind`."""
        image = _as_image(self.decode(stored))
        if most is not None:
            image.thumbnail((most, most), Image.Resampling.BILINEAR)
        return np.asarray(image)

    def values(self, stored: bytes) -> Values:
        """Return the image's values, or the numbers' mean over channels. See `RecordKind`."""
        content = self.decode(stored)
        if isinstance(content, Image.Image):
            return own_values(content)
        return _plane(content).astype(np.float32)

    def fit_notes(self, source: Source, member: "Member") -> list[str]:
        """Say where floats are not scaled, though images would be. See `RecordKind`."""
        if member.processor is None or isinstance(source.blank, Image.Image):
            return []
        return [
            _(
                "The records are floats, which go into the model as they are: what "
                "preprocessor_config.json says of images (size, scale, mean) is not done. Where they "
                "are pixels that still need it, save them as uint8 from 0 to 255."
            )
        ]

    def form(self, source: Source) -> WrittenForm:
        """Return that of images where the rows are images. See `RecordKind`."""
        return IMAGE_FILES if isinstance(source.blank, Image.Image) else NPZ_FILE

    def form_at(self, where: SourceRef) -> WrittenForm | None:
        """Return that of images where the file's header says that they are. See `RecordKind`."""
        try:
            headers = look_at_arrays(where.path)
        except UnusableError:
            return None
        called, _parts = of_part(headers, where.split)
        rows = headers.get(called.get(RECORDS, ""))
        if rows is None:
            return None
        return IMAGE_FILES if rows.dtype == np.uint8 else NPZ_FILE

    def clean(self, stored: bytes) -> tuple[str, bytes]:
        """Return an image as PNG. See `RecordKind`."""
        content = self.decode(stored)
        assert isinstance(content, Image.Image)  # Numbers are written all together.
        return encode(content)


ARRAYS = Arrays()


@dataclass
class ArrayFile:
    """A source whose records are the rows of an array. See `Source` for the attributes."""

    path: Path
    ids: Sequence[str]
    labels: Sequence[str | None]
    units: Sequence[str] | None
    classes: Sequence[str] | None
    columns: Sequence[str]
    rows: NDArray[Any]
    problems: Sequence[Problem] = ()
    ignored: int = 0
    kind: RecordKind = ARRAYS
    notes: Sequence[str] = ()

    @property
    def blank(self) -> Content:
        """Return a row of zeros: all rows of an array have one shape. See `Source.blank`."""
        return content_of(np.zeros(self.rows.shape[1:], dtype=self.rows.dtype))

    def read(self, index: int) -> bytes:
        """Return the bytes of one row, led by its type and shape. See `Source.read`."""
        return stored_row(self.rows[index])

    def stamp(self, index: int) -> tuple[int, int] | None:
        """Return nothing: rows have no time of their own. See `Source.stamp`."""
        del index
        return None


def stored_row(row: NDArray[Any]) -> bytes:
    """Return the bytes of a row, led by its type and shape."""
    whole = np.ascontiguousarray(row)
    return f"{whole.dtype.str}{whole.shape};".encode() + whole.tobytes()


def row_of(stored: bytes) -> NDArray[Any]:
    """Return the row that `stored_row` wrote."""
    end = stored.index(b";")
    dtype, _bracket, shape = stored[:end].decode().partition("(")
    sides = [int(side) for side in shape.rstrip(")").split(",") if side]
    return np.frombuffer(stored, dtype=dtype, offset=end + 1).reshape(sides)


def content_of(row: NDArray[Any]) -> Content:
    """Return a row as a record.

    Raises
    ------
    UnreadableRecordError
        Where not all of its numbers are finite.
    """
    if row.dtype == np.uint8:
        has_one_channel = row.ndim == 3 and row.shape[-1] == 1
        return Image.fromarray(row.reshape(row.shape[:2]) if has_one_channel else row)
    if not np.isfinite(row).all():
        raise UnreadableRecordError(_("The record holds values that are not finite numbers."))
    return row


def _as_image(content: Content) -> Image.Image:
    if isinstance(content, Image.Image):
        return content.convert("RGB")
    plane = _plane(content)
    low, high = float(plane.min()), float(plane.max())
    grey = (plane - low) / ((high - low) or 1.0) * 255
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB")


def _plane(content: Content) -> NDArray[np.float64]:
    """Return numbers of any shape as one plane, shape (height, width)."""
    array = np.asarray(content, dtype=np.float64)
    return array.reshape(-1, *array.shape[-2:]).mean(axis=0) if array.ndim > 1 else array[None]


def _sizes_of(
    parts: Sequence[str], headers: Mapping[str, Stored]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the names of the parts of data in a file, and how many records each has."""
    shapes = [headers[of_part(headers, part)[0][RECORDS]].shape for part in parts]
    yield _PARTS, np.array(parts, dtype="U")
    yield _SIZES, np.array([shape[0] if shape else 0 for shape in shapes], dtype=np.int64)


def _open_arrays(where: SourceRef) -> ArrayFile:
    """Open a file. The label is ``y`` unless named."""
    path, label_column, unit_column = where.path, where.label_column, where.unit_column
    several = where.labels.columns
    needed = ["x", "classes", label_column or "y", *([unit_column] if unit_column else []), *several]
    needed += [_PARTS, _SIZES, *([] if where.split is None else [f"{_PART}{where.split}"])]
    columns, arrays = _unpacked(path, needed)
    if RECORDS not in arrays:
        sizes = dict(
            zip(map(readable_text, arrays[_PARTS].tolist()), arrays[_SIZES].tolist(), strict=True)
        )
        chosen_split(path.name, sizes, where.split)
        raise not_arrays(path.name)  # It was made to answer so.
    rows = arrays["x"]
    label = label_column or "y"
    is_table = label in arrays and _holds_several(arrays[label], len(rows))
    if label_column is None and "y" in arrays and "y" not in columns and not is_table:
        raise UnusableError(
            _("The labels in “{name}” do not fit its records.", name=path.name),
            ngettext(
                "y holds {type} of shape {shape}, and there is {count} record.",
                "y holds {type} of shape {shape}, and there are {count} records.",
                len(rows),
                type=arrays["y"].dtype,
                shape=arrays["y"].shape,
            ),
            _("Save one label for each record as y, or a row of them, or leave y out."),
        )
    named = [column for column in (label_column, unit_column, *several) if column is not None]
    check_columns(path.name, named, [*columns, *([label] if is_table else [])])
    single = [name for name in columns if name not in arrays or arrays[name].size == len(rows)]
    check_columns(path.name, [*([unit_column] if unit_column else []), *several], single)
    classes = _classes(arrays.get("classes"))
    labels: list[str | None] = [None] * len(rows)
    if several:
        cells = zip(*(arrays[name].reshape(-1).tolist() for name in several), strict=True)
        labels = [columns_text(dict(zip(several, row, strict=True))) for row in cells]
    elif label in columns or is_table:
        names = classes if label == "y" else None
        if label in single:
            values = arrays[label].reshape(-1).tolist()
            texts = {value: named_label(path.name, value, names) for value in set(values)}
            labels = [texts[value] for value in values]
        else:
            labels = [_several(row, names) for row in arrays[label].tolist()]
    return ArrayFile(
        path=path,
        ids=[str(row) for row in range(len(rows))],
        labels=labels,
        units=_units(arrays[unit_column].reshape(-1).tolist()) if unit_column else None,
        classes=classes if label == "y" else None,
        columns=columns,
        rows=rows,
    )


def _unpacked(path: Path, needed: Sequence[str]) -> tuple[list[str], dict[str, NDArray[Any]]]:
    try:
        columns, arrays = unpacked(ARRAYS, path, needed, most_memory())
    except OSError:
        raise not_arrays(path.name) from None
    except UnreadableRecordError as reason:
        raise not_arrays(path.name, str(reason)) from None
    if arrays.keys() == {_PARTS, _SIZES}:
        parts, sizes = arrays[_PARTS], arrays[_SIZES]
        if (
            parts.shape != sizes.shape
            or parts.ndim != 1
            or (parts.dtype.kind, sizes.dtype.kind) != ("U", "i")
        ):
            raise not_arrays(path.name)
        return [], arrays
    fitting = _columns(path.name, arrays)  # What came may be the work of the file.
    return [name for name in columns if name in fitting or name not in needed], arrays


def _classes(names: NDArray[Any] | None) -> list[str] | None:
    if names is None or names.ndim != 1 or len(names) > _MAX_CLASSES or not _holds_names(names.dtype):
        return None
    return [readable_text(name) for name in names]


def _units(values: Sequence[object]) -> list[str]:
    """Return the units' names; a record that names no person (NaN, empty) is one of its own.

    Any number is a name, also a negative one: hashes are, and whoever is taken for nobody would be
    as many units as there are records.
    """
    names = [person_name(_person(value)) for value in values]
    return [name or own_unit(str(row)) for row, name in enumerate(names)]


def _person(value: object) -> str | None:
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() else str(value)
    return readable_text(value)


def _columns(file: str, stored: Mapping[str, Stored | NDArray[Any]]) -> list[str]:
    """Return the columns that may serve as label or unit, having refused what are no records."""
    rows = stored.get("x")
    if rows is None or len(rows.shape) < 2 or rows.shape[0] == 0:
        raise UnusableError(
            _("“{name}” holds no records.", name=file),
            _(
                "Records are the rows of an array “x”; the file has {arrays}.",
                arrays=", ".join(stored) or _("no arrays"),
            ),
            _("Save the records as x, the labels as y."),
        )
    check_rows(file, rows.dtype, rows.shape)
    return [
        name
        for name, column in stored.items()
        if name not in {"x", "classes"}
        and (column.shape in {rows.shape[:1], (rows.shape[0], 1)} or _is_flags(name, column, rows))
        and _holds_names(column.dtype)
    ]


def _is_flags(name: str, column: Stored | NDArray[Any], rows: Stored | NDArray[Any]) -> bool:
    """Say whether an array of labels has a row of numbers for each record."""
    is_row = len(column.shape) == 2 and column.shape[0] == rows.shape[0]
    is_bounded = is_row and column.shape[1] <= _MAX_FLAGS and math.prod(column.shape) <= _MAX_ALL_FLAGS
    return name == "y" and is_bounded and column.dtype.kind in "biuf"


def check_rows(file: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Refuse an array whose rows are no records.

    Raises
    ------
    UnusableError
        Where they are not.
    """
    axes = len(shape)
    is_image = dtype == np.uint8 and (axes == 3 or (axes == 4 and shape[3] in {1, 3, 4}))
    if axes < 2 or (not is_image and dtype not in {np.dtype(np.float32), np.dtype(np.float64)}):
        raise UnusableError(
            _("The records in “{name}” are of a type that is not known here.", name=file),
            _("x holds {type} of shape {shape}.", type=dtype, shape=shape),
            _(
                "Images are uint8 of shape (n, height, width) or (n, height, width, channels); "
                "anything else is float32 or float64 in the model's own input shape."
            ),
        )
    if 0 in shape or shape[0] > MAX_ROWS:
        raise UnusableError(
            _("The records in “{name}” cannot be listed.", name=file),
            _(
                "x has the shape {shape}: there are more than {most:,}, or nothing is in them.",
                shape=shape,
                most=MAX_ROWS,
            ),
            _("Split the file into several."),
        )


def _several(values: list[Any], classes: Sequence[str] | None) -> str | None:
    """Return a row of labels: of names, or of a number for each class or output."""
    if all(isinstance(value, int | float) for value in values):
        return flags_text(values, classes)
    return label_text([value for value in values if value])


def _holds_several(labels: NDArray[Any], rows: int) -> bool:
    """Say whether each row of an array has several labels: names, or 0 or 1 for each class."""
    return (
        labels.ndim == 2
        and labels.shape[0] == rows
        and 1 < labels.shape[1] <= _MAX_CLASSES
        and _holds_names(labels.dtype)
    )


def _holds_names(dtype: np.dtype[Any]) -> bool:
    """Say whether values of a type can be labels or units: numbers, or texts of a sensible length."""
    return dtype.kind in "biuf" or (
        dtype.kind in "US" and 0 < dtype.itemsize <= _MAX_TEXT * (4 if dtype.kind == "U" else 1)
    )


def _check_texts(name: str, wanted: Mapping[str, Stored]) -> None:
    """Refuse texts that pack to little and unpack to much; of numbers there is one for each row."""
    rows, others = wanted["x"].shape[:1], [array for key, array in wanted.items() if key != "x"]
    size = sum(a.size for a in others if a.dtype.kind not in "biuf" or a.shape != rows)
    if size > _MAX_TEXTS:
        raise UnusableError(
            _("The labels or units in “{name}” are too long.", name=name),
            _(
                "They unpack to {mebibytes:,} MiB, of which {most} are read.",
                mebibytes=size >> 20,
                most=_MAX_TEXTS >> 20,
            ),
            _("Save numbers, and what they are called as classes, or split the file into several."),
        )
