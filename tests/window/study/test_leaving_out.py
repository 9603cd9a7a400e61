"""Whether leaving records out helps, asked in the window: what is chosen, what runs, what is shown."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.permissions import make_folder
from dataselect_gui.study.arms.sentences import answer_lines
from dataselect_gui.study.arms.writing import write_arms
from dataselect_gui.study.store import RESULTS
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.study.figure import Figure
from dataselect_gui.window.study.leaving_out import LeavingOut
from dataselect_gui.window.study.place import DONE, KEPT, STOPPED, StudyPlace
from dataselect_gui.window.study.plan import CONTINUE, START
from dataselect_gui.workflow import (
    ArmsForecast,
    ArmsFound,
    ArmsWish,
    JobContext,
    JobKind,
    StudySubject,
)
from tests.projects import owner_records
from tests.study.arms.test_answers import findings_of, on_dirt
from tests.window.steps import settle
from tests.window.study.steps import HALFWAY, Worker, open_page, shown, wait_for_plan, write


def begun(subject: StudySubject, wish: ArmsWish, folder: Path) -> None:
    """Put into a folder what the worker writes before the first training."""
    make_folder(folder / RESULTS)
    write(folder / "setting.json", {"checkpoint": subject.digest, "most records": 10_000})
    write(
        folder / "plan.json",
        {
            "arms": {"plant": wish.plant, "epsilons": wish.epsilons, "release_epsilons": []},
            "label column": subject.label_column,
            "unit column": subject.unit_column,
            "clean rows": None if wish.clean is None else str(wish.clean),
        },
    )


@dataclass
class ArmsWorker:
    """Plans and studies at once; a study waits at its half until it is let go, or told to stop."""

    folder: Path
    planned: list[ArmsWish] = field(default_factory=list)
    begun: list[ArmsWish] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)

    def plan(
        self, subject: StudySubject, wish: ArmsWish, folder: Path, _limit: int, _context: JobContext
    ) -> ArmsForecast:
        self.planned.append(wish)
        count, done, _ = workflow.count_arms(subject, wish, folder)
        return ArmsForecast(folder, wish, count, count - done, 60.0 + count)

    def study(
        self, subject: StudySubject, wish: ArmsWish, folder: Path, _limit: int, context: JobContext
    ) -> ArmsFound:
        self.begun.append(wish)
        begun(subject, wish, folder)
        context.relay(HALFWAY)
        while not self.go.wait(0.01):
            if context.stop.requested:
                raise InterruptedByPersonError("The study was stopped.", "Why.", "Do.")
        write_arms(folder, findings_of(self.folder, on_dirt))
        done = workflow.arms_at(folder)
        assert done is not None
        return done


@pytest.fixture
def arms_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ArmsWorker]:
    made = ArmsWorker(tmp_path / "made")
    monkeypatch.setattr(workflow, "plan_arms", made.plan)
    monkeypatch.setattr(workflow, "run_arms_study", made.study)
    yield made
    made.go.set()


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return owner_records(tmp_path / "clean.npz", seed=3)


@pytest.fixture
def asked(
    page: StudyPlace, window: MainWindow, arms_worker: ArmsWorker, clean: Path, qtbot: QtBot
) -> StudyPlace:
    """The page with this question, and clean rows."""
    del arms_worker
    page.heading.questions[0].click()
    give(page, clean)
    wait_for_plan(qtbot, window)
    return page


def give(page: StudyPlace, clean: Path) -> None:
    """Give clean rows, as the dialog does."""
    page.arms.clean.show_path(clean)
    page.arms.clean.changed.emit()


def test_both_questions_are_offered_and_this_one_needs_clean_rows(
    page: StudyPlace, arms_worker: ArmsWorker, clean: Path, window: MainWindow, qtbot: QtBot
) -> None:
    first, second = page.heading.questions
    assert (first.text(), second.text()) == ("Leaving out what looks wrong", "Picking by a score")
    assert second.isChecked()
    first.click()
    assert LeavingOut.text in shown(page)
    assert page.arms.isVisible()
    assert not page.form.isVisible()
    assert page.plan.status.text().startswith("Add clean records of the consortium")
    assert not page.plan.start.isEnabled()
    give(page, clean)
    wait_for_plan(qtbot, window)
    assert arms_worker.planned == [ArmsWish(clean=clean)]
    # Everything, the rule and random, without DP and with it, five times; the checkpoint five times.
    assert page.plan.total.text() == "35 trainings: about 2 min in all"
    assert page.plan.start.isEnabled()
    assert "your records as they are" in shown(page)
    second.click()
    wait_for_plan(qtbot, window)
    assert page.form.isVisible()
    assert "200 trainings" in page.plan.total.text()
    first.click()
    assert page.plan.total.text() == "35 trainings: about 2 min in all", "its plan is known"


def test_dirt_is_planted_in_plain_words(
    asked: StudyPlace, window: MainWindow, arms_worker: ArmsWorker, clean: Path, qtbot: QtBot
) -> None:
    asked.arms.labels.box.click()
    asked.arms.tail.box.click()
    asked.arms.labels.amount.setValue(30)
    wait_for_plan(qtbot, window)
    assert arms_worker.planned[-1] == ArmsWish(clean=clean, plant="labels:0.3,tail:50")
    assert "with dirt planted in them" in shown(asked)
    assert asked.plan.total.text().startswith("75 trainings")
    asked.arms.strangers.box.click()
    asked.arms.strangers.amount.setValue(90)
    assert not asked.plan.start.isEnabled()
    assert asked.plan.status.text(), "more than all records cannot be dirty"


def test_it_runs_shows_progress_stops_and_goes_on_in_another_window(
    asked: StudyPlace,
    window: MainWindow,
    arms_worker: ArmsWorker,
    project: Path,
    clean: Path,
    qtbot: QtBot,
) -> None:
    asked.arms.labels.box.click()
    wait_for_plan(qtbot, window)
    assert asked.plan.start.text() == START
    asked.plan.start.click()
    qtbot.waitUntil(lambda: "84 of 200" in asked.plan.status.text())
    assert window.jobs.kind is JobKind.STUDY
    assert not asked.arms.isEnabled()
    assert not asked.heading.questions[1].isEnabled()
    asked.plan.stop.click()
    settle(qtbot, window)
    wait_for_plan(qtbot, window)
    assert asked.plan.status.text().startswith(f"{STOPPED} {KEPT}")
    assert asked.plan.start.text() == CONTINUE
    other = MainWindow(Settings())
    qtbot.addWidget(other)
    other.show()
    other.open_project(project)
    open_page(qtbot, other)
    assert other.study.heading.questions[0].isChecked(), "the newest study is of this question"
    assert other.study.plan.start.text() == CONTINUE
    assert other.study.arms.clean.path == clean
    assert other.study.arms.labels.amount.value() == 20
    assert arms_worker.begun == [ArmsWish(clean=clean, plant="labels:0.2")]
    other.close()


def test_the_answer_its_figure_and_its_rule_are_shown(
    asked: StudyPlace, window: MainWindow, arms_worker: ArmsWorker, tmp_path: Path, qtbot: QtBot
) -> None:
    arms_worker.go.set()
    asked.plan.start.click()
    settle(qtbot, window)
    first, *others = answer_lines(findings_of(tmp_path / "again", on_dirt))
    assert asked.results.verdict.text() == first
    assert "makes no difference" in first
    text = shown(asked)
    assert all(line in text for line in others)
    assert any("helps: " in line for line in others)
    assert "A record looks wrong where its loss is above the threshold of its class." in text
    (figure,) = asked.results.findChildren(Figure)
    assert "the rule against random" in figure.accessibleDescription()
    for width, height in ((1280, 800), (640, 400)):
        window.resize(width, height)
        qtbot.wait(1)
        assert figure.height() >= figure.heightForWidth(figure.width()) - 1
        assert figure.mapTo(window, figure.rect().topRight()).x() < width


def test_a_finished_study_is_there_again_and_its_twin_beside_it(
    asked: StudyPlace, window: MainWindow, arms_worker: ArmsWorker, project: Path, qtbot: QtBot
) -> None:
    arms_worker.go.set()
    asked.plan.start.click()
    settle(qtbot, window)
    asked.heading.back.click()
    open_page(qtbot, window)
    assert asked.results.isVisible()
    # The plan on disk is that of what was asked, so that nothing is left to do.
    assert asked.plan.status.text() == DONE
    folder = project.with_name("scans.study")
    assert (folder / "page.html").is_file()
    asked.heading.questions[1].click()
    wait_for_plan(qtbot, window)
    assert not asked.results.isVisible()
    assert workflow.study_place(workflow.study_subject(project)) == project.with_name("scans-2.study")
    assert workflow.study_place(workflow.study_subject(project), kind="arms") == folder


def test_a_request_with_thresholds_needs_no_clean_rows(
    window: MainWindow, worker: Worker, arms_worker: ArmsWorker, project: Path, qtbot: QtBot
) -> None:
    del worker
    checkpoint = workflow.study_subject(project).checkpoint
    calibration = {
        "alpha": 0.1,
        "scores": {"loss": {"alpha": 0.1, "classes": {"cat": {"count": 30, "threshold": 1.0}}}},
        "split": {"statistics": 0, "thresholds": 30},
        "seen_in_training": "no",
    }
    request = checkpoint / "dataselect.json"
    before = request.read_bytes() if request.is_file() else None
    stated = {} if before is None else json.loads(before)
    try:
        write(request, {**stated, "calibration": calibration})
        window.open_project(project)
        open_page(qtbot, window)
        assert window.study.heading.questions[0].isChecked(), "the request answers this question"
        assert "already has limits" in shown(window.study)
        assert arms_worker.planned == [ArmsWish()]
        assert window.study.plan.start.isEnabled()
    finally:
        if before is None:
            request.unlink()
        else:
            request.write_bytes(before)
