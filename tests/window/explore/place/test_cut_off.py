"""The cut-off is dragged, typed and undone; records are withheld and restored."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.project.project import Project
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Rule, ScoreCut
from tests.window.explore.place.steps import LEFT, NONE, Show, marked, texts


def stored_rule(project: Path) -> Rule | None:
    return workflow.look(project).rule


# The cut-off


def test_dragging_is_one_step_of_undo(
    qtbot: QtBot, explore: ExplorePlace, state: State, project: Path
) -> None:
    histogram = explore.histogram
    before = stored_rule(project)
    for value in (0.6, 0.7, 0.75):
        histogram.drag_to(value)
        qtbot.waitUntil(lambda value=value: state.selection.threshold == value)  # type: ignore[misc]
        assert stored_rule(project) == before
        assert state.undo.count() == 0
    assert int(state.selection.chosen.sum()) == 10
    histogram.end_drag()
    assert state.undo.count() == 1
    assert stored_rule(project) == ScoreCut("loss", "threshold", Decimal("0.75"))
    state.undo.undo()
    assert stored_rule(project) == before
    assert int(state.selection.chosen.sum()) == 20


def test_escape_restores_the_cut_off(qtbot: QtBot, explore: ExplorePlace, state: State) -> None:
    state.mark([1])
    explore.histogram.drag_to(0.75)
    qtbot.waitUntil(lambda: state.selection.threshold == 0.75)
    QTest.keyClick(explore.gallery, Qt.Key.Key_Escape)
    assert (state.selection.threshold, state.undo.count()) == (0.5, 0)
    assert marked(state) == [1]
    explore.histogram.end_drag()
    assert state.undo.count() == 0
    QTest.keyClick(explore.gallery, Qt.Key.Key_Escape)
    assert marked(state) == []


def test_the_mouse_drags_the_cut_off(qtbot: QtBot, explore: ExplorePlace, state: State) -> None:
    from pyqtgraph import GraphicsLayoutWidget, InfiniteLine

    plot: Any = explore.histogram.findChild(GraphicsLayoutWidget)
    plot.grab()  # Only a paint gives the line its place.
    line = next(item for item in plot.scene().items() if isinstance(item, InfiniteLine))
    start = plot.mapFromScene(line.mapToScene(line.boundingRect().center()))
    where = plot.viewport()
    QTest.mouseMove(where, start)
    QTest.mousePress(where, LEFT, NONE, start)
    for step in range(1, 8):
        QTest.mouseMove(where, start + QPoint(20 * step, 0))
        qtbot.wait(40)
    QTest.mouseRelease(where, LEFT, NONE, start + QPoint(140, 0))
    assert state.undo.count() == 1
    assert state.cut is not None
    assert 0.55 < float(state.cut.value) < 0.8


def test_a_count_becomes_a_threshold_when_moved(explore: ExplorePlace, state: State) -> None:
    state.set_rule(workflow.make_rule("loss", count=4))
    assert "the 4 with the highest loss · 4 in the selection" in texts(explore)
    explore.histogram.move_cut(-10)
    assert state.cut is not None
    assert state.cut.by == "threshold"
    assert float(state.cut.value) < 0.9


def test_a_cut_off_can_be_typed(explore: ExplorePlace, state: State) -> None:
    field = explore.histogram.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    assert field.text() == "0.5"
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert state.undo.count() == 0
    field.selectAll()
    QTest.keyClicks(field, "0.9")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert state.rule == ScoreCut("loss", "threshold", Decimal("0.9"))
    assert state.undo.count() == 1


@pytest.mark.parametrize("language", ["en_US", "de_DE"])
def test_a_comma_is_no_group_of_thousands(explore: ExplorePlace, state: State, language: str) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(language))
    try:
        retype(explore, "0,75")
    finally:
        QLocale.setDefault(before)
    assert state.rule == ScoreCut("loss", "threshold", Decimal("0.75"))


def test_an_unclear_cut_off_is_refused_with_a_reason(
    explore: ExplorePlace, state: State, qtbot: QtBot
) -> None:
    before, field = state.rule, explore.histogram.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    with qtbot.waitSignal(state.failed) as refused:
        retype(explore, "1,500")
    assert refused.args is not None
    assert str(refused.args[0]).startswith("The cut-off cannot be “1,500”. It could mean 1.5 or 1500.")
    assert (state.rule, state.undo.count(), field.text()) == (before, 0, "0.5")


def test_undo_in_a_field_undoes_the_typing_alone(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    window.state.withhold([3])
    field = window.explore.histogram.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_End)
    QTest.keyClicks(field, "25")
    assert field.text() == "0.525"
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert field.text() == "0.5"
    assert window.state.withheld[3]
    window.explore.gallery.setFocus()
    QTest.keyClick(window.explore.gallery, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not window.state.withheld[3]


def retype(explore: ExplorePlace, text: str) -> None:
    """Type another cut-off into its field."""
    field = explore.histogram.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_brackets_move_the_cut_off(explore: ExplorePlace, state: State) -> None:
    QTest.keyClicks(explore.gallery, "]")
    assert state.cut is not None
    assert float(state.cut.value) > 0.5
    QTest.keyClicks(explore.gallery, "[[")
    assert float(state.cut.value) < 0.5


def test_the_line_stands_at_the_cut(explore: ExplorePlace, state: State) -> None:
    def place() -> int | None:
        return explore.gallery.cut_place

    assert place() == 20
    state.sort_by("loss", descending=False)
    assert place() == 20
    assert not state.selection.chosen[state.order[19]]
    assert state.selection.chosen[state.order[20]]
    state.set_rule(workflow.make_rule("loss", threshold="0.25", lowest=True))
    assert place() == 11


# Withholding


def test_withholding_can_be_undone(explore: ExplorePlace, state: State, project: Path) -> None:
    rows = [int(row) for row in state.order[:3]]
    state.mark(rows)
    assert "Withhold 3" in texts(explore)
    explore.withhold()
    assert not workflow.look(project).eligible[rows].any()
    assert int(state.selection.chosen.sum()) == 17
    assert "Restore 3" in texts(explore)
    state.undo.undo()
    assert workflow.look(project).eligible.all()
    state.undo.redo()
    assert not workflow.look(project).eligible[rows].any()
    explore.restore()
    assert state.eligible.all()


def test_who_opted_out_is_not_restored_and_not_taken_for_withheld(
    project: Path, show: Show, tmp_path: Path
) -> None:
    """A register's word is no step of the owner's: it is neither undone nor written down as theirs."""
    (tmp_path / "register.csv").write_text("record\n39\n38\n")
    workflow.opt_out(project, tmp_path / "register.csv", None)
    state = State()
    state.open(project)
    explore = show(state)
    assert int(state.selection.chosen.sum()) == 18
    assert explore.gallery.describe_record(39) == "39, bird, Loss 0.975, opted out"
    state.set_current(39)
    assert "Opted out: it never leaves." in "\n".join(texts(explore))
    state.restore([39])
    assert state.undo.count() == 0
    state.withhold([37, 38])
    assert Project.open(project).withheld == {"37", "38"}
    workflow.opt_in(project, tmp_path / "register.csv", None)
    state.open(project)
    assert state.eligible[39]
    assert not state.eligible[38]
