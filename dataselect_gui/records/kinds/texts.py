"""Texts: a folder of ``.txt`` files, one sub-folder per class, or a column of a table.

A record's stored bytes are its text in UTF-8, whatever the file is in. It is scored, shown and released
as it stands: no character is dropped, no end of a line turned into another. Other columns of a table
are read for labels and units alone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.column_notes import label_notes, labels_of, unit_notes, units_of
from dataselect_gui.records.forms.form import WrittenForm
from dataselect_gui.records.forms.text_lines import TEXT_LINES
from dataselect_gui.records.kinds.kind import Look, RecordKind, ToInput, Unpacked
from dataselect_gui.records.metadata import is_named_as_metadata
from dataselect_gui.records.source import (
    Content,
    Problem,
    Source,
    SourceRef,
    UnreadableRecordError,
)
from dataselect_gui.records.splits import are_splits, chosen_split
from dataselect_gui.records.tables.columnar import unpack_columns
from dataselect_gui.records.tables.reading import ENDINGS, read_table
from dataselect_gui.records.tables.table import Column, listed
from dataselect_gui.records.text_tree import MAX_TEXT, find_texts, holds_texts, linked_texts, read_text
from dataselect_gui.texts import N_, _, ngettext

if TYPE_CHECKING:
    from dataselect_gui.checkpoints.checkpoint import Member

_LABEL = "label"
_EXAMPLES = ("", "a")


@dataclass(frozen=True)
class Texts(RecordKind):
    """Texts, for a model with a tokenizer."""

    name: ClassVar[str] = "texts"
    nouns: ClassVar[str] = N_("a folder of texts")
    counted: ClassVar[tuple[str, str]] = (N_("{count:,} text"), N_("{count:,} texts"))
    advice: ClassVar[str] = N_("a folder with texts (.txt) and no images")
    is_read: ClassVar[bool] = True
    is_confined: ClassVar[bool] = False
    extensions: ClassVar[tuple[str, ...]] = ("txt",)
    forms: ClassVar[tuple[WrittenForm, ...]] = (TEXT_LINES,)

    def opens(self, where: SourceRef) -> bool:
        """Say whether it is a folder of texts, or a table of which a column is read as text."""
        path = where.path
        if where.text_column is not None:
            return path.suffix.lower() in ENDINGS and path.is_file()
        return path.is_dir() and holds_texts(path)

    def open(self, where: SourceRef) -> Source:
        """List the texts. See `RecordKind`."""
        return _open_folder(where) if where.text_column is None else _open_table(where)

    def linked_files(self, path: Path) -> list[Path]:
        """Return the texts that links stand for. See `RecordKind`."""
        return linked_texts(path) if path.is_dir() else []

    def unpack(self, file: BinaryIO, name: str, needed: Sequence[str]) -> Unpacked:
        """Read columns of Parquet or Feather. See `RecordKind`."""
        return unpack_columns(file, name, needed)

    def decode(self, stored: bytes) -> str:
        """Return the text. See `RecordKind`."""
        if len(stored) > MAX_TEXT:
            raise UnreadableRecordError(
                _("The text is longer than {mebibytes} MiB.", mebibytes=MAX_TEXT >> 20)
            )
        try:
            return stored.decode()
        except UnicodeDecodeError:
            raise UnreadableRecordError(_("It is not text in UTF-8.")) from None

    def look(self, stored: bytes, most: int | None) -> Look:
        """Return the text. See `RecordKind`."""
        del most
        return (("", self.decode(stored)),)

    def to_input(self, member: "Member", channels: int | None) -> ToInput:
        """Return what makes tokens of a text, by the checkpoint's own tokenizer. See `RecordKind`."""
        from dataselect_gui.records.text_input import TextInput

        del channels
        return TextInput(member)

    def samples(self, source: Source) -> Sequence[Content]:
        """Return an empty text and a short one. See `RecordKind`."""
        del source
        return _EXAMPLES

    def form(self, source: Source) -> WrittenForm:
        """Return that of texts. See `RecordKind`."""
        del source
        return TEXT_LINES

    def clean(self, stored: bytes) -> tuple[str, bytes]:
        """Return the text as it is: there is nothing around it. See `RecordKind`."""
        self.decode(stored)
        return "txt", stored


TEXTS = Texts()


@dataclass
class TextFolder:
    """A source whose records are text files. See `Source` for the attributes."""

    path: Path
    ids: Sequence[str]
    files: Sequence[Path]
    labels: Sequence[str | None]
    problems: Sequence[Problem]
    ignored: int
    units: Sequence[str] | None = None
    columns: Sequence[str] = ()
    kind: RecordKind = TEXTS
    classes: Sequence[str] | None = None
    _others: set[int] = field(default_factory=set)

    @property
    def blank(self) -> None:
        """Return nothing: texts have lengths of their own. See `Source.blank`."""
        return None

    @property
    def notes(self) -> Sequence[str]:
        """Say how many of the files that were read so far are not in UTF-8. See `Source.notes`."""
        notes = label_notes(self.labels)
        if self._others:
            notes.append(
                ngettext(
                    "{count:,} text is not in UTF-8, and was read as UTF-16, or as Windows-1252 where "
                    "it is not that. Where letters look wrong, save it as UTF-8.",
                    "{count:,} texts are not in UTF-8, and were read as UTF-16, or as Windows-1252 "
                    "where they are not that. Where letters look wrong, save them as UTF-8.",
                    len(self._others),
                )
            )
        return notes

    def read(self, index: int) -> bytes:
        """Return the text of the file in UTF-8. See `Source.read`."""
        text, is_usual = read_text(self.files[index])
        if not is_usual:
            self._others.add(index)
        return text

    def stamp(self, index: int) -> tuple[int, int] | None:
        """Return the size and time of the file. See `Source.stamp`."""
        try:
            info = self.files[index].stat()
        except OSError:
            return None
        return info.st_size, info.st_mtime_ns


@dataclass
class TextTable:
    """A source whose records are the texts of a column. See `Source` for the attributes."""

    path: Path
    ids: Sequence[str]
    labels: Sequence[str | None]
    units: Sequence[str] | None
    columns: Sequence[str]
    problems: Sequence[Problem]
    notes: Sequence[str]
    texts: Column
    rows: NDArray[np.int64]
    whole_rows: NDArray[np.uint8]
    ignored: int = 0
    kind: RecordKind = TEXTS
    classes: Sequence[str] | None = None

    @property
    def blank(self) -> None:
        """Return nothing: texts have lengths of their own. See `Source.blank`."""
        return None

    def read(self, index: int) -> bytes:
        """Return the text in UTF-8. See `Source.read`."""
        return self.texts.stored(int(self.rows[index]))

    def read_many(self, rows: Sequence[int]) -> list[bytes]:
        """Return many texts in UTF-8. See `SourceOfMany`."""
        return self.texts.stored_at(self.rows[np.asarray(rows, dtype=np.int64)])

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many bytes many texts have. See `SourceOfMany`."""
        return self.texts.sizes(self.rows[rows])

    def contents(self, rows: NDArray[np.int64]) -> list[str]:
        """Return many texts. See `SourceOfMany`."""
        return list(map(TEXTS.decode, self.texts.stored_at(self.rows[rows])))

    def stamp(self, index: int) -> tuple[int, int] | None:
        """Return nothing: rows have no time of their own. See `Source.stamp`."""
        del index
        return None


def _open_folder(where: SourceRef) -> TextFolder:
    """List a folder, whose sub-folders are classes."""
    named = [where.label_column, where.unit_column, *where.labels.columns]
    column = next((name for name in named if name is not None), None)
    names = (path.name for path in where.path.iterdir())
    metadata = min(filter(is_named_as_metadata, names), default=None)
    if column is not None or metadata is not None:
        raise UnusableError(
            _("“{name}” is a folder of texts, which is read without columns.", name=where.path.name),
            _("“{column}” cannot be read beside the texts.", column=column or metadata),
            _("Put the texts into a table, with columns for labels and people."),
        )
    texts, problems, ignored = find_texts(where.path)
    tops = Counter(PurePosixPath(record).parts[0] for record in texts if "/" in record)
    parts = dict(sorted(tops.items())) if are_splits(tops) else {}
    split = chosen_split(where.path.name, parts, where.split)
    ids = sorted(record for record in texts if split is None or record.startswith(f"{split}/"))
    return TextFolder(
        path=where.path,
        ids=ids,
        files=[texts[record] for record in ids],
        labels=[_class_folder(record.removeprefix(f"{split}/")) for record in ids],
        problems=sorted(problems, key=lambda problem: problem.id),
        ignored=ignored,
    )


def _class_folder(record: str) -> str | None:
    parts = PurePosixPath(record).parts
    return parts[0] if len(parts) > 1 else None


def _open_table(where: SourceRef) -> TextTable:
    """Read a table. The label is the column ``label`` unless named."""
    asked, label, unit = where.text_column, where.label_column or _LABEL, where.unit_column
    assert asked is not None
    several = where.labels.columns
    table = read_table(
        TEXTS, where.path, [asked, *(several or (label,)), *([] if unit is None else [unit])]
    )
    if asked not in table.columns:
        raise UnusableError(
            _("Which column of “{name}” holds the texts is not known.", name=table.name),
            _(
                "It has no column “{column}”; its columns are {columns}.",
                column=asked,
                columns=listed(table.names) or _("(none)"),
            ),
            _("Choose one of these (--text-column NAME)."),
        )
    for column in (where.label_column if not several else None, unit, *several):
        if column is not None:
            table.column(column)
    texts, ids = table.column(asked), [str(row) for row in range(table.rows)]
    there = [row for row, text in enumerate(texts) if text is not None]
    missing = sorted({*range(table.rows)} - {*there})
    labels = labels_of(table, label, several, range(table.rows))
    people = None if unit is None else table.column(unit)
    units = None if people is None else units_of(people, ids)
    return TextTable(
        path=where.path,
        ids=[ids[row] for row in there],
        labels=[labels[row] for row in there],
        units=None if units is None else [units[row] for row in there],
        columns=[name for name in table.names if name != asked],
        problems=[Problem(ids[row], _("It has no text.")) for row in missing],
        notes=[
            *table.notes,
            *([] if several else label_notes(labels)),
            *([] if people is None else unit_notes(people)),
        ],
        texts=texts,
        rows=np.array(there, dtype=np.int64),
        classes=None if several else table.classes.get(label),
        whole_rows=table.row_hashes[there],
    )
