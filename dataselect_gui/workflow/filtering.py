"""Find records of a project by a filter; the selection stays as it is."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.selection.filters import Column, Texts, matching
from dataselect_gui.workflow.answers import RecordAnswers
from dataselect_gui.workflow.left_out import left_out_figures
from dataselect_gui.workflow.looking import Look, look
from dataselect_gui.workflow.selecting import scores

_OPERATORS = re.compile(r"[<>=!\"'()\[\]]|\b(and|or|not|in)\b")
_SEARCHED = ("id", "label", "person", "answer")


class FilterColumns(Mapping[str, Column]):
    """What records of a project can be filtered by, made when it is first asked for.

    The scores by their names; ``id``, ``label``, and ``person`` where there are any; ``answer``,
    ``confidence`` and ``disagrees`` where the model's answers were kept; ``selected``, ``left_out``,
    ``withheld``, ``opted_out``, ``relabelled`` and ``problem``.

    Parameters
    ----------
    project : Look
        The project.
    selected, withheld, opted_out : ndarray of bool or None
        What holds now, shape (n,), where that is not what the project was read with.
    """

    def __init__(
        self,
        project: Look,
        selected: NDArray[np.bool_] | None = None,
        withheld: NDArray[np.bool_] | None = None,
        opted_out: NDArray[np.bool_] | None = None,
    ) -> None:
        held = project.withheld if withheld is None else withheld
        out = project.opted_out if opted_out is None else opted_out
        makers: dict[str, Callable[[], Column]] = {
            name: partial(project.scores.__getitem__, name) for name in project.scores
        }
        makers["id"] = lambda: Texts(project.ids)
        makers["label"] = lambda: CodedClasses.of(project.labels)
        units = project.units
        if units is not None:
            makers["person"] = lambda: Texts(units)
        if project.answers is not None:
            makers |= _answer_makers(project.answers)
        makers["selected"] = (
            (lambda: project.picked_by(project.rule, ~(held | out)).chosen)
            if selected is None
            else lambda: selected
        )
        makers["left_out"] = lambda: _left_out(project, ~(held | out))
        makers["withheld"], makers["opted_out"] = lambda: held, lambda: out
        makers["relabelled"] = lambda: project.is_relabelled
        makers["problem"] = lambda: np.array([record in project.problems for record in project.ids])
        self._makers, self._made = makers, dict[str, Column]()

    def __getitem__(self, name: str) -> Column:
        """Return a column."""
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._makers)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._makers)


def filter_of(typed: str, columns: Mapping[str, Column]) -> str:
    """Return the filter that a person means who typed something: a filter, or words to search for."""
    text = typed.strip()
    if not text or text in columns or _OPERATORS.search(text):
        return text
    names = [name for name in _SEARCHED if name in columns]
    return " or ".join(f"{json.dumps(text, ensure_ascii=False)} in {name}" for name in names)


def equal_term(column: str, text: str) -> str:
    """Return the filter for the records that have a text in a column."""
    return f"{column} == {json.dumps(text, ensure_ascii=False)}"


def scores_where(project_path: Path, where: str) -> dict[str, list[Any]]:
    """Return the rows of the table of scores, see `scores`, that a filter finds.

    Parameters
    ----------
    project_path : Path
        The project.
    where : str
        The filter, see `matching`, or words to search for.

    Raises
    ------
    UsageError
        Where it cannot be understood.
    UnusableError
        Where it is no project, or it cannot be noted that scores are shown.
    """
    table = scores(project_path)
    columns = FilterColumns(look(project_path))
    rows = matching(filter_of(where, columns), columns)
    return {name: list(compress(values, rows.tolist())) for name, values in table.items()}


def _answer_makers(answers: RecordAnswers) -> dict[str, Callable[[], Column]]:
    def confidence() -> Column:
        stated = answers.columns()["confidence"]
        numbers = [value if isinstance(value, float) else None for value in stated]
        return np.array(numbers, dtype=np.float64)

    return {
        "answer": lambda: CodedClasses(map(_text, answers.columns()["answer"])),
        "confidence": confidence,
        "disagrees": lambda: answers.differ,
    }


def _left_out(project: Look, eligible: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which records look wrong by the consortium's calibration; none where there is none."""
    figures = left_out_figures(project, eligible)
    left = np.zeros(len(project.ids), dtype=bool)
    if figures is not None:
        left[figures.rows] = True
    return left


def _text(value: object) -> str | None:
    return None if value is None else str(value)
