"""Check the lines of a table against the form that the program writes, one at a time."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from dataselect_gui.errors import FaultError
from dataselect_gui.records.forms.form import lines_of
from dataselect_gui.release import limits
from dataselect_gui.release.tables import table_text
from dataselect_gui.texts import _

Cell: TypeAlias = tuple[str, str | None, str, str]
"""A cell of a report: table, class, from, to."""
_TOKEN = re.compile("[0-9a-f]{32}")
_WHOLE, _IN_STEPS = re.compile(r"0|-?[1-9][0-9]{0,18}"), re.compile(r"-?[0-9]{1,16}\.[0-9]{3}")
_LONGEST_SCORE = 24
_LARGEST = 1 << 63
"""Noise is drawn as whole numbers of 64 bits."""


def rows_of(path: Path, name: str, columns: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a table below its header.

    Raises
    ------
    FaultError
        Where it has other columns.
    """
    lines = lines_of(path / name)
    if next(lines, "") != line_of(columns):
        raise FaultError(_("“{name}” has other columns than it should.", name=name))
    return lines


def line_of(row: Sequence[str]) -> str:
    """Return a row as the program writes it."""
    return table_text(row, ())


def check_tokens(
    name: str, lines: Iterable[str], declared: int | None, is_score: Callable[[str], bool] | None
) -> str:
    """Check the rows of a table with random tokens, and return a sentence on their number.

    Parameters
    ----------
    name : str
        The table's name.
    lines : iterable of str
        Its rows.
    declared : int or None
        How many rows there must be; None where that was not declared.
    is_score : callable or None
        Says whether a text is a valid score; None for a table of tokens alone.

    Raises
    ------
    FaultError
        Where they have another form.
    """
    count, before = 0, ""
    for line in lines:
        token, *score = line.removesuffix("\n").split(",")
        if not line.endswith("\n") or len(score) != (is_score is not None):
            raise FaultError(_("“{name}” is not written as such a table is.", name=name))
        if not _TOKEN.fullmatch(token) or token <= before:
            raise FaultError(_("“{name}” is not in the order of its random tokens.", name=name))
        if is_score is not None and not is_score(score[0]):
            raise FaultError(_("“{name}” holds something else than scores.", name=name))
        count, before = count + 1, token
        if count > limits.MOST_ROWS:
            raise FaultError(_("“{name}” has more rows than a table can have.", name=name))
    if declared is not None and count != declared:
        raise FaultError(_("“{name}” does not have the number of rows that was declared.", name=name))
    return _("{count} rows are there, in the order of their random tokens.", count=count)


def check_cells(lines: Iterable[str], cells: Iterable[Cell], steps: int) -> str:
    """Check the counts of a report, and return a sentence on their number.

    Parameters
    ----------
    lines : iterable of str
        The rows of the report.
    cells : iterable of tuple
        The cells that were declared.
    steps : int
        The steps of one count in which noise was drawn.

    Raises
    ------
    FaultError
        Where they have another form.
    """
    rows, number = iter(lines), 0
    for table, kind, low, high in cells:
        number += 1
        line = next(rows, "")
        count = line.removesuffix("\n").rpartition(",")[2]
        if line != line_of((table, kind or "", low, high, count)):
            raise FaultError(_("The report does not hold exactly the cells that were declared."))
        if not is_count(count, steps):
            raise FaultError(_("The report holds something else than counts."))
    if next(rows, None) is not None:
        raise FaultError(_("The report does not hold exactly the cells that were declared."))
    return _("All {number} declared cells are there, whether empty or not.", number=number)


def is_count(text: str, steps: int) -> bool:
    """Say whether a text is a noised count in the form that the program writes."""
    if steps == 1:
        return _WHOLE.fullmatch(text) is not None and abs(int(text)) <= _LARGEST
    if not _IN_STEPS.fullmatch(text):
        return False
    drawn = int(text.replace(".", ""))
    return abs(drawn) <= _LARGEST and f"{drawn / steps:.3f}" == text


def is_on_grid(text: str, score_at: Callable[[float], float], steps: int) -> bool:
    """Say whether a text is a score at a step of the grid, in the form that the program writes.

    Parameters
    ----------
    text : str
        The text.
    score_at : callable
        Returns the score at a step.
    steps : int
        Into how many the range between the bounds is divided.
    """
    low = score_at(0.0)
    try:
        stated = float(text) if len(text) <= _LONGEST_SCORE else math.nan
        nearest = round((stated - low) / ((score_at(float(steps)) - low) / steps))
    except (ValueError, OverflowError, ZeroDivisionError):
        return False
    # Several steps may be written alike, and the nearest may not be the one that was drawn.
    near = (nearest - 1, nearest, nearest + 1)
    return any(abs(step) <= _LARGEST and f"{score_at(float(step)):.9g}" == text for step in near)
