"""A study that runs: its progress, and every way in which it ends."""

import os
import signal
import weakref
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import (
    WorkerDiedError,
)
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.study.place import KEPT, SHOW, STOPPED, StudyPlace
from dataselect_gui.window.study.plan import CONTINUE
from dataselect_gui.workflow import (
    StudyChoices,
)
from tests.processes import workers_of
from tests.projects import consortium, owner_records, scored_project
from tests.study.conftest import learnable_records
from tests.window.leaks import Started, holdings
from tests.window.release.steps import click
from tests.window.steps import give, give_at_once, notice_of, place, settle
from tests.window.study.steps import HALFWAY, Worker, begin, finish, open_page, wait_for_plan


def test_progress_is_on_the_page_and_in_the_header(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    begin(qtbot, window)
    assert worker.begun == [StudyChoices(("vog",))]
    assert page.plan.status.text().startswith(HALFWAY.sentence)
    assert page.plan.progress.value() == 420
    assert not page.form.isEnabled()
    assert window.header.job.toolTip() == "Training 42 % · 3 min left"
    window.show_place(PlaceId.LEDGER)
    window.header.job.click()
    assert place(window) == "study"
    assert page.plan.stop.isVisible()


def test_a_stopped_study_goes_on_also_in_another_window(
    page: StudyPlace, window: MainWindow, project: Path, qtbot: QtBot
) -> None:
    begin(qtbot, window)
    subject, folder = workflow.study_subject(project), project.with_name("scans.study")
    finish(subject, folder)  # As it would be halfway: choices that are known, and no page.
    (folder / "page.html").unlink()
    page.plan.stop.click()
    settle(qtbot, window)
    wait_for_plan(qtbot, window)
    assert page.plan.status.text().startswith(f"{STOPPED} {KEPT}")
    assert page.plan.start.text() == CONTINUE
    assert page.plan.start.isEnabled()
    assert not page.error.isVisible()
    other = MainWindow(Settings())
    qtbot.addWidget(other)
    other.show()
    other.open_project(project)
    open_page(qtbot, other)
    assert other.study.plan.start.text() == CONTINUE
    assert [name for name, box in other.study.form.scores.items() if box.isChecked()] == ["vog", "plis"]
    other.close()


def test_a_study_that_ends_while_another_place_is_shown_is_told(
    page: StudyPlace, window: MainWindow, worker: Worker, tmp_path: Path, qtbot: QtBot
) -> None:
    begin(qtbot, window)
    other = scored_project(
        tmp_path / "other.dataselect",
        owner_records(tmp_path / "other.npz", seed=1),
        consortium(tmp_path / "consortium"),
    )
    window.open_project(other)
    window.actions_by_key["try"].trigger()
    assert "84 of 200" in page.plan.status.text(), "the one that runs is shown"
    page.heading.back.click()
    worker.go.set()
    settle(qtbot, window)
    assert place(window) == "explore"
    message = notice_of(window)
    assert not message.why, "it is no fault"
    window.notice.button(SHOW).click()
    assert place(window) == "study"
    assert page.results.isVisible()
    page.heading.back.click()
    open_page(qtbot, window)
    assert not page.results.isVisible()
    assert [name for name, box in page.form.scores.items() if box.isChecked()] == ["loss"]


def test_what_is_given_meanwhile_is_looked_at_afterwards(
    page: StudyPlace, window: MainWindow, worker: Worker, tmp_path: Path, qtbot: QtBot
) -> None:
    begin(qtbot, window)
    give_at_once(window, owner_records(tmp_path / "others.npz", seed=5))
    assert notice_of(window).what == "What you chose waits until the study has ended."
    assert page.plan.stop.isVisible()
    worker.go.set()
    settle(qtbot, window)
    chosen = "You chose others.npz while this was running."
    qtbot.waitUntil(lambda: notice_of(window).what == chosen)
    assert window.state.look is not None, "it stays open until the person says otherwise"
    click(qtbot, window.notice.button("Open it"))
    settle(qtbot, window)
    settle(qtbot, window)
    assert place(window) == "setup"


def test_a_dead_worker_leaves_a_way_on(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    worker.fault = WorkerDiedError("It died.", "Memory ran out.", "By command.")
    begin(qtbot, window)
    page.heading.back.click()
    worker.go.set()
    settle(qtbot, window)
    assert notice_of(window).what == "It died."
    window.notice.button(SHOW).click()
    assert page.error.text() == f"It died. Memory ran out. {KEPT}"
    assert page.plan.start.text() == CONTINUE
    worker.fault = None
    page.plan.start.click()
    settle(qtbot, window)
    assert not page.error.isVisible()
    assert page.results.isVisible()


def test_closing_while_it_runs_waits_for_nobody(
    page: StudyPlace, window: MainWindow, qtbot: QtBot
) -> None:
    del page
    begin(qtbot, window)
    window.close()
    assert not window.has_threads


def test_a_window_that_showed_it_is_let_go(worker: Worker, project: Path, qtbot: QtBot) -> None:
    window = MainWindow(Settings())
    window.show()
    window.open_project(project)
    open_page(qtbot, window)
    worker.go.set()
    window.study.plan.start.click()
    settle(qtbot, window)
    seen = weakref.ref(window)
    window.close()
    window.deleteLater()
    del window
    holdings(Started())  # All garbage is collected.
    assert seen() is None


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child in /proc")
def test_a_real_study_is_killed_gone_on_with_and_stopped(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    real_series: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workflow, "plan_study", Worker().plan)
    give(qtbot, window, learnable_records(tmp_path / "records.npz"), real_series)
    window.setup.try_it.click()
    wait_for_plan(qtbot, window)
    page = window.study
    page.plan.start.click()
    qtbot.waitUntil(lambda: "0 of 200" in page.plan.status.text(), timeout=60_000)
    os.kill(next(workers_of(os.getpid())), signal.SIGKILL)
    settle(qtbot, window)
    assert page.error.isVisible()
    assert page.error.text().endswith(KEPT)
    assert page.plan.start.text() == CONTINUE
    page.plan.start.click()
    qtbot.waitUntil(lambda: "Training" in page.plan.status.text(), timeout=60_000)
    page.plan.stop.click()
    settle(qtbot, window)
    assert page.plan.status.text().startswith(STOPPED)
    study = workflow.study_at(tmp_path / "records.study")
    assert study is not None
    assert study.choices == StudyChoices(("vog",))
    assert study.result is None
