"""A view of scores in one project counts in every other project of the same records."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.project.project import Project
from dataselect_gui.workflow.viewing import standing_now
from tests.decisions import ANSWERS, EVERY, decide, ids_of, losses, undecided
from tests.releases import document_of, is_verified, release

pytestmark = pytest.mark.usefixtures("home")


def seen(folder: Path, *, withhold: slice = slice(0)) -> Path:
    """Return a project whose scores were shown, with some records withheld before that."""
    project = undecided(folder, losses(17), name="seen")
    workflow.select_records(project, None, withhold=ids_of(project)[withhold])
    workflow.scores(project)
    return project


def thinned(folder: Path) -> Path:
    """Return a project of half of the same records, under other names."""
    with np.load(folder / "r0.npz") as stored:
        half = {name: values[:20] for name, values in stored.items()}
    np.savez(folder / "half.npz", **half)
    (folder / "r1.npz").write_bytes((folder / "half.npz").read_bytes())
    return undecided(folder, losses(9, 20), name="half", seed=1)


# What was decided


def test_without_a_view_elsewhere_a_decision_claims_its_epsilon(tmp_path: Path) -> None:
    """The control: two projects of the same records, none of which was looked into."""
    undecided(tmp_path, losses(17))
    project = undecided(tmp_path, losses(17), name="q")
    decide(project, "wrong")
    done = release(project, tmp_path / "b")
    assert (done.epsilon, done.conditional) == ("1", False)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_decision_after_a_view_in_another_project_claims_nothing(
    tmp_path: Path, *, is_deleted: bool
) -> None:
    earlier = seen(tmp_path)
    if is_deleted:
        workflow.delete(earlier)
    project = undecided(tmp_path, losses(17), name="q")
    decide(project, "wrong")
    done = release(project, tmp_path / "b")
    assert (done.epsilon, done.conditional) == (None, True)
    assert document_of(tmp_path / "b")["parameters"]["rule"]["from"] == "chosen after viewing"
    assert is_verified(tmp_path / "b")


def test_a_preview_knows_of_it_and_changes_nothing(tmp_path: Path) -> None:
    seen(tmp_path)
    project = undecided(tmp_path, losses(17), name="q")
    decide(project, "wrong")
    before = (project / "project.json").read_bytes()
    assert release(project, tmp_path / "b", dry_run=True).conditional
    assert (project / "project.json").read_bytes() == before


def test_a_part_of_the_records_counts(tmp_path: Path) -> None:
    seen(tmp_path)
    project = thinned(tmp_path)
    decide(project, "wrong")
    assert release(project, tmp_path / "b").conditional


def test_other_records_do_not_count(tmp_path: Path) -> None:
    seen(tmp_path)
    project = undecided(tmp_path, losses(17), name="q", seed=7)
    decide(project, "wrong")
    assert release(project, tmp_path / "b").epsilon == "1"


def test_a_copy_from_before_the_view_counts(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(17))
    copy = Path(shutil.copytree(project, tmp_path / "copy.dataselect"))
    workflow.scores(project)
    decide(copy, "wrong")
    assert release(copy, tmp_path / "b").conditional


def test_a_copy_that_decided_before_the_view_did_so(tmp_path: Path) -> None:
    """It may go on by its decision, and not by another one."""
    project = undecided(tmp_path, losses(17))
    decide(project, "wrong")
    copy = Path(shutil.copytree(project, tmp_path / "copy.dataselect"))
    workflow.scores(project)
    assert release(copy, tmp_path / "b").epsilon == "1"
    assert decide(copy, "none").is_changed
    assert release(copy, tmp_path / "c", **EVERY).conditional


def test_no_count_decides_after_a_view_elsewhere(tmp_path: Path) -> None:
    seen(tmp_path)
    project = undecided(tmp_path, losses(17), name="q")
    with pytest.raises(UsageError, match="cannot decide"):
        decide(project, "count")
    assert workflow.account(project).total_plain == 0


def test_a_decision_that_is_shown_later_says_when_it_was_taken(tmp_path: Path) -> None:
    seen(tmp_path)
    project = undecided(tmp_path, losses(17), name="q")
    assert decide(project, "wrong").taken == "after"


def test_everything_needs_no_decision(tmp_path: Path) -> None:
    seen(tmp_path)
    project = undecided(tmp_path, losses(17), name="q")
    workflow.decide(project, "none", None, ANSWERS)
    assert not release(project, tmp_path / "b", **EVERY).conditional


# Marks


def test_the_same_marks_as_at_the_first_view_are_settled(tmp_path: Path) -> None:
    seen(tmp_path, withhold=slice(3))
    project = undecided(tmp_path, losses(17), name="q")
    workflow.decide(project, "none", None, ANSWERS)
    workflow.select_records(project, None, withhold=ids_of(project)[:3])
    assert not release(project, tmp_path / "b", **EVERY).conditional


@pytest.mark.parametrize("withhold", [slice(2), slice(4), slice(1, 4), slice(0)])
def test_other_marks_are_late(tmp_path: Path, withhold: slice) -> None:
    seen(tmp_path, withhold=slice(3))
    project = undecided(tmp_path, losses(17), name="q")
    workflow.decide(project, "none", None, ANSWERS)
    workflow.select_records(project, None, withhold=ids_of(project)[withhold])
    assert release(project, tmp_path / "b", **EVERY).conditional


def test_records_that_are_taken_out_after_the_view_are_marks_made_late(tmp_path: Path) -> None:
    path = seen(tmp_path)
    project = Project.open(path)
    index = project.table.index
    fewer = replace(index, ids=index.ids[5:], labels=index.labels[5:], content=index.content[5:])
    with project.exclusive():
        project.update_index(fewer)
    assert standing_now(Project.open(path)).are_marks_late


# The ledger


def test_a_view_is_noted_once_and_stands_in_no_statement(tmp_path: Path) -> None:
    project = seen(tmp_path)
    entries = workflow.account(project).entries
    workflow.look(project)
    other = undecided(tmp_path, losses(17), name="q")
    workflow.look(other)
    assert workflow.account(project).entries == entries
    assert all(entry.kind != "shown" for entry in entries)


@pytest.mark.parametrize("see", [workflow.scores, workflow.look])
def test_no_score_is_shown_where_the_ledger_cannot_note_it(
    tmp_path: Path, home: Path, see: Callable[[Path], object]
) -> None:
    project = undecided(tmp_path, losses(17))
    with FileLock(home / "ledger.lock"), pytest.raises(UnusableError, match="ledger is in use"):
        see(project)
    decide(project, "wrong")
    see(project)
    with FileLock(home / "ledger.lock"):
        see(project)  # It was noted.
    assert release(project, tmp_path / "b").epsilon == "1"


def test_the_account_that_a_project_remembers_is_not_another_homes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = seen(tmp_path)
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "another"))
    workflow.select_records(project, workflow.make_rule("loss", threshold="0.5"))
    assert release(project, tmp_path / "b").release is not None
    assert workflow.account(project).total_plain == 1
