"""A table beside images that says which of them are records: the Hugging Face imagefolder convention.

It is called ``metadata``, in any capitals, and is CSV, TSV, JSON lines, Parquet or Feather, with a
column ``file_name`` and any others. It lies at the top of the folder; or in one folder below, whose
files it then names.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.tables.reading import ENDINGS, read_table
from dataselect_gui.records.tables.table import Table, TooManyRowsError, listed, unreadable
from dataselect_gui.texts import _

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import RecordKind

METADATA_CSV, METADATA_JSONL = "metadata.csv", "metadata.jsonl"
FILE_COLUMN = "file_name"
_PRECEDENCE = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet", ".pq", ".feather", ".arrow")
_MOST_COLUMNS, MOST_UNKNOWN = 1000, 100_000
"""Columns of a metadata file; its lines beyond one for each file."""


def is_named_as_metadata(name: str) -> bool:
    """Say whether a file is a metadata file by its name."""
    stem, ending = Path(name).stem, Path(name).suffix.lower()
    return stem.casefold() == "metadata" and ending in ENDINGS


def chosen_metadata(tops: Sequence[Path], files: Iterable[Path]) -> tuple[Path | None, list[str]]:
    """Return which metadata file says what the records are, and what is to be said of the others.

    Parameters
    ----------
    tops : sequence of Path
        The folder of records, and that of the part of it that was chosen, where it has several.
    files : iterable of Path
        All metadata files in it and below.

    Raises
    ------
    UnusableError
        Where there are several below, and none at its top.
    """

    def rank(file: Path) -> tuple[int, int, str]:
        place = tops.index(file.parent) if file.parent in tops else len(tops)
        return place, _PRECEDENCE.index(file.suffix.lower()), file.as_posix()

    ordered = sorted(files, key=rank)
    if not ordered:
        return None, []
    first, *others = ordered
    shown = [file.relative_to(tops[0]).as_posix() for file in ordered]
    if first.parent in tops:
        if not others:
            return first, []
        return first, [
            _(
                "{others} was not read: “{name}” says which files are records.",
                others=listed(shown[1:]),
                name=shown[0],
            )
        ]
    if others:
        raise UnusableError(
            _("Which table says what the records in “{name}” are is not clear.", name=tops[0].name),
            _("There is none at its top, and several below: {tables}.", tables=listed(shown)),
            _("Choose one of the folders below, or put one table at the top."),
        )
    return first, [_("“{name}” says which files of its folder are records.", name=shown[0])]


def read_metadata(kind: "RecordKind", path: Path, columns: Sequence[str | None], files: int) -> Table:
    """Read a metadata file.

    Parameters
    ----------
    kind : RecordKind
        Whose `unpack` reads the columns of Parquet.
    path : Path
        The file.
    columns : sequence of str or None
        Those to read beside that of the file.
    files : int
        How many there are that it may name.

    Raises
    ------
    UnusableError
        Where it cannot be understood, or names no files.
    """
    wanted = [FILE_COLUMN, *(column for column in columns if column is not None)]
    try:
        table = read_table(kind, path, list(dict.fromkeys(wanted)), files + MOST_UNKNOWN)
    except TooManyRowsError:
        raise UnusableError(
            _("{name} has too many lines.", name=path.name),
            _("It names over {count:,} files more than the folder holds.", count=MOST_UNKNOWN),
            _("Leave out the lines of files that are not there."),
        ) from None
    if len(table.names) > _MOST_COLUMNS:
        raise unreadable(path.name, _("It has more than {most:,} columns.", most=_MOST_COLUMNS))
    if FILE_COLUMN not in table.columns or not table.rows:
        raise UnusableError(
            _("{name} names no files.", name=path.name),
            _("It has no column “{column}”, or no lines.", column=FILE_COLUMN),
            _(
                "Add a column “{column}” with each image's path relative to the folder.",
                column=FILE_COLUMN,
            ),
        )
    return table
