"""Open whatever a person points at as a source of records."""

import hashlib
from dataclasses import replace
from pathlib import Path

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.kinds import kind_of, what_opens
from dataselect_gui.records.source import (
    ChangedRecordError,
    Source,
    SourceRef,
)
from dataselect_gui.texts import _, ngettext

TEXT_COLUMN = "text"
"""Of a table, unless another is named."""


def open_source(where: SourceRef) -> Source:
    """Open a source of records, as the first kind that opens it.

    Parameters
    ----------
    where : SourceRef
        The folder or file, and which of its columns hold labels and units.

    Raises
    ------
    UnusableError
        Where there is nothing at the path, or it holds no records.
    """
    path, kind = where.path, kind_of(where)
    if kind is None and path.exists() and where.text_column is not None:
        raise UnusableError(
            _("“{name}” has no column of texts.", name=path.name),
            _("Only tables have columns that are read as texts."),
            _("Leave the column of texts out, or choose a table."),
        )
    if kind is None and path.exists():
        raise UnusableError(
            _("“{name}” is not a source of records.", name=path.name),
            _("Records are read from {sources}.", sources=what_opens()),
            _("Choose one of these."),
        )
    if kind is None:
        raise UnusableError(
            _("“{name}” is not there.", name=path.name),
            _("No file or folder has that path."),
            _("Check the path; if the records were moved, point to their new place."),
        )
    source = kind.open(where)
    if where.pixel_range is not None:
        source.kind = replace(source.kind, pixel_range=where.pixel_range)
    if not source.ids and not source.problems:
        raise UnusableError(
            _("“{name}” holds no records.", name=path.name),
            ngettext(
                "None was found in it; {count} other file was passed over.",
                "None was found in it; {count} other files were passed over.",
                source.ignored,
            ),
            _("Choose {sources}.", sources=what_opens(in_full=True)),
        )
    return source


def for_model(where: SourceRef, checkpoint: Checkpoint) -> SourceRef:
    """Return what records are meant, with the columns that a checkpoint takes from a table."""
    features, tokenizer = checkpoint.final.features, checkpoint.final.tokenizer
    if features is not None:
        return replace(where, feature_columns=features.columns)
    of_text = replace(where, text_column=where.text_column or TEXT_COLUMN)
    return of_text if tokenizer is not None and kind_of(of_text) is not None else where


def linked_files(path: Path) -> list[Path]:
    """Return the files outside a source that links in it stand for; none where it is no source."""
    kind = kind_of(SourceRef(path))
    return [] if kind is None else kind.linked_files(path)


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
        raise ChangedRecordError(_("The record changed since it was scored."))
    return stored


def content_hash(stored: bytes) -> bytes:
    """Return the SHA-256 of a record's stored bytes (32 bytes)."""
    return hashlib.sha256(stored).digest()
