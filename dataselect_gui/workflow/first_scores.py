"""The scores of a run that goes on, as far as they exist: a look at them is a view like any other."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.project import Project
from dataselect_gui.scoring.catalog import in_order
from dataselect_gui.workflow.viewing import note_view


@dataclass(frozen=True)
class FirstScores:
    """What was computed so far.

    Attributes
    ----------
    values : dict
        Score → the numbers that there are, in no order that tells whose they are.
    records : int
        How many records there are.
    """

    values: dict[str, NDArray[np.float64]]
    records: int


def scores_so_far(project_path: Path) -> FirstScores:
    """Return the scores of a project that is being scored, and note before that they are shown.

    What was decided about leaving records out was saved before scoring began, so it is settled before
    this view. Where there is no score yet, nothing is shown and nothing noted.

    Raises
    ------
    RefusedError, UnusableError
        Where there are no records yet, or the view cannot be noted: then no score may be shown.
    """
    project = Project.open(project_path)
    table = project.table
    values = {}
    for name in in_order(table.columns()):
        column = table.column(name)
        numbers = column.values[column.kept]
        numbers = np.sort(numbers[~np.isnan(numbers)])
        if len(numbers):
            values[name] = numbers
    if values:
        note_view(project)
    return FirstScores(values, len(table.index.ids))
