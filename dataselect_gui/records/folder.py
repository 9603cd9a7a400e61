"""A folder of images: one sub-folder per class, or a metadata file that names the images.

The metadata file is that of the Hugging Face imagefolder convention: ``metadata.csv`` or
``metadata.jsonl`` with a column ``file_name`` and any others. Where there is one, it decides which
files are records and what they are labelled.
"""

import csv
import json
import os
import stat
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from dataselect_gui.errors import UnusableError
from dataselect_gui.paths import regular_file
from dataselect_gui.records.images import EXTENSIONS, MAX_FILE_BYTES, decode_image
from dataselect_gui.records.source import (
    Content,
    Problem,
    UnreadableRecordError,
    is_text,
    own_unit,
    person_name,
)

METADATA_NAMES = ("metadata.csv", "metadata.jsonl")
FILE_COLUMN = "file_name"
MAX_DEPTH = 100
"""Folders within folders."""
_MAX_LINE, _MAX_COLUMNS = 1 << 20, 1000
"""Bytes of a line of a metadata file, and its columns."""
_MOST_UNKNOWN = 100_000
"""Lines of a metadata file beyond one for each file."""


@dataclass
class ImageFolder:
    """A source whose records are image files. See `Source` for the attributes."""

    path: Path
    ids: Sequence[str]
    files: Sequence[Path]
    labels: Sequence[str | None]
    units: Sequence[str] | None
    columns: Sequence[str]
    problems: Sequence[Problem]
    ignored: int
    kind: str = "images"
    classes: Sequence[str] | None = field(default=None)

    @property
    def blank(self) -> None:
        """Return nothing: images have shapes of their own. See `Source.blank`."""
        return None

    def read(self, index: int) -> bytes:
        """Return the bytes of the file. See `Source.read`."""
        return _read_file(self.files[index])

    def stamp(self, index: int) -> tuple[int, int] | None:
        """Return the size and time of the file. See `Source.stamp`."""
        try:
            info = self.files[index].stat()
        except OSError:
            return None
        return info.st_size, info.st_mtime_ns

    def decode(self, stored: bytes) -> Content:
        """Return the image, upright. See `Source.decode`."""
        return decode_image(stored)


class _Row(NamedTuple):
    """What a line of a metadata file says, as text; empty cells are None."""

    file: str | None
    label: str | None
    unit: str | None


def open_folder(path: Path, label_column: str | None, unit_column: str | None) -> ImageFolder:
    """List the records of a folder.

    Parameters
    ----------
    path : Path
        The folder.
    label_column, unit_column : str or None
        Columns of the metadata file; the label is ``label`` unless named.

    Raises
    ------
    UnusableError
        Where the metadata file cannot be understood or lacks a named column.
    """
    found, problems, ignored = _walk(path)
    metadata = [path / name for name in METADATA_NAMES if (path / name).is_file()]
    if not metadata:
        if label_column or unit_column:
            raise UnusableError(
                f"The column “{label_column or unit_column}” cannot be found.",
                f"“{path.name}” has no {' or '.join(METADATA_NAMES)}, so it has no columns.",
                "Add a metadata file with a column file_name, or leave the column out.",
            )
        ids = sorted(found)
        return ImageFolder(
            path=path,
            ids=ids,
            files=[found[record] for record in ids],
            labels=[_class_folder(record) for record in ids],
            units=None,
            columns=(),
            problems=sorted(problems, key=lambda problem: problem.id),
            ignored=ignored,
        )
    label = label_column or "label"
    most = len(found) + len(problems) + _MOST_UNKNOWN
    rows, columns = _read_metadata(metadata[0], label, unit_column, most)
    for name in (label_column, unit_column):
        if name is not None and name not in columns:
            raise UnusableError(
                f"The column “{name}” cannot be found.",
                f"{metadata[0].name} has the columns {', '.join(columns) or 'file_name alone'}.",
                "Name one of these.",
            )
    listed: dict[str, _Row] = {}
    reasons = {problem.id: problem.reason for problem in problems}
    chosen_problems: list[Problem] = []
    for row in rows:
        name = unicodedata.normalize("NFC", (row.file or "").replace("\\", "/"))
        reason = _listing_problem(name, found, listed, reasons)
        if reason is None:
            listed[str(PurePosixPath(name))] = row
        else:
            shown = name.encode("utf-8", "replace").decode("utf-8")
            chosen_problems.append(Problem(shown, reason))
    ids = sorted(listed)
    if label_column is None and "label" not in columns:
        labels = [_class_folder(record) for record in ids]
    else:
        labels = [listed[record].label for record in ids]
    units = None
    if unit_column is not None:
        units = [person_name(listed[record].unit) or own_unit(record) for record in ids]
    return ImageFolder(
        path=path,
        ids=ids,
        files=[found[record] for record in ids],
        labels=labels,
        units=units,
        columns=columns,
        problems=sorted(chosen_problems, key=lambda problem: problem.id),
        ignored=ignored + len(found) - len(ids) - 1,
    )


def linked_files(path: Path) -> list[Path]:
    """Return the files that links in a folder of records stand for; none where it is no folder.

    A link to a folder, or to anything else that is no regular file, stands for no record.
    """
    if not path.is_dir():
        return []
    links = (Path(entry.path) for entry in _entries(path) if entry.is_symlink())
    files = (regular_file(link) for link in links if link.suffix.lower() in EXTENSIONS)
    return [file for file in files if file is not None]


def _read_file(path: Path) -> bytes:
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise UnreadableRecordError("Not a regular file.")
        if info.st_size > MAX_FILE_BYTES:
            raise UnreadableRecordError(
                f"The file is larger than {MAX_FILE_BYTES >> 20} MiB, more than an image needs."
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise UnreadableRecordError("The file is no longer there.") from None
    except PermissionError:
        raise UnreadableRecordError("The file may not be read by you.") from None
    except OSError:
        raise UnreadableRecordError("The file cannot be read from the disk.") from None


def _walk(root: Path) -> tuple[dict[str, Path], list[Problem], int]:
    """Find the image files below a folder: id → file, what is unusable, how many were ignored."""
    found: dict[str, Path] = {}
    problems: list[Problem] = []
    ignored = 0
    for entry in _entries(root):
        relative = Path(entry.path).relative_to(root).as_posix()
        record = unicodedata.normalize("NFC", relative)
        if not _is_named_as_image(entry.name) and entry.is_dir(follow_symlinks=False):
            reason = f"A folder within {MAX_DEPTH} folders; what lies in it is not read."
            problems.append(Problem(record.encode("utf-8", "replace").decode("utf-8"), reason))
        elif entry.name.startswith(".") or not _is_named_as_image(entry.name):
            ignored += 1
        elif not is_text(record):
            shown = record.encode("utf-8", "replace").decode("utf-8")
            problems.append(Problem(shown, "The file's name is not valid text (UTF-8)."))
        elif entry.is_symlink() and not Path(entry.path).exists():
            problems.append(Problem(record, "A link to a file that is not there."))
        elif entry.is_dir():
            problems.append(Problem(record, "A folder with the name of an image."))
        elif not entry.is_file():
            problems.append(Problem(record, "Not a regular file."))
        elif record in found:
            problems.append(Problem(record, "Another file has the same name in another Unicode form."))
        else:
            found[record] = Path(entry.path)
    return found, problems, ignored


def _entries(root: Path) -> Iterator["os.DirEntry[str]"]:
    """Yield every file below a folder, and folders that are named like an image or nested too deep."""
    levels = [_listed(root)]
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
        elif not entry.is_dir(follow_symlinks=False) or _is_named_as_image(entry.name):
            yield entry
        elif not entry.name.startswith((".", "__MACOSX")):
            if len(levels) > MAX_DEPTH:
                yield entry
            else:
                levels.append(_listed(Path(entry.path)))


def _listed(folder: Path) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as listing:
            return iter(sorted(listing, key=lambda entry: entry.name))
    except PermissionError:
        raise UnusableError(
            f"The folder “{folder.name}” cannot be listed.",
            "You may not read it.",
            "Ask for access to it, or choose another folder.",
        ) from None
    except OSError:
        raise UnusableError(
            f"The folder “{folder.name}” cannot be listed.",
            "It lies too deep within other folders, or the disk refused.",
            "Move it further up, or choose another folder.",
        ) from None


def _is_named_as_image(name: str) -> bool:
    return Path(name).suffix.lower() in EXTENSIONS


def _class_folder(record: str) -> str | None:
    parts = PurePosixPath(record).parts
    return parts[0] if len(parts) > 1 else None


def _listing_problem(
    name: str,
    found: dict[str, Path],
    listed: Container[str],
    reasons: dict[str, str],
) -> str | None:
    path = PurePosixPath(name)
    if not name:
        return "A line of the metadata file names no file."
    if path.is_absolute() or ".." in path.parts:
        return "The metadata file names a file outside the source."
    if str(path) in reasons:
        return reasons[str(path)]
    if path.suffix.lower() not in EXTENSIONS:
        return f"Not an image by its ending ({', '.join(sorted(EXTENSIONS))})."
    if str(path) not in found:
        return "The metadata file names it, but there is no such file."
    if str(path) in listed:
        return "The metadata file names it twice; the first line counts."
    return None


def _read_metadata(path: Path, label: str, unit: str | None, most: int) -> tuple[list[_Row], list[str]]:
    """Read a metadata file.

    Parameters
    ----------
    path : Path
        The file.
    label, unit : str or None
        The columns to read beside that of the file.
    most : int
        Rows.

    Returns
    -------
    tuple of list and list
        The rows, and the names of all columns but that of the file.
    """
    rows: list[_Row] = []
    columns: dict[str, None] = {}
    classes: dict[str, str] = {}
    wanted = {FILE_COLUMN, label, unit}
    line = 0

    def lines(file: BinaryIO) -> Iterator[str]:
        nonlocal line
        while stored := file.readline(_MAX_LINE + 1):
            line += 1
            if len(stored) > _MAX_LINE:
                raise ValueError("a line that is too long")
            yield stored.decode("utf-8-sig" if line == 1 else "utf-8")

    def take(row: Iterable[tuple[str, object]]) -> None:
        if len(rows) == most:
            raise UnusableError(
                f"{path.name} has too many lines.",
                f"It names over {_MOST_UNKNOWN:,} files more than the folder holds.",
                "Leave out the lines of files that are not there.",
            )
        cells = {name: _as_text(value) for name, value in row if name in wanted}
        told = cells.get(label)
        if told is not None:
            told = classes.setdefault(told, told)  # One text for all records of a class.
        rows.append(_Row(cells.get(FILE_COLUMN), told, None if unit is None else cells.get(unit)))

    def name(names: Iterable[str]) -> None:
        columns.update(dict.fromkeys(names))
        if len(columns) > _MAX_COLUMNS:
            raise ValueError("more columns than a person made")

    try:
        with path.open("rb") as file:
            if path.suffix == ".csv":
                reader = csv.reader(lines(file))
                header = next(reader, [])
                name(title for title in header if title)
                for cells in reader:
                    if cells:
                        take(zip(header, cells, strict=False))
            else:
                for text in lines(file):
                    if text.strip():
                        row = json.loads(text)
                        name(row)
                        take(row.items())
    except (csv.Error, ValueError, AttributeError, TypeError, RecursionError):
        kind = "a line of CSV" if path.suffix == ".csv" else "a JSON object"
        raise UnusableError(
            f"{path.name} cannot be read.",
            f"Line {line} is not {kind} in UTF-8, or has more than {_MAX_LINE:,} bytes or "
            f"{_MAX_COLUMNS:,} columns.",
            "Mend that line, or export the file again as UTF-8.",
        ) from None
    if not rows or FILE_COLUMN not in columns:
        raise UnusableError(
            f"{path.name} names no files.",
            f"It has no column “{FILE_COLUMN}”, or no lines.",
            f"Add a column “{FILE_COLUMN}” with each image's path relative to the folder.",
        )
    return rows, [column for column in columns if column != FILE_COLUMN]


def _as_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()  # JSON can escape half a character.
