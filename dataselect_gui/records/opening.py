"""Open whatever a person points at as a source of records."""

import hashlib

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.arrays import open_arrays
from dataselect_gui.records.folder import open_folder
from dataselect_gui.records.source import ChangedRecordError, Source, SourceRef


def open_source(where: SourceRef) -> Source:
    """Open a folder of images or an array file.

    Parameters
    ----------
    where : SourceRef
        The folder or file, and which of its columns hold labels and units.

    Raises
    ------
    UnusableError
        Where there is nothing at the path, or it holds no records.
    """
    path, label_column, unit_column = where.path, where.label_column, where.unit_column
    source: Source
    if path.is_dir():
        source = open_folder(path, label_column, unit_column)
    elif path.suffix.lower() == ".npz" and path.is_file():
        source = open_arrays(path, label_column, unit_column)
    elif path.exists():
        raise UnusableError(
            f"“{path.name}” is not a source of records.",
            "Records are read from a folder of images or from an .npz file.",
            "Choose one of these.",
        )
    else:
        raise UnusableError(
            f"“{path.name}” is not there.",
            "No file or folder has that path.",
            "Check the path; if the records were moved, point to their new place.",
        )
    if not source.ids and not source.problems:
        raise UnusableError(
            f"“{path.name}” holds no records.",
            f"No image was found in it; {source.ignored} other files were passed over.",
            "Choose a folder with images (JPEG, PNG, GIF, BMP, TIFF, WebP), or an .npz file.",
        )
    return source


def read_unchanged(source: Source, place: int, known: bytes) -> bytes:
    """Return the stored bytes of a record, which shall be those that were read before.

    Parameters
    ----------
    source : Source
        Where it is.
    place : int
        Its number there.
    known : bytes
        Its `content_hash` then.

    Raises
    ------
    ChangedRecordError
        Where they are others.
    UnreadableRecordError
        Where they cannot be read.
    """
    stored = source.read(place)
    if content_hash(stored) != known:
        raise ChangedRecordError("The record changed since it was scored.")
    return stored


def content_hash(stored: bytes) -> bytes:
    """Return the SHA-256 of a record's stored bytes (32 bytes)."""
    return hashlib.sha256(stored).digest()
