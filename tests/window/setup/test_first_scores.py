"""The first scores of a run are shown once a person asks for them, and no view is noted before."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.checkpoints.label_account import LabelAccount
from dataselect_gui.project.project import Project
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import JobContext, Phase, Scored
from tests.projects import scored_project
from tests.window.scenes import World, make_world, rest
from tests.window.steps import give, settle

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def goes_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Have scoring stand still after the first scores, until this is set."""
    ended = Event()

    def score(source: Path, checkpoint: Path, context: JobContext, **options: Any) -> Scored:  # noqa: ANN401
        folder: Path = options["project_path"]
        half = [row / 60 if row < 30 else float("nan") for row in range(60)]
        scored_project(folder, source, checkpoint, half, options["unit_column"])
        context.report(Phase.SCORING, 30, 60)
        assert ended.wait(60)
        labels = LabelAccount(task="single_label", records=60, given=60, unlabelled=0, unfit=0)
        return Scored(folder, 60, {}, 0.0, "cpu", "float64", ["loss"], labels)

    monkeypatch.setattr(workflow, "score", score)
    yield ended
    ended.set()


@pytest.fixture
def running(window: MainWindow, qtbot: QtBot, world: World, goes_on: Event) -> MainWindow:
    """A window in which the first half of the records is scored."""
    del goes_on
    (world.folder / "other").mkdir()
    source = world.source.rename(world.folder / "other" / world.source.name)
    give(qtbot, window, source, world.checkpoint)
    rest(window)
    window.setup.training.no.click()
    window.setup.score.click()
    qtbot.waitUntil(window.setup.first_scores.isVisible, timeout=20_000)
    return window


@pytest.fixture
def project(running: MainWindow, world: World) -> Project:
    del running
    return Project.open(world.folder / "other" / "records.dataselect")


def is_shown(project: Project) -> bool:
    """Say whether a view of its scores is noted by now."""
    return project.was_shown


@pytest.mark.parametrize("by_key", [False, True])
def test_the_first_scores_are_shown_to_who_asks_for_them(
    running: MainWindow, project: Project, qtbot: QtBot, goes_on: Event, *, by_key: bool
) -> None:
    panel = running.setup.first_scores
    QTest.qWait(300)
    assert not is_shown(project), "nobody has seen a score yet"
    assert not panel.bars.isVisible()
    assert running.setup.samples.isVisible(), "records are seen all the while"
    running.setup.ensureWidgetVisible(panel)
    if by_key:
        panel.show_them.setFocus()
        QTest.keyClick(panel.show_them, Qt.Key.Key_Return)
    else:
        at = QPoint(10, 10)
        assert panel.show_them.visibleRegion().contains(at)
        QTest.mouseClick(panel.show_them, LEFT, NONE, at)
    qtbot.waitUntil(panel.bars.isVisible, timeout=10_000)
    assert is_shown(project)
    assert panel.bars.counts.sum() == 30
    assert panel.summary.text().startswith("So far 30 of 60 records: from 0 to 0.483, half")
    assert panel.choice.currentText() == "loss"
    assert panel.choice.hasFocus()
    goes_on.set()
    settle(qtbot, running)
    assert panel.isHidden()


def test_the_histogram_grows(
    running: MainWindow, project: Project, qtbot: QtBot, goes_on: Event
) -> None:
    panel = running.setup.first_scores
    panel.show_them.click()
    qtbot.waitUntil(panel.bars.isVisible, timeout=10_000)
    project.table.column("loss").values[:] = 0.5
    qtbot.waitUntil(lambda: panel.bars.counts.sum() == 60, timeout=20_000)
    assert panel.summary.text().startswith("So far 60 of 60 records")
    goes_on.set()
    settle(qtbot, running)
