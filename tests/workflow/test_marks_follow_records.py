"""Who opted out and what is withheld stays so where a source is listed anew: rows have no names."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.following import followed
from dataselect_gui.project.project import Project
from dataselect_gui.project.table import Index
from dataselect_gui.workflow.viewing import standing_now
from tests.helpers import write_json
from tests.models import export

pytestmark = pytest.mark.usefixtures("scoring_here")
HEADER = ("age", "patient", "doctor", "label")
ROWS = [(str(n), str(17 if n < 3 else n), f"d{n % 2}", "no yes".split()[n % 2]) for n in range(8)]
Rows = Sequence[tuple[str, ...]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    export(folder / "model.pt2", nn.Linear(1, 2), torch.zeros(2, 1))
    write_json(folder / "config.json", {"id2label": {"0": "no", "1": "yes"}})
    feature = {"column": "age", "numeric": {"mean": 0, "scale": 1}}
    write_json(folder / "features.json", {"features": [feature]})
    return folder


def score(
    tmp_path: Path,
    model: Path,
    rows: Rows,
    unit: str | None = None,
    *,
    name: str = "p",
    marks_of: Path | None = None,
) -> Path:
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    project = tmp_path / f"{name}.dataselect"
    workflow.score(
        tmp_path / "t.csv",
        model,
        JobContext(),
        names=["loss"],
        project_path=project,
        unit_column=unit,
        marks_of=marks_of,
    )
    return project


def ages_left(project: Path, rows: Rows) -> list[str]:
    """Return the ages of the rows that may leave."""
    table = workflow.scores(project)
    pairs = zip(table["id"], table["eligible"], strict=True)
    return sorted(rows[int(record)][0] for record, may in pairs if may)


def turned(rows: Rows) -> Rows:
    return rows[::-1]


def longer(rows: Rows) -> Rows:
    return [("100", "x", "d9", "no"), ("101", "y", "d9", "yes"), *rows]


def thinned(rows: Rows) -> Rows:
    return rows[1:]


@pytest.mark.parametrize("change", [turned, longer, thinned])
def test_a_withheld_row_stays_withheld_wherever_it_stands(
    tmp_path: Path, model: Path, change: Callable[[Rows], Rows]
) -> None:
    project = score(tmp_path, model, ROWS)
    workflow.select_records(project, workflow.make_rule("loss", threshold="0"), withhold=["2", "5"])
    assert ages_left(project, ROWS) == ["0", "1", "3", "4", "6", "7"]
    rows = change(ROWS)
    score(tmp_path, model, rows)
    assert ages_left(project, rows) == sorted({row[0] for row in rows} - {"2", "5"})


@pytest.mark.parametrize("change", [turned, longer])
def test_a_row_that_opted_out_by_its_number_stays_out(
    tmp_path: Path, model: Path, change: Callable[[Rows], Rows]
) -> None:
    project = score(tmp_path, model, ROWS)
    (tmp_path / "out.csv").write_text("id\n1\n")
    workflow.opt_out(project, tmp_path / "out.csv", None)
    rows = change(ROWS)
    score(tmp_path, model, rows)
    assert "1" not in ages_left(project, rows)
    assert len(ages_left(project, rows)) == len(rows) - 1


@pytest.mark.parametrize("change", [turned, longer])
def test_a_row_of_nobody_that_opted_out_stays_out(
    tmp_path: Path, model: Path, change: Callable[[Rows], Rows]
) -> None:
    """It is a unit of its own, named after its number."""
    rows = [(age, "" if age == "5" else who, *rest) for age, who, *rest in ROWS]
    project = score(tmp_path, model, rows, "patient")
    (tmp_path / "out.csv").write_text("patient\nrecord 5\n4.0\n")
    assert workflow.opt_out(project, tmp_path / "out.csv", None).matched == 2
    changed = change(rows)
    score(tmp_path, model, changed, "patient")
    assert ages_left(project, changed) == sorted({row[0] for row in changed} - {"4", "5"})
    named = [(age, who or "new", *rest) for age, who, *rest in changed]
    score(tmp_path, model, named, "patient")  # It turns out whose row it is.
    assert ages_left(project, named) == sorted({row[0] for row in named} - {"4", "5"})
    score(tmp_path, model, [row for row in named if row[0] != "4"], "patient")
    score(tmp_path, model, named, "patient")
    assert ages_left(project, named) == sorted({row[0] for row in named} - {"4", "5"})


@pytest.mark.parametrize("first", [None, "patient"])
def test_other_people_are_refused_once_some_opted_out(
    tmp_path: Path, model: Path, first: str | None
) -> None:
    """By a doctor's name nobody finds the patient who opted out."""
    project = score(tmp_path, model, ROWS, first)
    (tmp_path / "out.csv").write_text("who\n17.0\n" if first else "who\n1\n")
    assert workflow.opt_out(project, tmp_path / "out.csv", None).matched == 1
    before = ages_left(project, ROWS)
    with pytest.raises(UnusableError, match="opted out"):
        score(tmp_path, model, ROWS, "doctor")
    assert ages_left(project, ROWS) == before
    score(tmp_path, model, turned(ROWS), first)
    assert ages_left(project, turned(ROWS)) == before
    if first is None:  # The row has another number now.
        (tmp_path / "out.csv").write_text("who\n6\n")
    workflow.opt_in(project, tmp_path / "out.csv", None)
    score(tmp_path, model, ROWS, "doctor")
    assert len(ages_left(project, ROWS)) == len(ROWS)


@pytest.mark.parametrize("change", [list, turned, longer])
@pytest.mark.parametrize("second", [None, "patient", "doctor"])
@pytest.mark.parametrize("first", [None, "patient"])
def test_records_that_are_read_another_way_keep_their_marks(
    tmp_path: Path, model: Path, first: str | None, second: str | None, change: Callable[[Rows], Rows]
) -> None:
    project = score(tmp_path, model, ROWS, first)
    workflow.select_records(project, workflow.make_rule("loss", threshold="0"), withhold=["5"])
    (tmp_path / "out.csv").write_text("who\n17\n" if first else "who\n1\n")
    assert workflow.opt_out(project, tmp_path / "out.csv", None).matched == 1
    out = {"0", "1", "2", "5"} if first else {"1", "5"}
    assert ages_left(project, ROWS) == sorted({row[0] for row in ROWS} - out)
    rows = change(ROWS)
    other = score(tmp_path, model, rows, second, name="other", marks_of=project)
    assert ages_left(other, rows) == sorted({row[0] for row in rows} - out)
    score(tmp_path, model, rows, second, name="other", marks_of=project)  # It is no new project now.
    assert ages_left(other, rows) == sorted({row[0] for row in rows} - out)


def are_late(project: Path) -> bool:
    return standing_now(Project.open(project)).are_marks_late


def test_marks_after_a_view_are_late_in_a_project_that_takes_them_over(
    tmp_path: Path, model: Path
) -> None:
    project = score(tmp_path, model, ROWS)
    workflow.look(project)
    workflow.select_records(project, workflow.make_rule("loss", threshold="0"), withhold=["5"])
    other = score(tmp_path, model, ROWS, "patient", name="other", marks_of=project)
    assert are_late(other)
    unmarked = score(tmp_path, model, ROWS, name="unmarked")
    assert not are_late(unmarked)
    grouped = score(tmp_path, model, ROWS, "patient", name="grouped")
    assert are_late(grouped), "who belongs together was chosen after the view"


def index_of(*contents: int, ids: str | None = None) -> Index:
    hashes = np.array(contents, dtype=np.uint8)[:, None].repeat(32, axis=1)
    names = list(ids or map(str, range(len(contents))))
    return Index(names, [None] * len(names), None, hashes)


def test_records_are_followed_by_what_they_hold() -> None:
    old = index_of(5, 6, 7, 7, 0)
    assert followed(["1"], old, index_of(6, 5)) == ["0"]
    assert followed(["2"], old, index_of(5, 6, 7, 7, 0)) == ["2"]  # Not its twin, which may leave.
    assert followed(["2"], old, index_of(7, 7, 5)) == ["0", "1"]  # Which of the two, nothing says.
    assert followed(["1"], old, index_of(5, 9)) == ["1"]  # Edited.
    assert followed(["4"], old, index_of(0, 0, 0, 0, 0)) == ["4"]  # Not to be read, then or now.
    assert followed(["9"], old, index_of(6, 5)) == ["9"]
    files = index_of(5, 6, ids="ab")
    assert followed(["a"], files, index_of(6, 5, ids="ab")) == ["b"]
