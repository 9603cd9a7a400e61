"""What is ticked under “What to compute” is what the job runs, and its time is told beforehand."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from dataselect_gui.window.setup.score_choice import ScoreChoices
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import ScoreChoice
from tests.window.scenes import World, make_world, rest
from tests.window.setup.steps import shown_text
from tests.window.steps import give

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def ready(window: MainWindow, qtbot: QtBot, world: World) -> MainWindow:
    """Records and a checkpoint without a project, tried."""
    (world.folder / "other").mkdir()
    source = world.source.rename(world.folder / "other" / world.source.name)
    give(qtbot, window, source, world.checkpoint)
    rest(window)
    return window


def click(window: MainWindow, button: QAbstractButton) -> None:
    """Press a button where it is scrolled to."""
    window.setup.ensureWidgetVisible(button)
    QTest.qWait(20)
    at = QPoint(10, button.height() // 2)
    assert button.visibleRegion().contains(at)
    QTest.mouseClick(button, LEFT, NONE, at)
    QTest.qWait(20)


def test_what_is_ticked_is_what_runs_and_its_time_is_said_before(
    ready: MainWindow, made_up: list[dict[str, Any]]
) -> None:
    choices, line = ready.setup.score_choices, ready.setup.score_line
    click(ready, choices.fold.button)
    usual = ["loss", "margin", "el2n", "grad_norm", "plis", "random"]
    assert list(choices.boxes) == usual
    assert choices.names == usual
    assert line.cost.text() == "Computes 6 scores: about 1 s."
    assert "It needs at least two checkpoints of one training run; there is 1." in shown_text(ready)
    click(ready, choices.boxes["plis"])
    click(ready, choices.boxes["random"])
    assert line.cost.text() == "Computes 4 scores: about 1 s."
    click(ready, ready.setup.training.no)
    click(ready, ready.setup.score)
    rest(ready)
    assert made_up[0]["names"] == ["loss", "margin", "el2n", "grad_norm"]
    assert made_up[0]["precision"] == "float32"


def test_the_precision_is_chosen_by_keys(ready: MainWindow, made_up: list[dict[str, Any]]) -> None:
    choices = ready.setup.score_choices
    choices.fold.button.setFocus()
    QTest.keyClick(choices.fold.button, Qt.Key.Key_Return)
    assert choices.exact.text() == "Exact (float64), about 2.5 times slower"
    choices.usual.setFocus()
    QTest.keyClick(choices.usual, Qt.Key.Key_Down)
    QTest.keyClick(choices.exact, Qt.Key.Key_Space)
    assert choices.exact.isChecked()
    assert choices.fold.button.text() == "What to compute: 6 scores of 6, exact"
    choices.boxes["margin"].setFocus()
    QTest.keyClick(choices.boxes["margin"], Qt.Key.Key_Space)
    click(ready, ready.setup.training.no)
    ready.setup.score.setFocus()
    QTest.keyClick(ready.setup.score, Qt.Key.Key_Return)
    rest(ready)
    assert made_up[0]["precision"] == "float64"
    assert "margin" not in made_up[0]["names"]


def test_without_a_score_there_is_nothing_to_start(ready: MainWindow) -> None:
    choices = ready.setup.score_choices
    click(ready, choices.fold.button)
    click(ready, ready.setup.training.no)
    assert ready.setup.score.isEnabled()
    for box in choices.boxes.values():
        click(ready, box)
    assert not ready.setup.score.isEnabled()
    assert ready.setup.status.text() == "Choose at least one score to compute."
    assert not ready.setup.score_line.cost.text()


def test_scores_of_the_open_project_stay_and_others_can_be_added(
    window: MainWindow, world: World, made_up: list[dict[str, Any]]
) -> None:
    window.open_project(world.project)
    rest(window)
    window.show_place(window.setup.place_id)
    choices = window.setup.score_choices
    click(window, choices.fold.button)
    assert choices.names == ["loss"]
    assert not choices.boxes["loss"].isEnabled()
    assert not choices.exact.isVisible(), "its scores have one already"
    click(window, choices.boxes["el2n"])
    assert window.setup.score_line.cost.text() == "Computes 1 score."
    assert "Everything is scored." not in window.setup.status.text()
    click(window, window.setup.score)
    rest(window)
    assert made_up[0]["names"] == ["loss", "el2n"]
    assert made_up[0]["precision"] is None


def test_what_tells_wrong_records_cannot_be_left_out_of_it(qtbot: QtBot) -> None:
    choices = ScoreChoices()
    qtbot.addWidget(choices)
    choices.show_choices(
        [ScoreChoice("loss", "loss", "High.", leaves_out=True), ScoreChoice("el2n", "EL2N", "High.")]
    )
    choices.boxes["loss"].setChecked(False)
    assert choices.unfinished("none") == ""
    assert choices.unfinished("wrong").endswith("choose them, too: loss.")
    assert choices.unfinished("count") == choices.unfinished("wrong")
    choices.boxes["loss"].setChecked(True)
    assert choices.unfinished("wrong") == ""


def test_a_run_that_began_keeps_its_choice(qtbot: QtBot) -> None:
    choices = ScoreChoices()
    qtbot.addWidget(choices)
    listed = [ScoreChoice("loss", "loss", "High."), ScoreChoice("el2n", "EL2N", "High.")]
    choices.show_choices(listed)
    choices.boxes["el2n"].setChecked(False)
    choices.fix()
    assert not choices.boxes["loss"].isEnabled(), "it is in the project now"
    assert choices.boxes["el2n"].isEnabled()
    assert not choices.exact.isEnabled(), "numbers that differ are not mixed"
    choices.show_choices([])
    choices.show_choices(listed)
    assert choices.names == ["loss", "el2n"]
    assert choices.exact.isEnabled()
