"""Find records of a project by a filter; the selection stays as it is."""

from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.selection.filters import Column, Texts, matching
from dataselect_gui.workflow.looking import Look, look
from dataselect_gui.workflow.selecting import scores


def filter_columns(look: Look) -> dict[str, Column]:
    """Return what records of a project can be filtered by: name → column.

    The scores by their names, ``id``, ``label``, ``person`` where there are any, ``answer``,
    ``confidence`` and ``disagrees`` where the model's answers were kept; ``selected``, ``withheld``,
    ``opted_out`` and ``problem``.
    """
    columns: dict[str, Column] = {**look.scores, "id": Texts(look.ids)}
    columns["label"] = CodedClasses.of(look.labels)
    if look.units is not None:
        columns["person"] = Texts(look.units)
    if look.answers is not None:
        stated = look.answers.columns()
        columns["answer"] = CodedClasses(map(_text, stated["answer"]))
        numbers = [value if isinstance(value, float) else None for value in stated["confidence"]]
        columns["confidence"] = np.array(numbers, dtype=np.float64)
        columns["disagrees"] = look.answers.differ
    columns["selected"] = look.picked_by(look.rule, look.eligible).chosen
    columns["withheld"], columns["opted_out"] = look.withheld, look.opted_out
    columns["problem"] = np.array([record in look.problems for record in look.ids], dtype=bool)
    return columns


def scores_where(project_path: Path, where: str) -> dict[str, list[Any]]:
    """Return the rows of the table of scores, see `scores`, that a filter finds.

    Parameters
    ----------
    project_path : Path
        The project.
    where : str
        The filter, see `matching`.

    Raises
    ------
    UsageError
        Where it cannot be understood.
    UnusableError
        Where it is no project, or it cannot be noted that scores are shown.
    """
    columns = scores(project_path)
    rows = matching(where, filter_columns(look(project_path)))
    return {name: list(compress(values, rows.tolist())) for name, values in columns.items()}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
