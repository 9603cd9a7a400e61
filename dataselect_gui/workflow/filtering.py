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
from dataselect_gui.selection.terms import columns_in, terms_of
from dataselect_gui.workflow.answers import RecordAnswers
from dataselect_gui.workflow.left_out import left_out_figures
from dataselect_gui.workflow.looking import Look, look
from dataselect_gui.workflow.selecting import scores

_OPERATORS = re.compile(r"[<>=!\"'()\[\]]|\b(and|or|not|in)\b")
_MOST_KEPT = 8
CHANGING = frozenset({"selected", "withheld", "opted_out", "left_out"})
"""The columns that a rule or the owner's marks change."""
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
    """

    def __init__(self, project: Look) -> None:
        makers: dict[str, Callable[[], Column]] = {
            name: partial(project.scores.__getitem__, name) for name in project.scores
        }
        makers["id"] = lambda: Texts(project.ids)
        makers["label"] = lambda: project.coded_labels
        units = project.units
        if units is not None:
            makers["person"] = lambda: Texts(units)
        if project.answers is not None:
            makers |= _answer_makers(project.answers)
        makers["selected"] = lambda: project.picked_by(project.rule, project.eligible).chosen
        makers["left_out"] = lambda: _left_out(project, project.eligible)
        makers["withheld"], makers["opted_out"] = lambda: project.withheld, lambda: project.opted_out
        makers["relabelled"] = lambda: project.is_relabelled
        makers["problem"] = lambda: np.array([record in project.problems for record in project.ids])
        self._project, self._makers = project, makers
        self._made: dict[str, Column] = {
            **project.scores,
            "withheld": project.withheld,
            "opted_out": project.opted_out,
        }
        self._found: dict[str, NDArray[np.bool_]] = {}

    def note(
        self,
        selected: NDArray[np.bool_],
        withheld: NDArray[np.bool_],
        opted_out: NDArray[np.bool_],
    ) -> None:
        """Note what is selected, withheld and opted out now, each of shape (n,)."""
        self._made |= {"selected": selected, "withheld": withheld, "opted_out": opted_out}
        self._made.pop("left_out", None)
        # Without this object in it: a cycle would keep a closed project until the collector runs.
        self._makers["left_out"] = partial(_left_out, self._project, ~(withheld | opted_out))

    def find(self, text: str) -> NDArray[np.bool_]:
        """Return which records a filter finds, shape (n,); what its terms find is kept for later.

        It may be called from any thread.

        Raises
        ------
        UsageError
            Where it cannot be understood.
        """
        terms = terms_of(text)
        if not terms:
            return matching(text, self)
        matches = np.ones(len(self._project.ids), dtype=bool)
        for term in terms:
            rows = self._found.get(term)
            if rows is None:
                rows = matching(term, self)
                if not columns_in(term) & CHANGING:
                    kept = list(self._found.items())[1 - _MOST_KEPT :]
                    self._found = {**dict(kept), term: rows}
            matches &= rows
        return matches

    def is_quick(self, text: str) -> bool:
        """Say whether to find records by a filter takes a moment only, however many there are."""
        names = {
            name for term in terms_of(text) if term not in self._found for name in columns_in(term)
        }
        return all(
            name not in self._makers or (name in self._made and not isinstance(self._made[name], Texts))
            for name in names
        )

    def __getitem__(self, name: str) -> Column:
        """Return a column."""
        column = self._made.get(name)
        if column is None:
            maker = self._makers[name]
            column = maker()
            if maker is self._makers[name]:  # Otherwise it changed meanwhile, in another thread.
                self._made[name] = column
        return column

    def __contains__(self, name: object) -> bool:
        """Say whether there is a column, without making it."""
        return name in self._makers

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
