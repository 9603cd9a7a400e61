"""The owner's tables in files: all scores, and the list of the selection. They are no releases.

No mechanism is applied to them, so they are for the owner alone. They hold ids, which are relative to
the source, and no path.
"""

import csv
import io
import json
from pathlib import Path
from typing import Any, TypeAlias

from dataselect_gui.errors import UsageError, file_refused
from dataselect_gui.permissions import replacing
from dataselect_gui.plain import to_cell
from dataselect_gui.texts import _
from dataselect_gui.workflow.selecting import scores

Columns: TypeAlias = dict[str, list[Any]]
"""The name of each column, with its values."""
_LISTED = ("id", "label", "unit")
_FORMS = {".csv": "csv", ".parquet": "parquet"}


def export_scores(project: Path, to: Path) -> int:
    """Save all scores as CSV or Parquet, by the ending of the file; return how many records.

    Raises
    ------
    UsageError
        Where the file has another ending.
    UnusableError
        Where the disk refuses, or it cannot be noted that scores are shown.
    """
    form = _form_of(to)
    columns = scores(project)
    save_table(columns, form, to)
    return len(columns["id"])


def export_selection(project: Path, to: Path) -> int:
    """Save which records the rule picks, without their scores; see `export_scores`."""
    form = _form_of(to)
    columns = scores(project)
    chosen = [row for row, is_selected in enumerate(columns["selected"]) if is_selected]
    save_table({name: [columns[name][row] for row in chosen] for name in _LISTED}, form, to)
    return len(chosen)


def table_rows(columns: Columns) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries by column."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def table_text(columns: Columns, form: str) -> str:
    """Write a table as JSON, or as CSV with formulas escaped for spreadsheets."""
    if form == "json":
        return json.dumps(table_rows(columns)) + "\n"
    written = io.StringIO()
    # Quote every text: by default the writer leaves a CR unquoted, which ends a row for most readers.
    writer = csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(map(to_cell, columns))
    for row in zip(*columns.values(), strict=True):
        writer.writerow(to_cell(value) if isinstance(value, str) else value for value in row)
    return written.getvalue()


def save_table(columns: Columns, form: str, to: Path) -> None:
    """Write a table into a file that other accounts cannot read.

    Raises
    ------
    UnusableError
        Where the disk refuses.
    """
    try:
        if form == "parquet":
            import pyarrow
            import pyarrow.parquet

            with replacing(to) as file:
                pyarrow.parquet.write_table(pyarrow.table(columns), file)
        else:
            text = table_text(columns, "csv" if form == "table" else form)
            with replacing(to) as file:
                file.write(text.encode(errors="backslashreplace"))
    except OSError as error:
        raise file_refused(to.name, error) from None


def _form_of(to: Path) -> str:
    form = _FORMS.get(to.suffix.lower())
    if form is None:
        raise UsageError(
            _("“{name}” has no ending that is known here.", name=to.name),
            _("The ending says how the table is written."),
            _("Let it end in .csv or .parquet."),
        )
    return form
