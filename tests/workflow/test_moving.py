"""A project whose records or checkpoint lie elsewhere now.

The terminal's way and the window's go through one check, so every test walks both.
"""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import InterruptedByPersonError, UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import StoredCheckpoint, StoredSource
from dataselect_gui.workflow import Progress
from tests.helpers import image_folder
from tests.projects import answered, owner_records, scored_project

Way = Callable[[Path, Path, Path], None]
NAMES = [f"{kind}/{number}.png" for kind in ("bird", "cat", "dog") for number in range(3)]
SHARED_ROOMS = (
    "project/*.py",
    "worker/*.py",
    "workflow/demo.py",
    "workflow/inspecting.py",
    "workflow/looking.py",
    "workflow/moving.py",
    "workflow/scoring.py",
    "workflow/selecting.py",
    "workflow/switching.py",
    "workflow/training_answer.py",
)


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return image_folder(tmp_path / "scans", NAMES)


@pytest.fixture
def project(tmp_path: Path, records: Path, checkpoint: Path) -> Path:
    return scored_project(tmp_path / "p.dataselect", records, checkpoint)


def score_again(project: Path, records: Path, checkpoint: Path) -> None:
    """As ``dataselect score RECORDS --checkpoint CHECKPOINT --project PROJECT`` does."""
    workflow.score(records, checkpoint, JobContext(), names=["loss"], project_path=project)


def find_both(project: Path, records: Path, checkpoint: Path) -> None:
    """As the window does, when both are shown to it."""
    for path in (records, checkpoint):
        workflow.find_again(project, path, JobContext())


both_ways = pytest.mark.parametrize("way", [score_again, find_both])


def settings(project: Path) -> bytes:
    return (project / "project.json").read_bytes()


@both_ways
def test_moved_records_and_a_moved_checkpoint_are_accepted(
    way: Way, project: Path, records: Path, checkpoint: Path
) -> None:
    before = workflow.scores(answered(project))  # Nothing is left to compute.
    moved, elsewhere = records.rename(records.with_name("archive")), checkpoint.with_name("downloads")
    checkpoint.rename(elsewhere)
    way(project, moved, elsewhere)
    look = workflow.look(project)
    assert (look.source, look.checkpoint) == (moved, elsewhere)
    assert workflow.scores(project) == before


@both_ways
@pytest.mark.parametrize("wrong", ["missing", "changed", "exchanged"])
def test_other_records_are_refused_and_nothing_changes(
    way: Way, wrong: str, project: Path, records: Path, checkpoint: Path
) -> None:
    other = shutil.copytree(records, records.with_name("other"))
    if wrong == "missing":
        (other / NAMES[4]).unlink()
    elif wrong == "changed":
        (other / NAMES[4]).write_bytes((other / NAMES[5]).read_bytes())
    else:
        (other / NAMES[4]).rename(other / "kept")
        (other / NAMES[5]).rename(other / NAMES[4])
        (other / "kept").rename(other / NAMES[5])
    before = settings(project)
    with pytest.raises(UnusableError, match="“other” is not the source of this project") as refused:
        way(project, other, checkpoint)
    count = 2 if wrong == "exchanged" else 1
    verb = "is" if count == 1 else "are"
    assert refused.value.why.startswith(f"Of the 9 records that were scored, {count} {verb} missing")
    assert settings(project) == before


def test_another_checkpoint_is_refused_and_nothing_changes(
    project: Path, records: Path, checkpoint: Path
) -> None:
    """Whoever looks for a checkpoint means the project's; see ``test_switching.py`` for another."""
    other = shutil.copytree(checkpoint, checkpoint.with_name("other"))
    (other / "config.json").write_text((other / "config.json").read_text() + " ")
    before = settings(project)
    with pytest.raises(UnusableError, match="another checkpoint"):
        find_both(project, records, other)
    assert settings(project) == before


def test_refused_records_leave_the_checkpoint_and_the_columns_as_they_were(
    project: Path, checkpoint: Path, tmp_path: Path
) -> None:
    """The terminal gives all at once: what is refused must not be taken in part."""
    elsewhere = shutil.copytree(checkpoint, checkpoint.with_name("downloads"))
    strangers = owner_records(tmp_path / "records.npz")
    before = settings(project)
    with pytest.raises(UnusableError, match="not the source"):
        workflow.score(
            strangers,
            elsewhere,
            JobContext(),
            names=["loss"],
            project_path=project,
            unit_column="patient",
        )
    assert settings(project) == before


@both_ways
def test_new_records_beside_the_scored_ones_are_welcome(
    way: Way, project: Path, records: Path, checkpoint: Path
) -> None:
    moved = records.rename(records.with_name("archive"))
    image_folder(moved, ["bird/new.txt.png"])
    if way is score_again:  # Its new record would need the model.
        workflow.score(moved, checkpoint, JobContext(), names=["random"], project_path=project)
    else:
        way(project, moved, checkpoint)
    assert workflow.look(project).source == moved


@both_ways
def test_what_could_not_be_read_then_may_be_readable_now(
    way: Way, project: Path, records: Path, checkpoint: Path
) -> None:
    content = project / "table-1" / "content.npy"
    hashes = np.load(content)
    hashes[4] = 0
    np.save(content, hashes)
    moved = records.rename(records.with_name("archive"))
    if way is score_again:
        workflow.score(moved, checkpoint, JobContext(), names=["random"], project_path=project)
    else:
        way(project, moved, checkpoint)
    assert workflow.look(project).source == moved


def test_a_project_that_read_nothing_takes_what_it_is_shown(
    tmp_path: Path, records: Path, checkpoint: Path
) -> None:
    source = StoredSource("/nowhere", "images", None, None)
    project = Project.create(tmp_path / "p.dataselect", source, StoredCheckpoint("/nowhere", "0"))
    assert workflow.find_again(project.folder, records, JobContext()) == "records"
    assert workflow.find_again(project.folder, checkpoint, JobContext()) == "checkpoint"
    look = workflow.look(project.folder)
    assert (look.source, look.checkpoint) == (records, checkpoint)
    assert not look.is_finished


@pytest.mark.parametrize("name", ["nothing here", "notes.txt", "model.pth"])
def test_what_is_neither_is_told(project: Path, tmp_path: Path, name: str) -> None:
    if "." in name:
        (tmp_path / name).write_bytes(b"words")
    before = settings(project)
    with pytest.raises(UnusableError) as refused:
        workflow.find_again(project, tmp_path / name, JobContext())
    assert name in refused.value.what
    assert settings(project) == before


def test_comparing_tells_its_progress_and_can_be_stopped(
    project: Path, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataselect_gui.jobs.context.REPORT_SECONDS", 0)
    moved = records.rename(records.with_name("archive"))
    before = settings(project)
    steps: list[Progress] = []

    def report(step: Progress) -> None:
        steps.append(step)
        if step.done == 3:
            context.stop.request()

    context = JobContext(report)
    with pytest.raises(InterruptedByPersonError):
        workflow.find_again(project, moved, context)
    assert [(step.done, step.total) for step in steps] == [(0, 9), (1, 9), (2, 9), (3, 9)]
    assert settings(project) == before


def test_looking_at_records_can_be_stopped(records: Path) -> None:
    context = JobContext()
    context.stop.request()
    with pytest.raises(InterruptedByPersonError):
        workflow.inspect(records, None, context)


# What is shown of a record


def test_a_picture_is_of_what_was_scored_or_it_is_stale(project: Path, records: Path) -> None:
    pictures = workflow.Pictures(workflow.look(project))
    assert np.shape(pictures.picture(4)) == (6, 8, 3)
    (records / NAMES[4]).write_bytes((records / NAMES[5]).read_bytes())
    with pytest.raises(workflow.ChangedRecordError, match="changed since it was scored"):
        pictures.picture(4)
    (records / NAMES[4]).unlink()
    with pytest.raises(workflow.ChangedRecordError, match="no longer there"):
        pictures.picture(4)
    with pytest.raises(workflow.ChangedRecordError, match="no longer in the source"):
        workflow.Pictures(workflow.look(project)).picture(4)
    assert np.shape(pictures.picture(5)) == (6, 8, 3)


def test_a_record_that_can_be_read_only_now_is_not_what_was_scored(
    project: Path, records: Path
) -> None:
    look = workflow.look(project)
    content = look.content.copy()
    content[4] = 0
    pictures = workflow.Pictures(replace(look, content=content))
    with pytest.raises(workflow.ChangedRecordError, match="can be now"):
        pictures.picture(4)
    (records / NAMES[4]).unlink()
    with pytest.raises(workflow.UnreadableRecordError) as as_before:
        pictures.picture(4)
    assert not isinstance(as_before.value, workflow.ChangedRecordError)


# What an error says


def test_errors_of_rooms_that_the_window_shares_name_no_flags_of_the_terminal() -> None:
    package = Path(workflow.__file__).parents[1]
    named = [
        f"{path.name}: {flag}"
        for pattern in SHARED_ROOMS
        for path in package.glob(pattern)
        for flag in re.findall(r"--[a-z][a-z-]*|“dataselect [a-z]+", path.read_text("utf-8"))
    ]
    assert named == ["handle.py: --worker"], "only the worker's own flag, which nobody is told"
