"""Tables below ``data`` in a bundle: how they are written."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from dataselect_gui.records.forms.form import Written, write_file


def table_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the text of a table."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return written.getvalue()


def write_table(
    folder: Path, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> Written:
    """Write a table into a bundle's folder."""
    return write_file(folder, name, table_text(columns, rows).encode())
