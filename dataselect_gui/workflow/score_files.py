"""The owner's tables in files: all scores, and the list of the selection. They are no releases.

No mechanism is applied to them, so they are for the owner alone. They hold ids, which are relative to
the source, and no path.
"""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UsageError, file_refused
from dataselect_gui.permissions import replacing
from dataselect_gui.plain import to_cell
from dataselect_gui.texts import _
from dataselect_gui.workflow.looking import Look

Columns: TypeAlias = dict[str, list[Any]]
"""The name of each column, with its values."""
_AT_ONCE = 10_000
"""Rows."""
_FORMS = {".csv": "csv", ".parquet": "parquet"}


def export_scores(
    project: Look, eligible: NDArray[np.bool_], chosen: NDArray[np.bool_], to: Path
) -> int:
    """Save all scores as CSV or Parquet, by the ending of the file, with the columns of `scores`.

    Parameters
    ----------
    project : Look
        The project: that it was read noted already that its scores are shown.
    eligible, chosen : ndarray of bool
        The records that may take part in a release, and the selection, shape (n,).
    to : Path
        The file, whose folder is there.

    Returns
    -------
    int
        How many records were saved.

    Raises
    ------
    UsageError
        Where the file has another ending.
    UnusableError
        Where the disk refuses.
    """
    answers = {} if project.answers is None else project.answers.columns()

    def piece(rows: slice) -> Columns:
        return (
            _listed(project, range(len(project.ids))[rows])
            | {"eligible": eligible[rows].tolist(), "selected": chosen[rows].tolist()}
            | {name: values[rows] for name, values in answers.items()}
            | {
                name: [None if math.isnan(value) else value for value in values[rows].tolist()]
                for name, values in project.scores.items()
            }
        )

    kinds: dict[str, type] = {"eligible": bool, "selected": bool}
    kinds |= {name: _kind_of(values) for name, values in answers.items()}
    kinds |= dict.fromkeys(project.scores, float)
    _save_pieces(len(project.ids), kinds, piece, to)
    return len(project.ids)


def export_selection(project: Look, chosen: NDArray[np.bool_], to: Path) -> int:
    """Save which records the rule picks, without their scores; see `export_scores`."""
    picked = np.flatnonzero(chosen).tolist()
    _save_pieces(len(picked), {}, lambda rows: _listed(project, picked[rows]), to)
    return len(picked)


def _listed(project: Look, rows: Sequence[int]) -> Columns:
    """Return which records these are."""
    units = project.ids if project.units is None else project.units
    return {
        "id": [project.ids[row] for row in rows],
        "label": [project.labels[row] for row in rows],
        "unit": [units[row] for row in rows],
    }


def _save_pieces(
    count: int, kinds: Mapping[str, type], piece: Callable[[slice], Columns], to: Path
) -> None:
    """Write a table piece by piece: in one go, a million rows would hold the window.

    Parameters
    ----------
    count : int
        How many rows there are.
    kinds : mapping of str to type
        What the columns hold that do not hold texts.
    piece : callable
        Returns rows of the table.
    to : Path
        The file.
    """
    form = _form_of(to)
    pieces = (piece(slice(first, first + _AT_ONCE)) for first in range(0, max(count, 1), _AT_ONCE))
    try:
        with replacing(to) as file:
            if form == "parquet":
                _write_parquet(pieces, kinds, file)
            else:
                for number, columns in enumerate(pieces):
                    text = _csv_lines(columns, with_names=number == 0)
                    file.write(text.encode(errors="backslashreplace"))
    except OSError as error:
        raise file_refused(to.name, error) from None


def _write_parquet(pieces: Iterator[Columns], kinds: Mapping[str, type], file: BinaryIO) -> None:
    import pyarrow
    import pyarrow.parquet

    known = {bool: pyarrow.bool_(), float: pyarrow.float64(), str: pyarrow.string()}
    first = next(pieces)
    schema = pyarrow.schema([(name, known[kinds.get(name, str)]) for name in first])
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        for columns in chain([first], pieces):
            writer.write_table(pyarrow.table(columns, schema=schema))


def _kind_of(values: Sequence[object]) -> type:
    """Return what a column of answers holds: texts, or numbers."""
    stated = next((value for value in values if value is not None), "")
    return float if isinstance(stated, float) else str


def table_rows(columns: Columns) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries by column."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def table_text(columns: Columns, form: str) -> str:
    """Write a table as JSON, or as CSV with formulas escaped for spreadsheets."""
    if form == "json":
        return json.dumps(table_rows(columns)) + "\n"
    return _csv_lines(columns, with_names=True)


def _csv_lines(columns: Columns, *, with_names: bool) -> str:
    written = io.StringIO()
    # Quote every text: by default the writer leaves a CR unquoted, which ends a row for most readers.
    writer = csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    if with_names:
        writer.writerow(map(to_cell, columns))
    cells = (
        [to_cell(value) if isinstance(value, str) else value for value in values]
        for values in columns.values()
    )
    writer.writerows(zip(*cells, strict=True))
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
