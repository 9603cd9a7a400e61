"""What is given while something runs neither ends it nor replaces what it makes."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.project.project import Project
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import Phase, Progress
from tests.projects import consortium, owner_records
from tests.window.release.steps import click
from tests.window.setup.steps import shown_text
from tests.window.steps import give, give_at_once, notice_of, place, settle


@pytest.fixture
def gate(made_up: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Have scoring wait until it is let go, or the window closes."""
    del made_up
    scores, opened = workflow.score, threading.Event()

    def waits(
        records: Path,
        checkpoint: Path,
        context: workflow.JobContext,
        **options: Any,  # noqa: ANN401
    ) -> workflow.Scored:
        while not (opened.wait(0.01) or context.stop.is_urgent):
            pass
        return scores(records, checkpoint, context, **options)

    monkeypatch.setattr(workflow, "score", waits)
    yield opened
    opened.set()


def test_what_is_refused_leaves_the_trial_running(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials: list[Path] = []

    def lasts(checkpoint: Path, _records: Path, context: workflow.JobContext) -> None:
        trials.append(checkpoint)
        while not context.stop.requested:
            time.sleep(0.01)
        raise InterruptedByPersonError("Not tried to the end.", "You stopped it.", "You may score.")

    monkeypatch.setattr(workflow, "preflight", lasts)
    give_at_once(window, owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium"))
    qtbot.waitUntil(lambda: "You need not wait" in shown_text(window), timeout=10_000)
    (tmp_path / "notes.txt").write_text("dear")
    give_at_once(window, tmp_path / "notes.txt")
    qtbot.waitUntil(window.notice.isVisible, timeout=10_000)
    assert "“notes.txt”" in notice_of(window).what
    qtbot.waitUntil(lambda: len(trials) == 2)
    assert "You need not wait" in shown_text(window)
    assert window.setup.score.isEnabled()


def test_what_is_given_while_scoring_waits_until_the_person_asks_for_it(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, gate: threading.Event
) -> None:
    give(qtbot, window, owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium"))
    click(qtbot, window.setup.score)
    give_at_once(window, owner_records(tmp_path / "others.npz", seed=5))
    assert notice_of(window).what == "What you chose waits until scoring has ended."
    assert window.footer.counts.toolTip() == "The records are being scored."
    gate.set()
    settle(qtbot, window)
    assert place(window) == "explore"
    assert window.state.look is not None
    assert window.state.look.folder == tmp_path / "records.dataselect"
    assert notice_of(window).what == "You chose others.npz while this was running."
    click(qtbot, window.notice.button("Open it"))
    settle(qtbot, window)
    settle(qtbot, window)
    assert place(window) == "setup"
    assert window.state.inputs.records == tmp_path / "others.npz"


def test_a_job_says_at_once_that_it_stops_and_its_bar_moves(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, gate: threading.Event
) -> None:
    give(qtbot, window, owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium"))
    click(qtbot, window.setup.score)
    setup, bar = window.setup, window.setup.progress
    assert (bar.minimum(), bar.maximum()) == (0, 0), "it runs to and fro while nothing is known"
    window.jobs.progressed.emit(Progress(Phase.SCORING, 10, 40))
    assert bar.value() / bar.maximum() == 0.25
    click(qtbot, setup.stop)
    stopping = "Stopping: what is in hand is finished first. What is done is kept."
    assert setup.status.text() == stopping
    assert not setup.stop.isEnabled()
    assert window.header.job.toolTip() == "Stopping"
    window.jobs.progressed.emit(Progress(Phase.SCORING, 20, 40))
    assert setup.status.text() == stopping
    assert window.header.job.toolTip() == "Stopping"
    gate.set()
    settle(qtbot, window)
    assert not setup.stop.isVisible()
    click(qtbot, setup.score)
    assert setup.stop.isEnabled()
    settle(qtbot, window)


def test_a_notice_goes_when_its_button_was_pressed(
    window: MainWindow, qtbot: QtBot, project: Path, gate: threading.Event
) -> None:
    column = Project.open(project).table.column("loss")
    column.done[-5:] = 0
    window.open_project(project)
    assert notice_of(window).what.startswith("Scoring is not finished.")
    click(qtbot, window.notice.button("Continue"))
    assert window.jobs.running
    assert not window.notice.isVisible()
    gate.set()
    settle(qtbot, window)
