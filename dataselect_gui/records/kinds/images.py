"""Images, each in a file: a folder with one sub-folder per class, or a metadata file that names them.

Where there is a metadata file, it decides which files are records and what they are labelled.
"""

import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, ClassVar

import numpy as np
from PIL import Image

from dataselect_gui.errors import UnusableError
from dataselect_gui.paths import resolved
from dataselect_gui.records.cleaning.image import EXTENSIONS as CLEANED
from dataselect_gui.records.cleaning.image import clean_image
from dataselect_gui.records.column_notes import label_notes, labels_of, unit_notes, units_of
from dataselect_gui.records.forms.form import WrittenForm
from dataselect_gui.records.forms.image_files import IMAGE_FILES
from dataselect_gui.records.image_tree import find_images, linked_files, read_file
from dataselect_gui.records.images import (
    EXTENSIONS,
    Values,
    look_at,
    own_values,
    unpack,
    with_8_bits,
)
from dataselect_gui.records.kinds.kind import Look, RecordKind, Unpacked
from dataselect_gui.records.metadata import (
    FILE_COLUMN,
    METADATA_CSV,
    METADATA_JSONL,
    chosen_metadata,
    read_metadata,
)
from dataselect_gui.records.source import (
    Content,
    Problem,
    Source,
    SourceRef,
    UnreadableRecordError,
)
from dataselect_gui.records.splits import are_splits, chosen_split
from dataselect_gui.records.tables.columnar import unpack_columns
from dataselect_gui.texts import N_, _

_SIZES = (640, 480), (480, 640), (257, 257), (300, 1000)
"""Widths and heights that stand for any."""


@dataclass(frozen=True)
class Images(RecordKind):
    """Image files in a folder."""

    name: ClassVar[str] = "images"
    nouns: ClassVar[str] = N_("a folder of images")
    counted: ClassVar[tuple[str, str]] = (N_("{count:,} image"), N_("{count:,} images"))
    advice: ClassVar[str] = N_(
        "a folder with images (JPEG, PNG, GIF, BMP, TIFF, WebP, PGM, PPM, TGA, JPEG 2000)"
    )
    is_confined: ClassVar[bool] = True
    extensions: ClassVar[tuple[str, ...]] = CLEANED
    forms: ClassVar[tuple[WrittenForm, ...]] = (IMAGE_FILES,)

    def opens(self, where: SourceRef) -> bool:
        """Say whether it is a folder. See `RecordKind`."""
        return where.text_column is None and where.path.is_dir()

    def open(self, where: SourceRef) -> Source:
        """List the images below a folder. See `RecordKind`."""
        return _open_folder(where)

    def linked_files(self, path: Path) -> list[Path]:
        """Return the images that links stand for. See `RecordKind`."""
        return linked_files(path)

    def unpack(self, file: BinaryIO, name: str, needed: Sequence[str]) -> Unpacked:
        """Read columns of a metadata file in Parquet or Feather. See `RecordKind`."""
        return unpack_columns(file, name, needed)

    def decode(self, stored: bytes) -> Content:
        """Return the image, upright, with 8 bits a channel. See `RecordKind`."""
        return with_8_bits(self._unpack(stored), self.pixel_range)

    def look(self, stored: bytes, most: int | None) -> Look:
        """Return the image. See `RecordKind`."""
        image = with_8_bits(self._unpack(stored), self.pixel_range).convert("RGB")
        if most is not None:
            image.thumbnail((most, most), Image.Resampling.BILINEAR)
        return np.asarray(image)

    def values(self, stored: bytes) -> Values:
        """Return the image's own values. See `RecordKind`."""
        return own_values(unpack(look_at(stored)))

    def samples(self, source: Source) -> Sequence[Content]:
        """Return images of several sizes: each has its own. See `RecordKind`."""
        del source
        return [Image.new("RGB", size) for size in _SIZES]

    def form(self, source: Source) -> WrittenForm:
        """Return that of images. See `RecordKind`."""
        del source
        return IMAGE_FILES

    def clean(self, stored: bytes) -> tuple[str, bytes]:
        """Return the same pixels in a file that says nothing else. See `RecordKind`."""
        return _cleaned(stored, None)

    def check_leaving(self, stored: bytes) -> None:
        """See both of one decoded image. See `RecordKind`."""
        image = self._unpack(stored)
        with_8_bits(image, self.pixel_range)
        _cleaned(stored, image)

    def _unpack(self, stored: bytes) -> Image.Image:
        bare = look_at(stored)
        if bare.white_is_zero and self.pixel_range is not None:
            raise UnreadableRecordError(
                _(
                    "The image's values are counted from white, and the range in the consortium's "
                    "request is not. Save it with black being 0."
                )
            )
        return unpack(bare)


IMAGES = Images()


@dataclass
class ImageFolder:
    """A source whose records are image files. See `Source` for the attributes."""

    path: Path
    ids: Sequence[str]
    files: Sequence[str]
    labels: Sequence[str | None]
    units: Sequence[str] | None
    columns: Sequence[str]
    problems: Sequence[Problem]
    ignored: int
    kind: RecordKind = IMAGES
    classes: Sequence[str] | None = None
    notes: Sequence[str] = ()

    @property
    def blank(self) -> None:
        """Return nothing: images have shapes of their own. See `Source.blank`."""
        return None

    def read(self, index: int) -> bytes:
        """Return the bytes of the file. See `Source.read`."""
        return read_file(Path(self.files[index]))

    def stamp(self, index: int) -> tuple[int, int] | None:
        """Return the size and time of the file. See `Source.stamp`."""
        try:
            info = Path(self.files[index]).stat()
        except OSError:
            return None
        return info.st_size, info.st_mtime_ns


def _cleaned(stored: bytes, decoded: Image.Image | None) -> tuple[str, bytes]:
    extension, cleaned = clean_image(stored, decoded)
    look_at(cleaned)  # Whoever receives it must be able to read it, within the same bounds.
    return extension, cleaned


def _open_folder(where: SourceRef) -> ImageFolder:
    """List the records of a folder. The label is the column ``label`` unless named."""
    path, label_column, unit_column = where.path, where.label_column, where.unit_column
    images, problems, ignored, tables = find_images(path)
    files, splits = len(images) + len(problems), _splits(images)
    split = chosen_split(path.name, splits, where.split)
    tops = [path]
    if split is not None:
        start, tops = f"{split}/", [path, path / split]
        ignored += sum(not record.startswith(start) for record in images)
        images = {record: file for record, file in images.items() if record.startswith(start)}
        problems = [problem for problem in problems if f"{problem.id}/".startswith(start)]
        tables = [file for file in tables if file.parent == path or path / split in file.parents]
    metadata, notes = chosen_metadata(tops, tables)
    if metadata is None:
        named = [name for name in (label_column, unit_column, *where.labels.columns) if name]
        if named:
            raise UnusableError(
                _("The column “{column}” cannot be found.", column=named[0]),
                _(
                    "“{name}” has no {csv} or {jsonl}, so it has no columns.",
                    name=path.name,
                    csv=METADATA_CSV,
                    jsonl=METADATA_JSONL,
                ),
                _("Add a metadata file with a column file_name, or leave the column out."),
            )
        ids = sorted(images)
        labels = [_class_folder(record, split) for record in ids]
        return ImageFolder(
            path=path,
            ids=ids,
            files=[images[record] for record in ids],
            labels=labels,
            units=None,
            columns=(),
            problems=sorted(problems, key=lambda problem: problem.id),
            ignored=ignored,
            classes=(),
            notes=label_notes(labels),
        )
    label = label_column or "label"
    several = where.labels.columns
    table = read_metadata(IMAGES, metadata, [label, unit_column, *several], files)
    columns = [name for name in table.names if name.casefold() != FILE_COLUMN]
    for name in (label_column, unit_column, *several):
        if name is not None and name not in table.columns:
            raise UnusableError(
                _("The column “{column}” cannot be found.", column=name),
                _(
                    "{name} has the columns {columns}.",
                    name=metadata.name,
                    columns=", ".join(columns) or _("file_name alone"),
                ),
                _("Name one of these."),
            )
    listed: dict[str, int] = {}
    reasons = {problem.id: problem.reason for problem in problems}
    chosen_problems: list[Problem] = []
    for row, stated in enumerate(table.column(FILE_COLUMN)):
        name = _name_in(path, metadata.parent, stated or "")
        if metadata.parent == path and name.split("/", 1)[0] in splits.keys() - {split}:
            continue  # A line of another part.
        reason = _listing_problem(name, images, listed, reasons)
        if reason is None:
            listed[str(PurePosixPath(name))] = row
        else:
            chosen_problems.append(Problem(name, reason))
    ids = sorted(listed)
    rows = [listed[record] for record in ids]
    by_folder = label not in table.columns and not several
    if not by_folder:
        labels = labels_of(table, label, several, rows)
    else:
        labels = [_class_folder(record, split) for record in ids]
    people = None if unit_column is None else table.columns[unit_column]
    units = None if people is None else units_of([people[row] for row in rows], ids)
    notes += [
        *table.notes,
        *([] if several else label_notes(labels)),
        *(unit_notes(people) if people is not None else []),
    ]
    return ImageFolder(
        path=path,
        ids=ids,
        files=[images[record] for record in ids],
        labels=labels,
        units=units,
        columns=columns,
        problems=sorted(chosen_problems, key=lambda problem: problem.id),
        ignored=ignored + len(images) - len(ids) - 1,
        classes=() if by_folder else None if several else table.classes.get(label),
        notes=notes,
    )


def _name_in(root: Path, folder: Path, stated: str) -> str:
    """Return the name of a file in a source, as a metadata file in some folder of it states that."""
    name = unicodedata.normalize("NFC", stated.replace("\\", "/"))
    path = PurePosixPath(name)
    if path.is_absolute():
        for top in (root, resolved(root)):
            if path.is_relative_to(top.as_posix()):
                return path.relative_to(top.as_posix()).as_posix()
    below = folder.relative_to(root).as_posix()
    return name if not name or below == "." or path.is_absolute() else f"{below}/{name}"


def _splits(images: Iterable[str]) -> dict[str, int]:
    """Return the parts that the images lie in, with how many do; none where folders are classes."""
    tops = Counter(record.split("/", 1)[0] for record in images if "/" in record)
    return dict(sorted(tops.items())) if are_splits(tops) else {}


def _class_folder(record: str, split: str | None) -> str | None:
    parts = record.split("/")[0 if split is None else 1 :]
    return parts[0] if len(parts) > 1 else None


def _listing_problem(
    name: str,
    images: dict[str, str],
    listed: Container[str],
    reasons: dict[str, str],
) -> str | None:
    path = PurePosixPath(name)
    if not name:
        return _("A line of the metadata file names no file.")
    if path.is_absolute() or ".." in path.parts:
        return _("The metadata file names a file outside the source.")
    for place in (path, *path.parents):  # A folder may be what is not read.
        if str(place) in reasons:
            return reasons[str(place)]
    if path.suffix.lower() not in EXTENSIONS:
        return _("Not an image by its ending ({endings}).", endings=", ".join(sorted(EXTENSIONS)))
    if str(path) not in images:
        return _("The metadata file names it, but there is no such file.")
    if str(path) in listed:
        return _("The metadata file names it twice; the first line counts.")
    return None
