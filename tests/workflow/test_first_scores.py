"""A look at the first scores of a run claims no more and no less than one at its end."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import LeaveOut
from dataselect_gui.workflow import FirstScores, JobContext, Phase, Progress
from dataselect_gui.workflow.viewing import standing_now
from tests.decisions import calibration, losses, undecided
from tests.helpers import write_json
from tests.models import save_series, stir, tiny_resnet
from tests.projects import owner_records
from tests.releases import release

COUNT = 2_000

pytestmark = pytest.mark.usefixtures("home")


class Watcher:
    """Looks at the first scores of a run once, as soon as there are some."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.seen: FirstScores | None = None

    def __call__(self, step: Progress) -> None:
        if step.phase is Phase.SCORING and step.done and self.seen is None:
            seen = workflow.scores_so_far(self.project)
            self.seen = seen if seen.values else None


def scored(
    folder: Path, leave_out: LeaveOut, watch: Callable[[Path], Callable[[Progress], None]] | None
) -> Path:
    """Score records of a consortium with a calibration, perhaps watched."""
    folder.mkdir()
    consortium = save_series(folder / "series", [stir(tiny_resnet(), seed) for seed in range(2)])
    write_json(consortium / "dataselect.json", {"calibration": calibration()})
    project = folder / "p.dataselect"
    context = JobContext() if watch is None else JobContext(watch(project))
    records = owner_records(folder / "records.npz", COUNT)
    workflow.score(
        records,
        consortium,
        context,
        names=["loss", "plis"],
        project_path=project,
        batch_size=8,
        leave_out=leave_out,
    )
    return project


@pytest.mark.parametrize("leave_out", ["none", "wrong"])
def test_who_looks_during_the_run_claims_as_who_looks_after_it(
    tmp_path: Path, leave_out: LeaveOut
) -> None:
    watchers: list[Watcher] = []

    def watch(project: Path) -> Watcher:
        watchers.append(Watcher(project))
        return watchers[0]

    watched = scored(tmp_path / "watched", leave_out, watch)
    seen = watchers[0].seen
    assert seen is not None
    assert seen.records == COUNT
    assert 0 < len(seen.values["loss"]) < COUNT
    assert Project.open(watched).is_view_noted
    unwatched = scored(tmp_path / "unwatched", leave_out, None)
    for project in (watched, unwatched):
        workflow.look(project)
        decision = workflow.decision(project)
        assert decision is not None
        assert (decision.leave_out, decision.taken, decision.is_changed) == (leave_out, "before", False)
        standing = standing_now(Project.open(project))
        assert standing.was_shown
        assert not standing.are_marks_late
        assert len(standing.before) == 1
    rules = [Project.open(project).settings.rule for project in (watched, unwatched)]
    assert rules[0] == rules[1]
    assert rules[0] is not None


def test_a_decision_that_is_changed_after_such_a_look_is_late(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(17))
    workflow.decide(project, "none", None, workflow.CountAnswers())
    seen = workflow.scores_so_far(project)
    assert seen.values["loss"].tolist() == sorted(losses(17))
    changed = workflow.decide(project, "wrong", None, workflow.CountAnswers())
    assert changed is not None
    assert (changed.leave_out, changed.is_changed) == ("none", True)
    assert release(project, tmp_path / "bundle", budget="10", in_training="no").conditional


def test_without_a_look_it_may_still_be_changed(tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(17))
    workflow.decide(project, "none", None, workflow.CountAnswers())
    changed = workflow.decide(project, "wrong", None, workflow.CountAnswers())
    assert changed is not None
    assert (changed.leave_out, changed.is_changed) == ("wrong", False)
    assert not release(project, tmp_path / "bundle", budget="10", in_training="no").conditional


def test_where_there_is_no_score_yet_nothing_is_noted(tmp_path: Path) -> None:
    project = undecided(tmp_path, [float("nan")] * 40)
    assert workflow.scores_so_far(project).values == {}
    assert not Project.open(project).was_shown


def test_where_the_view_cannot_be_noted_no_score_is_shown(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del home
    project = undecided(tmp_path, losses(3))

    def refuse(*_: object) -> None:
        raise UnusableError("No.", "No.", "No.")

    monkeypatch.setattr("dataselect_gui.workflow.first_scores.note_view", refuse)
    with pytest.raises(UnusableError):
        workflow.scores_so_far(project)
