"""Nothing is claimed of what came after a view, whatever project the view and the choice were in."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from dataselect_gui import workflow
from dataselect_gui.checkpoints.request import read_request
from dataselect_gui.errors import RefusedError, UsageError
from dataselect_gui.project.project import Project
from dataselect_gui.workflow import LeaveOut
from dataselect_gui.workflow.viewing import note_settled, standing_now
from tests.decisions import (
    ANSWERS,
    EVERY,
    SURE,
    arrays_of,
    calibration,
    claims,
    decide,
    ids_of,
    losses,
    of_rows,
    undecided,
)
from tests.helpers import hugging_face_folder, write_json, write_safetensors
from tests.projects import scored_project
from tests.releases import release

pytestmark = pytest.mark.usefixtures("home")


def cut(arrays: dict[str, np.ndarray], rows: slice) -> dict[str, np.ndarray]:
    return {key: values if key == "classes" else values[rows] for key, values in arrays.items()}


# The view is in the ledger before anything is shown


@pytest.mark.parametrize("see", [workflow.look, workflow.scores])
def test_a_look_while_another_process_holds_the_project_outlives_it(
    tmp_path: Path, see: Callable[[Path], object]
) -> None:
    """The process is killed, and nothing of the project is left."""
    project = undecided(tmp_path, losses(17))
    with FileLock(project / ".lock"):
        see(project)
        shutil.rmtree(project)
    other = undecided(tmp_path, losses(17), name="other")
    decide(other, "wrong")
    assert not claims(other, tmp_path / "b")


def test_who_looks_again_writes_nothing(tmp_path: Path, home: Path) -> None:
    project = undecided(tmp_path, losses(17))
    with FileLock(project / ".lock"):
        workflow.look(project)
        before = (home / "ledger.sqlite").read_bytes()
        workflow.look(project)
    workflow.scores(project)
    assert (home / "ledger.sqlite").read_bytes() == before


def test_a_project_of_an_earlier_version_counts_as_seen_once_it_is_opened(tmp_path: Path) -> None:
    earlier = undecided(tmp_path, losses(17))
    project = Project.open(earlier)
    project.settings.notes_views = False
    project.save()
    assert decide(earlier, "wrong").taken == "after"
    workflow.look(earlier)
    other = undecided(tmp_path, losses(17), name="other")
    decide(other, "wrong")
    assert not claims(other, tmp_path / "b")
    assert not claims(earlier, tmp_path / "c")


def test_a_release_by_an_earlier_version_counts_as_a_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That version noted no view, and showed what it released by."""
    earlier = undecided(tmp_path, losses(17))
    workflow.select_records(earlier, workflow.Everything())
    project = Project.open(earlier)
    with monkeypatch.context() as patched:
        patched.setattr("dataselect_gui.workflow.releasing.note_view", lambda *_arguments: None)
        decide(earlier, "wrong")
        release(earlier, tmp_path / "a")
    assert not project.was_shown
    other = undecided(tmp_path, losses(17), name="other")
    decide(other, "wrong")
    assert not claims(other, tmp_path / "b")


def test_a_project_that_was_seen_on_another_machine_claims_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = undecided(tmp_path, losses(17))
    workflow.look(project)
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "another"))
    decide(project, "wrong")
    assert not claims(project, tmp_path / "b")
    workflow.select_records(project, workflow.Everything())
    assert not claims(project, tmp_path / "c", **EVERY)


# Decisions


@pytest.mark.parametrize("last", ["wrong", "none"])
def test_of_two_projects_that_decide_otherwise_the_last_decides(tmp_path: Path, last: LeaveOut) -> None:
    """Whoever released whichever suits would have chosen after viewing."""
    first = undecided(tmp_path, losses(17), name="one")
    second = undecided(tmp_path, losses(17), name="two")
    decide(first, "none" if last == "wrong" else "wrong")
    decide(second, last)
    workflow.look(second)
    assert claims(second, tmp_path / "a", **(EVERY if last == "none" else {}))
    assert not claims(first, tmp_path / "b", **({} if last == "none" else EVERY))


def test_a_look_in_one_project_is_a_look_at_its_decision(tmp_path: Path) -> None:
    """The other decided later, and was not the one to be looked into."""
    first = undecided(tmp_path, losses(17), name="one")
    second = undecided(tmp_path, losses(17), name="two")
    decide(first, "wrong")
    decide(second, "none")
    workflow.look(first)
    assert claims(first, tmp_path / "a")
    assert not claims(second, tmp_path / "b", **EVERY)


def test_records_that_were_seen_elsewhere_make_a_decision_late_where_they_join(tmp_path: Path) -> None:
    undecided(tmp_path, losses(17))
    seen = undecided(tmp_path, losses(17), name="seen", seed=1)
    workflow.look(seen)
    mine, theirs = arrays_of(tmp_path / "r0.npz"), arrays_of(tmp_path / "r1.npz")
    joined = of_rows(tmp_path, mine, theirs, name="joined")
    decide(joined, "wrong")
    assert not claims(joined, tmp_path / "b")


def second_round(folder: Path, project: Path, *, has_calibration: bool = True) -> Path:
    """Give a project of two rounds the checkpoint of the second, with scores by it."""
    later = folder / "later"
    hugging_face_folder(later)
    write_safetensors(later / "model.safetensors", {"weight": (3, 5), "bias": (3,)})
    other = calibration(bird=0.4, cat=0.4, dog=0.4) if has_calibration else None
    write_json(later / "dataselect.json", {} if other is None else {"calibration": other})
    source = Path(Project.open(project).settings.source.path)
    made = scored_project(folder / "round.dataselect", source, later, losses(17))
    opened = Project.open(made)
    assert opened.settings.checkpoint.digest != Project.open(project).settings.checkpoint.digest
    with opened.exclusive():
        note_settled(opened, read_request(later))
        opened.save()
    return made


@pytest.mark.parametrize("leave_out", ["none", "wrong"])
def test_a_decision_holds_for_checkpoints_that_come_later(tmp_path: Path, leave_out: LeaveOut) -> None:
    first = undecided(tmp_path, losses(17))
    decide(first, leave_out)
    workflow.look(first)
    later = second_round(tmp_path, first)
    known = workflow.decision(later)
    assert known is not None
    assert (known.leave_out, known.taken) == (leave_out, "before")
    decide(later, leave_out)
    asked = EVERY if leave_out == "none" else {}
    assert claims(later, tmp_path / "b", **asked)
    other: LeaveOut = "wrong" if leave_out == "none" else "none"
    decide(later, other)
    assert not claims(later, tmp_path / "c", **({} if leave_out == "none" else EVERY))


def test_where_nothing_was_decided_nothing_holds_for_later_ones(tmp_path: Path) -> None:
    first = undecided(tmp_path, losses(17))
    workflow.look(first)
    later = second_round(tmp_path, first)
    assert workflow.decision(later) is None
    decide(later, "wrong")
    assert not claims(later, tmp_path / "b")


def test_a_count_that_was_decided_upon_can_be_drawn_for_a_later_checkpoint(tmp_path: Path) -> None:
    first = undecided(tmp_path, losses(17))
    decide(first, "count")
    workflow.look(first)
    later = second_round(tmp_path, first)
    assert decide(later, "count").answer == "wrong"


# Who is eligible


def test_a_part_of_the_records_that_was_chosen_after_a_view_is_late_in_a_new_project(
    tmp_path: Path,
) -> None:
    project = undecided(tmp_path, losses(17))
    workflow.look(project)
    part = of_rows(tmp_path, cut(arrays_of(tmp_path / "r0.npz"), slice(20)), name="part")
    workflow.select_records(part, workflow.Everything())
    assert not claims(part, tmp_path / "b", **EVERY)


def test_a_copy_of_a_record_that_is_withheld_after_a_view_is_late(tmp_path: Path) -> None:
    """Contents are the same before and after; the records are not."""
    undecided(tmp_path, losses(17))
    arrays = arrays_of(tmp_path / "r0.npz")
    twice = of_rows(tmp_path, arrays, cut(arrays, slice(1)), name="twice")
    decide(twice, "none")
    workflow.look(twice)
    assert claims(twice, tmp_path / "a", **EVERY)
    workflow.select_records(twice, None, withhold=ids_of(twice)[:1])
    assert not claims(twice, tmp_path / "b", **EVERY)


def test_records_that_nobody_saw_may_still_be_withheld(tmp_path: Path) -> None:
    undecided(tmp_path, losses(17))
    arrays = arrays_of(tmp_path / "r0.npz")
    first = of_rows(tmp_path, cut(arrays, slice(20)), name="first")
    decide(first, "none")
    workflow.look(first)
    grown = of_rows(tmp_path, arrays, name="grown")
    decide(grown, "none")
    workflow.select_records(grown, None, withhold=ids_of(grown)[30:])
    assert claims(grown, tmp_path / "a", **EVERY)
    workflow.look(grown)
    assert claims(grown, tmp_path / "b", **EVERY)
    workflow.select_records(grown, None, withhold=ids_of(grown)[25:])
    assert not claims(grown, tmp_path / "c", **EVERY)


def test_people_that_are_named_after_a_view_sway_no_count(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    with pytest.raises(RefusedError):
        workflow.decide(project, "count", SURE, replace(ANSWERS, budget="1"))
    workflow.look(project)
    other = undecided(tmp_path, losses(6), name="other", unit_column="patient")
    with pytest.raises(UsageError, match="cannot decide"):
        decide(other, "count")
    assert workflow.account(other).total_plain == 0


def test_a_moved_source_is_the_same(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(17))
    decide(project, "wrong")
    workflow.look(project)
    arrays = arrays_of(tmp_path / "r0.npz")
    turned = {key: values if key == "classes" else values[::-1] for key, values in arrays.items()}
    moved = of_rows(tmp_path, turned, name="moved")
    decide(moved, "wrong")
    assert claims(moved, tmp_path / "b")
    assert standing_now(Project.open(moved)).is_noted


def test_tokens_are_told_though_a_count_was_drawn(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(17))
    decide(project, "count")
    done = release(project, tmp_path / "b", budget="100")
    assert done.release is not None
    assert workflow.tokens(project, done.release)
    counts = [entry for entry in workflow.account(project).entries if entry.decides]
    with pytest.raises(UsageError, match="no tokens"):
        workflow.tokens(project, str(counts[0].release))
