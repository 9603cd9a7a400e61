"""A project keeps scores by the digest of their checkpoint; one of format 1 had a single checkpoint."""

import json
import shutil
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from dataselect_gui import workflow
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions
from dataselect_gui.project.table import Index
from tests.projects import consortium, owner_records, scored_project

EARLIER = Path(__file__).parents[1].joinpath("earlier") / "format-1"
OTHER = "f" * 64


@pytest.fixture
def project(tmp_path: Path) -> Project:
    records, checkpoint = owner_records(tmp_path / "r.npz"), consortium(tmp_path / "c")
    return Project.open(scored_project(tmp_path / "p.dataselect", records, checkpoint))


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EARLIER, tmp_path / "earlier.dataselect"))


def point_to(project: Project, digest: str) -> None:
    """Make another checkpoint the project's, by its digest."""
    project.settings.checkpoint = replace(project.settings.checkpoint, digest=digest)


def score_with(project: Project, digest: str, value: float) -> None:
    point_to(project, digest)
    column = project.table.column("el2n")
    rows = np.arange(len(project.table.index.ids))
    column.write(rows, np.full(len(rows), value))
    column.mark_done(rows)
    project.scores["el2n"] = Conditions(program="0.1.0", variant="", device="cpu")
    project.save()


def changed(index: Index, row: int) -> Index:
    content = np.array(index.content)
    content[row] ^= 1
    return Index(index.ids, index.labels, index.units, content)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_scores_of_several_checkpoints_stand_side_by_side(project: Project) -> None:
    own = project.settings.checkpoint.digest
    before = project.table.values("loss")
    score_with(project, OTHER, 0.25)
    opened = Project.open(project.folder)
    assert opened.table.columns() == ["el2n"]
    assert opened.scores.keys() == {"el2n"}
    assert sorted(opened.table.checkpoints()) == sorted([own, OTHER])
    columns = workflow.scores(project.folder)
    assert "loss" not in columns
    assert set(columns["el2n"]) == {0.25}
    point_to(opened, own)
    opened.save()
    again = Project.open(project.folder)
    assert again.table.columns() == ["loss"]
    assert again.scores.keys() == {"loss"}
    np.testing.assert_array_equal(again.table.values("loss"), before)


def test_all_of_them_are_kept_where_records_change(project: Project) -> None:
    own, before = project.settings.checkpoint.digest, project.table.values("loss")
    score_with(project, OTHER, 0.25)
    project.update_index(changed(project.table.index, 2))
    opened = Project.open(project.folder)
    for digest, name, values in ((OTHER, "el2n", np.full(len(before), 0.25)), (own, "loss", before)):
        kept = opened.table.by(digest).values(name)
        assert np.isnan(kept[2])
        np.testing.assert_array_equal(np.delete(kept, 2), np.delete(values, 2))


def test_a_project_of_format_1_is_read_as_it_is(earlier: Path) -> None:
    before = files_of(earlier)
    project = Project.open(earlier)
    settings = json.loads(before["project.json"])
    assert msgspec.to_builtins(project.scores) == settings["scores"]
    assert project.table.columns() == ["loss"]
    stored = np.load(EARLIER / "table-1" / "loss.npy")
    np.testing.assert_array_equal(project.table.values("loss"), stored)
    assert workflow.scores(earlier)["loss"] == stored.tolist()
    inspected = workflow.inspect(earlier, None, JobContext())
    assert isinstance(inspected, workflow.ProjectInspected)
    assert inspected.scores == project.scores
    after = files_of(earlier)
    assert after.pop("scores-shown").startswith(b"table-1 ")
    assert after == before, "showing its scores writes nothing else"


def test_a_project_of_format_1_goes_on_in_the_new_form(earlier: Path) -> None:
    own = json.loads((earlier / "project.json").read_text())["checkpoint"]["digest"]
    stored = np.load(EARLIER / "table-1" / "loss.npy")
    workflow.select_records(earlier, workflow.ScoreCut("loss", "count", Decimal(5)))
    project = Project.open(earlier)
    assert project.settings.format == 2
    assert project.settings.withheld == ["3"]
    score_with(project, OTHER, 0.25)
    assert project.table.columns() == ["el2n"]
    np.testing.assert_array_equal(Project.open(earlier).table.by(own).values("loss"), stored)
    project.update_index(changed(project.table.index, 0))
    project = Project.open(earlier)
    assert project.settings.loose_scores is msgspec.UNSET
    assert project.table.columns() == ["el2n"]
    np.testing.assert_array_equal(project.table.by(own).values("loss")[1:], stored[1:])
