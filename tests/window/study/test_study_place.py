"""The Try it page: its plan, its study, what came of it, and every way out of it."""

import json
import os
import shutil
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import (
    DataSelectError,
    InterruptedByPersonError,
    UnusableError,
    WorkerDiedError,
)
from dataselect_gui.window.latest import PAUSE_MILLISECONDS
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.study.figure import Figure, recoloured
from dataselect_gui.window.study.picks import Picks
from dataselect_gui.window.study.place import KEPT, StudyPlace
from dataselect_gui.window.study.plan import WAITING
from dataselect_gui.window.widgets import theme
from dataselect_gui.workflow import (
    JobContext,
    JobKind,
    OtherStudyError,
    Phase,
    Progress,
    StudyChoices,
    StudyFound,
    StudyPlan,
    StudySubject,
)
from tests.helpers import array_file
from tests.processes import workers_of
from tests.projects import consortium, owner_records, scored_project
from tests.study.conftest import learnable_records
from tests.window.leaks import Started, holdings
from tests.window.steps import give, give_at_once, place, settle, told

EXAMPLE = Path(__file__).parents[3] / "resources" / "study" / "fashion-mnist"
HALFWAY = Progress(Phase.TRAINING, 84, 200, 171.0)
KINDS = {
    "stand-in without DP": 1.0,
    "stand-in by DP-SGD": 1.0,
    "training without DP": 1.0,
    "training by DP-SGD": 1.0,
}


def finish(subject: StudySubject, folder: Path) -> None:
    """Put a study that was finished elsewhere into a folder, as one of this subject."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    setting = json.loads((folder / "setting.json").read_text())
    write(folder / "setting.json", {**setting, "checkpoint": subject.digest})
    choices = json.loads((folder / "findings.json").read_text())["choices"]
    columns = {"label column": subject.label_column, "unit column": subject.unit_column}
    write(folder / "plan.json", {"choices": choices, **columns})


def write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


@dataclass
class Worker:
    """Plans and studies at once; a study waits at its half until it is let go, or told to stop."""

    planned: list[StudyChoices] = field(default_factory=list)
    begun: list[StudyChoices] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    plan_fault: DataSelectError | None = None
    fault: DataSelectError | None = None

    def plan(
        self, _subject: StudySubject, choices: StudyChoices, folder: Path, _context: JobContext
    ) -> StudyPlan:
        self.planned.append(choices)
        if self.plan_fault is not None:
            raise self.plan_fault
        count, done, _ = workflow.count_trainings(choices, folder)
        return StudyPlan(folder, choices, {}, count, count - done, 60.0 + count - done, 60.0, KINDS)

    def study(
        self, subject: StudySubject, choices: StudyChoices, folder: Path, context: JobContext
    ) -> StudyFound:
        self.begun.append(choices)
        folder.mkdir(exist_ok=True)
        context.relay(HALFWAY)
        while not self.go.wait(0.01):
            if context.stop.requested:
                raise InterruptedByPersonError("The study was stopped.", "Why.", "Do.")
        if self.fault is not None:
            raise self.fault
        finish(subject, folder)
        found = workflow.study_at(folder)
        assert found is not None
        return found


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    made = Worker()
    monkeypatch.setattr(workflow, "plan_study", made.plan)
    monkeypatch.setattr(workflow, "run_study", made.study)
    yield made
    made.go.set()


@pytest.fixture
def project(tmp_path: Path, real_series: Path) -> Path:
    """A project whose checkpoint is a series, so that VoG can be picked by."""
    return scored_project(
        tmp_path / "scans.dataselect", owner_records(tmp_path / "scans.npz"), real_series
    )


@pytest.fixture
def page(window: MainWindow, worker: Worker, project: Path, qtbot: QtBot) -> StudyPlace:
    """The page of a project, with its plan."""
    del worker
    window.open_project(project)
    open_page(qtbot, window)
    return window.study


def open_page(qtbot: QtBot, window: MainWindow) -> None:
    window.actions_by_key["try"].trigger()
    assert place(window) == "study"
    wait_for_plan(qtbot, window)


def wait_for_plan(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not (window.study.is_working or window.jobs.has_thread), timeout=60_000)


def begin(qtbot: QtBot, window: MainWindow) -> None:
    """Begin the study and wait until it is halfway."""
    window.study.plan.start.click()
    qtbot.waitUntil(lambda: "84 of 200" in window.study.plan.status.text())


def shown(place: StudyPlace) -> str:
    """Return all words of the page that can be seen."""
    return "\n".join(one.text() for one in place.findChildren(QLabel) if one.isVisible())


# The way in


@pytest.mark.usefixtures("worker")
def test_setup_offers_it_once_records_and_checkpoint_are_known(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    give(qtbot, window, owner_records(tmp_path / "records.npz"))
    assert not window.setup.try_it.isEnabled()
    assert not window.actions_by_key["try"].isEnabled()
    give(qtbot, window, consortium(tmp_path / "consortium"))
    assert place(window) == "setup"
    window.setup.try_it.click()
    assert place(window) == "study"
    wait_for_plan(qtbot, window)
    assert "records.npz, with consortium" in [
        one.toolTip() for one in window.study.findChildren(QLabel)
    ]
    assert "Stays on this machine" in shown(window.study)
    assert "Nothing leaves this machine" in shown(window.study)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["consortium", "records.npz"]


def test_records_without_labels_cannot_be_studied_and_it_says_so(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    import numpy as np

    pixels = np.zeros((9, 6, 5), dtype=np.uint8)
    unlabelled = array_file(tmp_path / "unlabelled.npz", x=pixels)
    give(qtbot, window, unlabelled, consortium(tmp_path / "consortium"))
    assert not window.setup.try_it.isEnabled()
    words = [one.text() for one in window.setup.findChildren(QLabel) if one.isVisible()]
    assert any("none of the records has a label" in one for one in words)


def test_back_and_escape_lead_to_where_one_was(
    page: StudyPlace, window: MainWindow, qtbot: QtBot
) -> None:
    page.heading.back.click()
    assert place(window) == "explore"
    window.show_place(PlaceId.LEDGER)
    open_page(qtbot, window)
    QTest.keyClick(page.form.button, Qt.Key.Key_Escape)
    assert place(window) == "ledger"


def test_everything_can_be_done_by_keys(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    page.heading.back.click()
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(window.action_list.field, "try it")
    QTest.keyClick(window.action_list.field, Qt.Key.Key_Return)
    assert place(window) == "study"
    wait_for_plan(qtbot, window)
    press_tab_until(lambda focus: focus is page.plan.start)
    QTest.keyClick(page.plan.start, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bool(worker.begun))
    assert QApplication.focusWidget() is page.plan.stop
    worker.go.set()
    settle(qtbot, window)
    assert QApplication.focusWidget() is page.results.page
    qtbot.waitUntil(lambda: page.verticalScrollBar().maximum() > 0)
    assert page.verticalScrollBar().value() == 0
    QTest.keyClick(page.results.page, Qt.Key.Key_PageDown)
    assert page.verticalScrollBar().value() > 0


def press_tab_until(holds: Callable[[object], bool]) -> None:
    for _ in range(40):
        focus = QApplication.focusWidget()
        assert focus is not None
        if holds(focus):
            return
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    raise AssertionError("the focus never came there")


# The plan


def test_the_plan_comes_first_and_is_right_without_touching_anything(
    page: StudyPlace, worker: Worker
) -> None:
    assert page.plan.total.text() == "200 trainings: about 4 min in all"
    words = shown(page)
    assert "Do the scores find wrong labels?" in words
    assert "Random picks, and the highest, middle and lowest by VoG: 10 % and 30 %" in words
    assert worker.planned == [StudyChoices(("vog",))]
    assert not worker.begun
    assert page.plan.start.isEnabled()
    assert not page.form.shares.isVisible(), "choices are folded away"


def test_another_choice_is_another_plan(page: StudyPlace, worker: Worker, qtbot: QtBot) -> None:
    page.form.shares.setText("20, 30, 50")
    page.form.limit.setValue(400)
    assert page.plan.total.text() == "240 trainings: about 5 min in all", "told at once"
    assert page.plan.start.isEnabled()
    page.form.seeds.setValue(6)
    page.form.checkpoint.click()
    assert page.plan.total.text() == "288 trainings"
    assert not page.plan.start.isEnabled(), "the plan comes first"
    qtbot.waitUntil(lambda: page.plan.start.isEnabled())
    expected = StudyChoices(("vog",), ("0.2", "0.3", "0.5"), ("8",), 6, "checkpoint")
    assert worker.planned[1:] == [expected], "only the last of several questions is asked"


def test_beyond_the_limit_it_says_what_to_do(
    page: StudyPlace, window: MainWindow, qtbot: QtBot
) -> None:
    page.form.scores["plis"].click()
    wait_for_plan(qtbot, window)
    assert page.plan.limit.isVisible()
    assert "260 trainings, and the limit is 200" in page.plan.limit.text()
    assert "raise the limit" in page.plan.limit.text()
    assert page.plan.total.text() == "260 trainings: about 5 min in all"
    assert not page.plan.start.isEnabled()
    page.form.limit.setValue(260)
    wait_for_plan(qtbot, window)
    assert not page.plan.limit.isVisible()
    assert page.plan.start.isEnabled()


@pytest.mark.parametrize(
    ("field_", "text", "sentence"),
    [
        ("shares", "ten", "Write the shares as numbers above 0 and at most 100"),
        ("shares", "10, 101", "Write the shares as numbers above 0 and at most 100"),
        ("epsilons", "0", "Write ε as numbers above 0 and at most 100"),
        ("epsilons", "", "Write ε as numbers above 0 and at most 100"),
    ],
)
def test_what_makes_no_sense_is_told_and_plans_nothing(
    page: StudyPlace, worker: Worker, qtbot: QtBot, field_: str, text: str, sentence: str
) -> None:
    getattr(page.form, field_).setText(text)
    assert sentence in page.plan.status.text()
    assert not page.plan.start.isEnabled()
    qtbot.wait(PAUSE_MILLISECONDS + 50)
    assert len(worker.planned) == 1


def test_a_study_needs_a_score(page: StudyPlace) -> None:
    page.form.scores["vog"].click()
    assert "Choose at least one score" in page.plan.status.text()


def test_what_cannot_be_chosen_says_why(page: StudyPlace) -> None:
    page.form.button.click()
    box = page.form.scores["alignment"]
    assert not box.isEnabled()
    assert "does not state direction" in box.accessibleDescription()
    assert "does not state direction" in shown(page)


def test_while_other_work_goes_on_the_time_is_worked_out_later(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    ended = threading.Event()
    window.jobs.start(JobKind.RELEASE, lambda _: ended.wait(30), print, print)
    page.form.seeds.setValue(6)
    assert page.plan.status.text() == WAITING
    qtbot.wait(PAUSE_MILLISECONDS + 50)
    assert len(worker.planned) == 1
    ended.set()
    settle(qtbot, window)
    wait_for_plan(qtbot, window)
    assert len(worker.planned) == 2
    assert "about" in page.plan.total.text()


def test_a_plan_that_nobody_looks_at_is_not_made(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    page.form.seeds.setValue(6)
    page.heading.back.click()
    qtbot.wait(PAUSE_MILLISECONDS + 50)
    assert len(worker.planned) == 1
    open_page(qtbot, window)
    assert worker.planned[-1].seeds == 6, "what was chosen is still chosen"


# The study


def test_progress_is_on_the_page_and_in_the_header(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    begin(qtbot, window)
    assert worker.begun == [StudyChoices(("vog",))]
    assert page.plan.status.text().startswith("Training 84 of 200, about 3 min left.")
    assert page.plan.progress.value() == 420
    assert not page.form.isEnabled()
    assert window.header.job.toolTip() == "Training 42 % · 3 min left"
    window.show_place(PlaceId.LEDGER)
    window.header.job.click()
    assert place(window) == "study"
    assert page.plan.stop.isVisible()


def test_a_finished_study_says_in_words_that_random_won(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    begin(qtbot, window)
    worker.go.set()
    settle(qtbot, window)
    words = shown(page)
    assert page.results.verdict.text() == "Random picks won more often than picks by a score."
    assert "random won, by 19.0 to 23.7 points." in words
    assert "Of 24 picks by a score" in words
    assert "1 beat random, random beat 21, and 2 showed no difference" in words


def test_table_and_figures_stand_under_the_answer(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    worker.go.set()
    page.plan.start.click()
    settle(qtbot, window)
    (table,) = page.results.findChildren(Picks)
    lines = [[table.item(row, at).text() for at in range(5)] for row in range(table.rowCount())]  # type: ignore[union-attr]
    assert len(lines) == 28
    assert lines[0] == ["without DP", "10 %", "random", "75.7 %", ""]
    assert lines[1][2:] == ["highest VoG", "54.3 %", "−21.3 (−23.7 to −19.0): random won"]
    figures = page.results.findChildren(Figure)
    assert len(figures) == 6
    for width, height in ((1360, 860), (640, 400)):
        window.resize(width, height)
        qtbot.wait(1)
        for figure in figures:
            assert figure.accessibleName().endswith("?")
            assert len(figure.accessibleDescription()) > 50
            assert figure.height() >= figure.heightForWidth(figure.width()) - 1
            assert figure.mapTo(window, figure.rect().topRight()).x() < width
        assert table.mapTo(window, table.rect().topRight()).x() < width
        narrow = table.rowHeight(1) > table.rowHeight(0)
        assert narrow == (width == 640), "what does not fit in a line is wrapped, and nothing else"


def test_page_and_folder_open_outside(
    page: StudyPlace,
    window: MainWindow,
    worker: Worker,
    project: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    worker.go.set()
    page.plan.start.click()
    settle(qtbot, window)
    page.results.page.click()
    page.results.folder.click()
    folder = project.with_name("scans.study")
    assert [Path(one.toLocalFile()) for one in opened] == [folder / "page.html", folder]


def test_a_finished_study_is_there_again_without_any_work(
    window: MainWindow, worker: Worker, project: Path
) -> None:
    finish(workflow.study_subject(project), project.with_name("scans.study"))
    window.open_project(project)
    window.actions_by_key["try"].trigger()
    assert "Random picks won" in shown(window.study)
    assert not window.study.is_working
    assert not window.jobs.has_thread
    assert not worker.planned
    assert not window.study.plan.start.isVisible()
    assert "All of it is done" in window.study.plan.status.text()


def test_what_was_done_is_only_a_part_of_a_larger_study(
    window: MainWindow, worker: Worker, project: Path, qtbot: QtBot
) -> None:
    finish(workflow.study_subject(project), project.with_name("scans.study"))
    window.open_project(project)
    window.actions_by_key["try"].trigger()
    window.study.form.scores["loss"].click()
    wait_for_plan(qtbot, window)
    assert worker.planned[-1].scores == ("loss", "vog", "plis")
    assert "Random picks won" in shown(window.study), "what came of the smaller one stays"
    assert window.study.plan.start.text() == "Continue the study"


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
    assert page.plan.status.text().startswith("The study was stopped. What is done is kept")
    assert page.plan.start.text() == "Continue the study"
    assert page.plan.start.isEnabled()
    assert not page.error.isVisible()
    other = MainWindow(Settings())
    qtbot.addWidget(other)
    other.show()
    other.open_project(project)
    open_page(qtbot, other)
    assert other.study.plan.start.text() == "Continue the study"
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
    assert told(window).what == "The study is done."
    window.notice.button("Show it").click()
    assert place(window) == "study"
    assert "Random picks won" in shown(page)
    page.heading.back.click()
    open_page(qtbot, window)
    assert "Random picks won" not in shown(page)
    assert [name for name, box in page.form.scores.items() if box.isChecked()] == ["loss"]


def test_what_is_given_meanwhile_is_looked_at_afterwards(
    page: StudyPlace, window: MainWindow, worker: Worker, tmp_path: Path, qtbot: QtBot
) -> None:
    begin(qtbot, window)
    give_at_once(window, owner_records(tmp_path / "others.npz", seed=5))
    assert told(window).what == "What you gave is looked at when the study has ended."
    assert page.plan.stop.isVisible()
    worker.go.set()
    settle(qtbot, window)
    settle(qtbot, window)
    assert place(window) == "setup"


def test_a_dead_worker_leaves_a_way_on(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    worker.fault = WorkerDiedError("The study stopped unexpectedly.", "Memory ran out.", "By command.")
    begin(qtbot, window)
    page.heading.back.click()
    worker.go.set()
    settle(qtbot, window)
    assert told(window).what == "The study stopped unexpectedly."
    window.notice.button("Show it").click()
    assert page.error.text() == f"The study stopped unexpectedly. Memory ran out. {KEPT}"
    assert page.plan.start.text() == "Continue the study"
    worker.fault = None
    page.plan.start.click()
    settle(qtbot, window)
    assert not page.error.isVisible()
    assert "Random picks won" in shown(page)


def test_records_that_cannot_be_studied_are_told(
    window: MainWindow, worker: Worker, project: Path, qtbot: QtBot
) -> None:
    worker.plan_fault = UnusableError(
        "There are too few records for a study.", "Only 40.", "Take more."
    )
    window.open_project(project)
    open_page(qtbot, window)
    assert window.study.error.text() == "There are too few records for a study. Only 40. Take more."
    assert not window.study.plan.start.isEnabled()
    worker.plan_fault = None
    window.study.again.click()
    qtbot.waitUntil(lambda: window.study.plan.start.isEnabled())
    assert not window.study.error.isVisible()


def test_a_study_of_what_the_records_were_makes_room_for_a_new_one(
    window: MainWindow, worker: Worker, project: Path, qtbot: QtBot
) -> None:
    earlier = project.with_name("scans.study")
    finish(workflow.study_subject(project), earlier)
    (earlier / "page.html").unlink()
    worker.plan_fault = OtherStudyError("It holds a study of something else.", "They differ.", "Begin.")
    window.open_project(project)
    open_page(qtbot, window)
    assert "a study of something else" in window.study.error.text()
    assert not window.study.plan.start.isEnabled()
    worker.plan_fault = None
    window.study.form.scores["plis"].click()  # The earlier study was of both.
    window.study.anew.click()
    qtbot.waitUntil(lambda: window.study.plan.start.isEnabled())
    assert window.study.plan.start.text() == "Start the study"
    worker.go.set()
    window.study.plan.start.click()
    settle(qtbot, window)
    assert (project.with_name("scans-2.study") / "page.html").is_file()
    assert not (earlier / "page.html").exists()


def test_a_checkpoint_that_is_gone_is_told_in_place_of_a_plan(
    window: MainWindow, worker: Worker, tmp_path: Path
) -> None:
    checkpoint = consortium(tmp_path / "consortium")
    source = owner_records(tmp_path / "records.npz")
    folder = scored_project(tmp_path / "p.dataselect", source, checkpoint)
    shutil.rmtree(checkpoint)
    window.open_project(folder)
    window.actions_by_key["try"].trigger()
    assert "“consortium” is not there." in window.study.error.text()
    assert not window.study.plan.isVisible()
    assert not worker.planned


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


# With a real worker


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
    assert page.error.text().startswith("The study stopped unexpectedly.")
    assert page.plan.start.text() == "Continue the study"
    page.plan.start.click()
    qtbot.waitUntil(lambda: "Training" in page.plan.status.text(), timeout=60_000)
    page.plan.stop.click()
    settle(qtbot, window)
    assert "The study was stopped." in page.plan.status.text()
    found = workflow.study_at(tmp_path / "records.study")
    assert found is not None
    assert found.choices == StudyChoices(("vog",))
    assert found.result is None


# Figures


def test_a_figure_takes_the_colours_of_the_window(qtbot: QtBot) -> None:
    figure = Figure(EXAMPLE / "figures" / "a.svg", "A name", "A description.")
    qtbot.addWidget(figure)
    figure.resize(600, figure.heightForWidth(600))
    for mode, colours in (("light", theme.LIGHT), ("dark", theme.DARK)):
        theme.apply(mode)
        picture = figure.grab().toImage()
        names = {
            picture.pixelColor(x, y).name().upper() for x in range(600) for y in range(picture.height())
        }
        assert picture.pixelColor(3, 3) == QColor(colours.panel)
        assert colours.classes[1] in names


def test_every_colour_of_a_figure_has_its_twin() -> None:
    for drawing in EXAMPLE.glob("figures/*.svg"):
        dark = recoloured(drawing.read_text(encoding="utf-8"), theme.DARK).lower()
        assert "#ffffff" not in dark
        assert theme.LIGHT.text.lower() not in dark
