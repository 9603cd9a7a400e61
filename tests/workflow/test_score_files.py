"""The owner's tables in files: what the window saves is what the terminal shows."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.plain import from_cell
from dataselect_gui.project.project import Project
from dataselect_gui.workflow import Look, score_files
from tests.projects import answered, consortium, owner_records, scored_project


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Forty records, of which one has no score, in pieces of seven."""
    monkeypatch.setattr(score_files, "_AT_ONCE", 7)
    source, checkpoint = owner_records(tmp_path / "records.npz"), consortium(tmp_path / "model")
    project = scored_project(tmp_path / "project", source, checkpoint, unit_column="patient")
    column = Project.open(answered(project)).table.column("loss")
    column.write(np.array([3]), np.array([np.nan]))
    workflow.put_selection(project, workflow.make_rule("loss", threshold="0.5"), ["5"])
    return workflow.look(project)


def chosen(look: Look) -> NDArray[np.bool_]:
    return look.picked_by(look.rule, look.eligible).chosen


def test_parquet_and_csv_hold_what_the_terminal_shows(look: Look, tmp_path: Path) -> None:
    import pyarrow.parquet

    shown = workflow.scores(look.folder)
    to = tmp_path / "scores.parquet"
    assert workflow.export_scores(look, look.eligible, chosen(look), to) == 40
    assert pyarrow.parquet.read_table(to).to_pydict() == shown
    workflow.export_scores(look, look.eligible, chosen(look), to.with_suffix(".csv"))
    workflow.save_table(shown, "csv", tmp_path / "terminal.csv")
    assert to.with_suffix(".csv").read_bytes() == (tmp_path / "terminal.csv").read_bytes()


def test_the_list_of_the_selection_is_in_the_order_of_the_source(look: Look, tmp_path: Path) -> None:
    to = tmp_path / "list.csv"
    count = workflow.export_selection(look, chosen(look), to)
    with to.open(newline="", encoding="utf-8") as file:
        rows = [{key: from_cell(cell) for key, cell in row.items()} for row in csv.DictReader(file)]
    assert [int(row["id"]) for row in rows] == np.flatnonzero(chosen(look)).tolist()
    assert count == len(rows) > 7
    assert [row["unit"] for row in rows] == [f"patient {int(row['id']) // 3}" for row in rows]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_disk_that_refuses_leaves_nothing(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    to = tmp_path / f"scores.{ending}"
    to.write_bytes(b"before")

    def refuse(*_given: object, **_named: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(score_files, "_csv_lines", refuse)
    monkeypatch.setattr(score_files, "_write_parquet", refuse)
    with pytest.raises(UnusableError):
        workflow.export_scores(look, look.eligible, chosen(look), to)
    assert to.read_bytes() == b"before"
    assert not list(tmp_path.glob(".scores*"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists, not modes")
def test_the_file_is_the_owners_alone(look: Look, tmp_path: Path) -> None:
    to = tmp_path / "scores.csv"
    workflow.export_scores(look, look.eligible, chosen(look), to)
    assert to.stat().st_mode & 0o077 == 0
