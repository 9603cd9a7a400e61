import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from PySide6.QtCore import Qt, QThread
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import WorkerDiedError
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import StoredCheckpoint, StoredSource
from dataselect_gui.records.source import SourceRef
from dataselect_gui.window import settings
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import JobContext, JobKind, Phase, Progress
from tests.processes import workers_of
from tests.projects import consortium, owner_records, scored_project
from tests.window.steps import give, notice_of, place, settle

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child in /proc")
KEPT = r"(The scores of \d+ of 400 records are kept|No record is fully scored yet)\."
COUNT = 400


@pytest.fixture
def ready(window: MainWindow, qtbot: QtBot, tmp_path: Path, real_series: Path) -> MainWindow:
    """A window that was given records and a checkpoint."""
    give(qtbot, window, owner_records(tmp_path / "records.npz", COUNT), real_series)
    assert place(window) == "setup"
    return window


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "records.dataselect"


def wait_for_worker(qtbot: QtBot) -> int:
    qtbot.waitUntil(lambda: any(True for _ in workers_of(os.getpid())), timeout=20_000)
    return next(workers_of(os.getpid()))


def test_a_killed_worker_leaves_the_window_and_a_way_on(
    ready: MainWindow, qtbot: QtBot, folder: Path
) -> None:
    ready.setup.score.click()
    assert ready.jobs.running
    assert ready.setup.stop.isVisible()
    os.kill(wait_for_worker(qtbot), signal.SIGKILL)
    settle(qtbot, ready)
    assert re.fullmatch(rf"Scoring stopped unexpectedly\. {KEPT}", notice_of(ready).what)
    assert notice_of(ready).why == "The system ended its process, most likely because memory ran out."
    details = ready.notice.button("Details")
    details.click()
    assert str(folder.parent / "records.npz") in notice_of(ready).details
    assert ready.setup.score.text() == "Continue"
    ready.notice.button("Continue").click()
    settle(qtbot, ready)
    assert place(ready) == "explore"
    assert workflow.look(folder).is_finished
    assert ready.setup.score.text() == "Score again"
    assert not ready.notice.isVisible()


def test_scoring_can_be_stopped_and_gone_on_with(ready: MainWindow, qtbot: QtBot, folder: Path) -> None:
    ready.setup.score.click()
    ready.setup.stop.click()
    settle(qtbot, ready)
    assert place(ready) == "setup"
    assert re.match(rf"Scoring was stopped\. {KEPT}", ready.setup.status.text())
    assert ready.setup.score.text() == "Continue"
    qtbot.mouseClick(ready.header.home, Qt.MouseButton.LeftButton)  # type: ignore[no-untyped-call]
    assert settings.load().recent == {str(folder): "records"}, "written before the program ends"
    qtbot.wait(20)  # The list is built anew, and its earlier buttons are deleted in the event loop.
    (known,) = [each for each in ready.start.findChildren(QPushButton) if each.text() == "records"]
    qtbot.mouseClick(known, Qt.MouseButton.LeftButton)  # type: ignore[no-untyped-call]
    assert notice_of(ready).what.startswith("Scoring is not finished.")
    ready.setup.score.click()
    settle(qtbot, ready)
    assert place(ready) == "explore"
    assert workflow.look(folder).is_finished


def test_the_progress_is_in_sight_in_a_small_window(ready: MainWindow, qtbot: QtBot) -> None:
    ready.resize(640, 400)
    qtbot.wait(1)
    setup = ready.setup
    setup.verticalScrollBar().setValue(0)
    assert setup.score.visibleRegion().isEmpty(), "it has to be scrolled to"
    ready.preparation.score()
    qtbot.waitUntil(lambda: setup.status.visibleRegion().boundingRect() == setup.status.rect())
    assert setup.stop.visibleRegion().boundingRect() == setup.stop.rect()
    assert setup.stop.hasFocus()
    setup.stop.click()
    settle(qtbot, ready)


def test_scoring_goes_on_after_a_restart(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, real_series: Path, folder: Path
) -> None:
    """The project is left as it is where the program was killed before the last rows."""
    scored_project(folder, owner_records(tmp_path / "records.npz", COUNT), real_series)
    column = Project.open(folder).table.column("loss")
    column.done[-100:] = 0
    window.open_project(folder)
    assert notice_of(window).what == (
        "Scoring is not finished. The scores of 300 of 400 records are kept."
    )
    assert not window.actions_by_key["release"].isEnabled()
    window.notice.button("Continue").click()
    settle(qtbot, window)
    assert not window.notice.isVisible()
    assert workflow.look(folder).is_finished
    assert window.actions_by_key["release"].isEnabled()


def test_scoring_that_read_nothing_goes_on_after_a_restart(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    folder: Path,
    made_up: list[dict[str, Any]],
) -> None:
    records, model = owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium")
    source = StoredSource.of(SourceRef(records, unit_column="patient"), "arrays")
    digest = find_checkpoint(model).digest()
    Project.create(folder, source, StoredCheckpoint(str(model), digest))
    give(qtbot, window, folder)
    assert place(window) == "setup"
    assert notice_of(window).what == "Scoring is not finished. No record is fully scored yet."
    assert not window.actions_by_key["ledger"].isEnabled()
    shutil.rmtree(folder)  # Scoring is made up here, into a new project.
    window.notice.button("Continue").click()
    settle(qtbot, window)
    assert place(window) == "explore"
    assert made_up[0]["unit_column"] == "patient"
    assert made_up[0]["project_path"] == folder


def test_another_project_that_is_looked_at_stays(
    window: MainWindow,
    qtbot: QtBot,
    project: Path,
    tmp_path: Path,
    made_up: list[dict[str, Any]],
) -> None:
    give(qtbot, window, owner_records(tmp_path / "others.npz", seed=3), tmp_path / "consortium")
    window.setup.score.click()
    window.open_project(project)
    settle(qtbot, window)
    assert len(made_up) == 1
    assert notice_of(window).what == "Scoring is done."
    assert window.state.look is not None
    assert window.state.look.folder == project
    window.notice.button("Show it").click()
    assert window.state.look.folder == tmp_path / "others.dataselect"


def test_what_was_interrupted_goes_on_though_another_project_is_open(
    window: MainWindow,
    qtbot: QtBot,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Path] = []

    def dies(source: Path, *_: object, **_options: object) -> None:
        asked.append(source)
        raise WorkerDiedError("Scoring stopped unexpectedly. 8 scores are kept.", "Why.", "Do.")

    monkeypatch.setattr(workflow, "score", dies)
    records = owner_records(tmp_path / "others.npz", seed=3)
    give(qtbot, window, records, tmp_path / "consortium")
    window.setup.score.click()
    window.open_project(project)
    settle(qtbot, window)
    assert str(records) in notice_of(window).details
    window.notice.button("Continue").click()
    settle(qtbot, window)
    assert asked == [records, records]


# Closing


def test_closing_while_scoring_asks_nothing_and_loses_nothing(
    ready: MainWindow, qtbot: QtBot, folder: Path
) -> None:
    ready.setup.score.click()
    wait_for_worker(qtbot)
    begun = time.monotonic()
    ready.close()
    assert not ready.isVisible()
    assert time.monotonic() - begun < 10
    assert not ready.has_threads
    assert not list(workers_of(os.getpid()))
    workflow.look(folder)  # It can be opened.


def test_a_job_that_does_not_listen_is_ended(qtbot: QtBot) -> None:
    """A worker that is stuck in one batch is killed; what it had marked as done stays."""
    heard: list[str] = []

    def stubborn(context: JobContext) -> None:
        while not context.stop.is_urgent:
            time.sleep(0.01)
        heard.append("told")
        raise WorkerDiedError("", "", "")

    jobs = Jobs()
    jobs.start(JobKind.RELEASE, stubborn, lambda _: None, lambda _: heard.append("failed"))
    begun = time.monotonic()
    jobs.close(200)
    assert 0.2 <= time.monotonic() - begun < 2
    assert heard == ["told"]
    assert not jobs.running
    qtbot.wait(10)
    assert heard == ["told"], "a late end landed"


@pytest.fixture
def hung(qtbot: QtBot) -> Iterator[Callable[[JobContext], None]]:
    """A job that hangs until its test has ended, as on a disk that does not answer."""
    ended: list[bool] = []

    def hangs(_context: JobContext) -> None:
        while not ended:
            time.sleep(0.01)

    yield hangs
    ended.append(True)
    qtbot.wait(50)


def test_a_job_that_hangs_does_not_hold_the_window(
    hung: Callable[[JobContext], None], qtbot: QtBot
) -> None:
    jobs = Jobs()
    jobs.start(JobKind.RELEASE, hung, lambda _: None, lambda _: None)
    begun = time.monotonic()
    jobs.close(100)
    assert time.monotonic() - begun < 2
    assert jobs.running
    thread = jobs.findChild(QThread)
    assert thread is not None
    thread.setParent(None)
    del qtbot


def test_a_release_is_ended_only_where_it_has_to_be(project: Path) -> None:
    from dataselect_gui.errors import InterruptedByPersonError
    from dataselect_gui.window.release.jobs import Releasing

    workflow.select_records(project, workflow.make_rule("loss", threshold="0"))
    bundle = project.with_name("bundle")
    asked = workflow.ReleaseRequest(to=bundle, epsilon="4", in_training="no", budget="4")

    def told_to_leave(step: Progress) -> None:
        if step.phase is Phase.WRITING_BUNDLE:
            context.stop.insist()

    context = JobContext(told_to_leave)
    context.stop.request()
    with pytest.raises(InterruptedByPersonError, match="was not finished"):
        Releasing(project, asked)(context)
    assert not bundle.exists()
    done = Releasing(project, asked)(JobContext())
    assert done.released.repeated
    assert all(check.ok for check in done.checks)
    assert [entry.kind for entry in workflow.ledger(project)[0].entries].count("reserved") == 1


# Two at once


def test_a_project_in_use_can_be_looked_at_and_is_told(window: MainWindow, project: Path) -> None:
    with FileLock(project / ".lock"):  # As another process holds it while it scores.
        begun = time.monotonic()
        window.open_project(project)
        assert place(window) == "explore"
        assert window.state.rule is None
        window.state.set_current(3)
        window.actions_by_key["withhold"].trigger()
        assert time.monotonic() - begun < 5
    assert notice_of(window).what == "The project “p.dataselect” is in use."
    assert window.state.eligible.all()
    window.actions_by_key["withhold"].trigger()
    assert not window.state.eligible[3]


def test_two_windows_on_one_project_end_in_a_sentence(
    window: MainWindow, qtbot: QtBot, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataselect_gui.project.project.LOCK_SECONDS", 0.2)
    window.open_project(project)
    with FileLock(project / ".lock"):
        window.preparation.score()
        settle(qtbot, window)
    assert notice_of(window).what == "The project “p.dataselect” is in use."
    assert notice_of(window).do == "Wait until it has finished, or stop it."
