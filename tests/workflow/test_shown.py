"""Whatever tells of scores counts as showing them, and is noted before it tells."""

import errno
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from filelock import FileLock

from dataselect_gui import workflow
from dataselect_gui.errors import RefusedError, UnusableError, UsageError
from dataselect_gui.project.project import Project
from dataselect_gui.release.sizes import NAMED
from dataselect_gui.workflow import LeaveOut, ReleaseRequest
from dataselect_gui.workflow.viewing import standing_now
from tests.decisions import ANSWERS, EVERY, SURE, decide, losses, undecided
from tests.releases import document_of, release, silent
from tests.workflow.test_queries import state_of

pytestmark = pytest.mark.usefixtures("home")

EXACT = {
    "epsilon": None,
    "budget": None,
    "mechanism": "exact",
    "acknowledge_exact": True,
    "reason": "agreed",
}


def is_shown(project: Path) -> bool:
    return Project.open(project).was_shown


def foreseen(project: Path, to: Path, **asked: object) -> workflow.Preview:
    preview = release(project, to, dry_run=True, **asked).preview
    assert preview is not None
    return preview


# A dry run


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"kind": "offers"},
        {"mechanism": "randomized-response"},
        {"kind": "report", "passing": True, "by_class": True},
    ],
)
def test_a_dry_run_tells_no_number_of_scores_that_nobody_saw(
    tmp_path: Path, asked: dict[str, object]
) -> None:
    """What two projects tell whose rule picks other numbers of records is the same."""
    seen = []
    for wrong in (3, 17):
        folder = tmp_path / str(wrong)
        project = undecided(folder, losses(wrong))
        decide(project, "wrong")
        before = state_of(tmp_path)
        preview = foreseen(project, folder / "b", **asked)
        assert state_of(tmp_path) == before
        assert preview.usefulness is None
        assert not is_shown(project)
        seen.append(preview)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("leave_out", ["none", "wrong"])
def test_once_scores_were_shown_a_dry_run_tells_all(tmp_path: Path, leave_out: LeaveOut) -> None:
    """The control: 23 of 40 pass, and 40 of 40 by no rule, of which no score need be shown."""
    project = undecided(tmp_path, losses(17))
    decide(project, leave_out)
    if leave_out == "none":
        assert foreseen(project, tmp_path / "b", **EVERY).usefulness == []
        return
    workflow.scores(project)
    lines = foreseen(project, tmp_path / "b").usefulness
    assert lines is not None
    assert lines[0]["random"] == pytest.approx(23 / 40)
    passing = foreseen(project, tmp_path / "b", kind="report", passing=True).usefulness
    assert passing is not None
    assert passing[0]["against"] == 23


def test_a_release_that_is_too_large_is_not_refused_by_a_dry_run_of_unseen_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many leave without noise would be told by whether it is refused."""
    monkeypatch.setattr("dataselect_gui.release.limits.MOST_DRAW", 30 * NAMED)
    few, many = (undecided(tmp_path / str(wrong), losses(wrong)) for wrong in (20, 5))
    for project in (few, many):
        decide(project, "wrong")
        foreseen(project, tmp_path / "b", **EXACT)
    release(few, tmp_path / "few", **EXACT)
    with pytest.raises(UnusableError, match="larger than"):
        release(many, tmp_path / "many", **EXACT)
    assert is_shown(many)


# A release


@pytest.mark.parametrize("asked", [EXACT, {}, {"kind": "report", "passing": True}])
def test_a_release_by_scores_shows_them(tmp_path: Path, asked: dict[str, object]) -> None:
    project = undecided(tmp_path, losses(17))
    decide(project, "wrong")
    release(project, tmp_path / "b", **asked)
    assert is_shown(project)
    assert decide(project, "none").is_changed
    workflow.select_records(project, None, withhold=Project.open(project).table.index.ids[:1])
    done = release(project, tmp_path / "c", **EVERY)
    assert done.conditional
    origin = document_of(tmp_path / "c")["parameters"]["withheld"]["from"]
    assert origin == "changed after a score was shown"


def test_a_release_of_everything_shows_none(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(17))
    decide(project, "none")
    done = release(project, tmp_path / "b", **EVERY)
    assert not is_shown(project)
    assert done.release is not None
    assert len(workflow.tokens(project, done.release)) == 40
    assert not is_shown(project)


def test_a_release_that_the_budget_refuses_shows_none(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(17))
    decide(project, "wrong")
    with pytest.raises(RefusedError):
        release(project, tmp_path / "b", budget="0.5")
    assert not is_shown(project)
    assert decide(project, "none").taken == "before"


def test_tokens_of_a_release_by_scores_show_them_in_a_copy_of_its_project(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(17))
    decide(project, "wrong")
    copy = Path(shutil.copytree(project, tmp_path / "copy.dataselect"))
    done = release(project, tmp_path / "b", **EXACT)
    assert done.release is not None
    assert not is_shown(copy)
    assert len(workflow.tokens(copy, done.release)) == 23
    assert is_shown(copy)
    assert decide(copy, "none").is_changed


# While another process holds the project


@pytest.mark.parametrize("see", [workflow.scores, workflow.look])
def test_what_is_shown_while_the_project_is_in_use_counts(
    tmp_path: Path, see: Callable[[Path], object]
) -> None:
    project = undecided(tmp_path, losses(17))
    with FileLock(project / ".lock"):
        see(project)
    assert decide(project, "wrong").taken == "after"
    assert release(project, tmp_path / "b").conditional


def test_marks_that_are_made_after_such_a_look_are_late(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(17))
    ids = Project.open(project).table.index.ids
    decide(project, "none")
    workflow.select_records(project, None, withhold=ids[:2])
    with FileLock(project / ".lock"):
        workflow.scores(project)
    assert not release(project, tmp_path / "a", **EVERY).conditional
    workflow.select_records(project, None, withhold=ids[2:3])
    assert release(project, tmp_path / "b", **EVERY).conditional


def test_who_holds_the_project_meanwhile_does_not_undo_that(tmp_path: Path) -> None:
    path = undecided(tmp_path, losses(17))
    project = Project.open(path)
    with project.exclusive():
        workflow.scores(path)
        project.save()
    assert is_shown(path)
    assert decide(path, "wrong").taken == "after"


@pytest.mark.parametrize("see", [workflow.scores, workflow.look])
def test_nothing_is_shown_where_that_cannot_be_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, see: Callable[[Path], object]
) -> None:
    def refused(*_arguments: object) -> NoReturn:
        raise OSError(errno.EROFS, "Read-only file system")

    project = undecided(tmp_path, losses(17))
    with monkeypatch.context() as patched:
        patched.setattr("dataselect_gui.project.files.replacing", refused)
        with pytest.raises(UnusableError, match="cannot be written"):
            see(project)
        assert not is_shown(project)
    see(project)
    monkeypatch.setattr("dataselect_gui.project.files.replacing", refused)
    see(project)  # It was noted.


def test_a_project_that_takes_over_from_one_that_was_shown_was_shown(tmp_path: Path) -> None:
    from dataselect_gui.workflow.marks import take_over

    earlier = undecided(tmp_path, losses(17))
    workflow.scores(earlier)
    new = undecided(tmp_path, losses(17), name="new")
    take_over(Project.open(new), Project.open(earlier))
    assert standing_now(Project.open(new)).is_noted


def test_a_deleted_project_leaves_no_trace_of_a_look(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(17))
    workflow.scores(project)
    assert workflow.delete(project)
    assert not project.exists()


# A count that waits


def waiting(folder: Path) -> Path:
    """Return a project in which a count was decided upon, and scores were shown."""
    project = undecided(folder, losses(6))
    with pytest.raises(RefusedError):
        workflow.decide(project, "count", SURE, replace(ANSWERS, budget="1"))
    workflow.scores(project)
    return project


def test_a_count_is_not_drawn_once_who_is_eligible_was_changed_after_a_look(tmp_path: Path) -> None:
    """6 of 40 are below the cut of 8; without 20 clean ones, 6 of 20 are above that of 4."""
    project = waiting(tmp_path)
    clean = Project.open(project).table.index.ids[10:30]
    workflow.select_records(project, None, withhold=clean)
    with pytest.raises(UsageError, match="cannot decide") as refused:
        decide(project, "count", SURE)
    assert "may leave" in refused.value.why
    assert workflow.account(project).total_plain == 0
    decision = workflow.decision(project)
    assert decision is not None
    assert decision.is_waiting
    workflow.select_records(project, None, restore=clean)
    assert decide(project, "count", SURE).answer == "none"


def test_after_a_look_nobody_chooses_how_many_records_of_a_person_are_counted(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6), unit_column="patient")
    with pytest.raises(RefusedError):
        workflow.decide(project, "count", SURE, replace(ANSWERS, budget="1"))
    workflow.scores(project)
    with pytest.raises(UsageError, match="2 records of a person"):
        workflow.decide(project, "count", SURE, replace(ANSWERS, max_contributions=2))
    assert workflow.account(project).total_plain == 0
    assert decide(project, "count", SURE).answer is not None


def test_before_a_look_it_may_be_chosen(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6), unit_column="patient")
    answers = replace(ANSWERS, max_contributions=2)
    decision = workflow.decide(project, "count", SURE, answers)
    assert decision is not None
    assert decision.answer is not None


def test_a_count_that_was_drawn_keeps_its_answer_whoever_is_eligible(tmp_path: Path) -> None:
    project = waiting(tmp_path)
    assert decide(project, "count", SURE).answer == "none"
    clean = Project.open(project).table.index.ids[10:30]
    workflow.select_records(project, None, withhold=clean)
    assert decide(project, "count", SURE).answer == "none"


def test_what_is_withheld_before_a_look_is_not_counted(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    workflow.select_records(project, None, withhold=Project.open(project).table.index.ids[10:30])
    assert decide(project, "count", SURE).answer == "wrong"


# In words


def test_a_decision_says_where_no_score_was_shown(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    assert "on this machine" in " ".join(workflow.decision_sentences(decide(project, "none")))


def test_the_window_asks_the_same(tmp_path: Path) -> None:
    """A preview for the window tells no more than a dry run."""
    project = undecided(tmp_path, losses(17))
    decide(project, "wrong")
    asked = ReleaseRequest(to=tmp_path / "b", epsilon="1", in_training="no", budget="4")
    preview = workflow.preview(project, asked, silent).preview
    assert preview is not None
    assert preview.usefulness is None
    workflow.look(project)
    preview = workflow.preview(project, asked, silent).preview
    assert preview is not None
    assert preview.usefulness
