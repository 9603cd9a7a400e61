"""The owner's table of scores, in a terminal and in files."""

import csv
import io
import json
from pathlib import Path
from typing import Any, TypeAlias

from dataselect_gui.cli.output import plain, print_lines, results
from dataselect_gui.errors import file_refused
from dataselect_gui.permissions import replacing
from dataselect_gui.plain import to_cell, visible
from dataselect_gui.texts import _

Columns: TypeAlias = dict[str, list[Any]]
"""The name of each column, with its values."""
_MOST = 200
"""Characters of a cell that are shown."""


def rows_of(columns: Columns) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries by column."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def as_text(columns: Columns, form: str) -> str:
    """Write a table as JSON, or as CSV with formulas escaped for spreadsheets."""
    if form == "json":
        return json.dumps(rows_of(columns)) + "\n"
    written = io.StringIO()
    # Quote every text: by default the writer leaves a CR unquoted, which ends a row for most readers.
    writer = csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(map(to_cell, columns))
    for row in zip(*columns.values(), strict=True):
        writer.writerow(to_cell(value) if isinstance(value, str) else value for value in row)
    return written.getvalue()


def save(columns: Columns, form: str, to: Path) -> None:
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
            text = as_text(columns, "csv" if form == "table" else form)
            with replacing(to) as file:
                file.write(text.encode(errors="backslashreplace"))
    except OSError as error:
        raise file_refused(to.name, error) from None


def print_table(columns: Columns, most: int = 50) -> None:
    """Print the first rows of a table."""
    from rich.table import Table  # Not for other verbs: the window opens without it.

    table = Table()
    for name, values in columns.items():
        is_number = any(isinstance(value, float) for value in values)
        table.add_column(plain(name), justify="right" if is_number else "left")
    for row in list(zip(*columns.values(), strict=True))[:most]:
        table.add_row(*(plain(_cell(value)) for value in row))
    results.print(table)
    total = len(columns["id"])
    if total > most:
        line = _(
            "The first {most} of {total:,} records; --format csv gives all.", most=most, total=total
        )
        print_lines(results, [line])


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else visible(str(value), _MOST)
