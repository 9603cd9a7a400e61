"""Ctrl+G leads to one record and changes nothing else."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.state import State
from tests.window.explore.place.steps import COUNT, LEFT


def go_to(explore: ExplorePlace, text: str) -> None:
    explore.go_to()
    QTest.keyClicks(explore.jump.field, text)
    QTest.keyClick(explore.jump.field, Qt.Key.Key_Return)


def test_a_name_is_gone_to(explore: ExplorePlace, state: State) -> None:
    order, undo = state.order.copy(), state.undo.count()
    go_to(explore, "3")
    assert state.current == 3
    place = state.order.tolist().index(3)
    assert explore.gallery.viewport().rect().contains(explore.gallery.tile_rect(place).center())
    assert explore.gallery.hasFocus()
    assert explore.jump.isHidden()
    assert (state.order == order).all()
    assert (state.undo.count(), state.filter, bool(state.marked.any())) == (undo, "", False)


def test_a_number_is_the_place_in_the_order(explore: ExplorePlace, state: State) -> None:
    go_to(explore, "#1")
    assert state.current == state.order[0]
    go_to(explore, f"{COUNT}")  # No record is called so.
    assert state.current == state.order[-1]
    go_to(explore, f"#{COUNT + 1}")
    assert explore.jump.isVisible()
    assert explore.jump.answer.full_text == f"{COUNT} records are shown."
    assert state.current == state.order[-1]


def test_what_there_is_not_is_said(explore: ExplorePlace, state: State) -> None:
    go_to(explore, "whale")
    assert "“whale”" in explore.jump.answer.full_text
    assert explore.jump.show_it.isHidden()
    assert state.current is None
    QTest.keyClick(explore.jump.field, Qt.Key.Key_Escape)
    assert explore.jump.isHidden()
    assert explore.gallery.hasFocus()


def test_a_record_that_is_filtered_out_is_shown_by_a_button(
    explore: ExplorePlace, state: State
) -> None:
    explore.find_row.set_filter("loss > 0.5")
    go_to(explore, "3")
    assert "filter hides “3”" in explore.jump.answer.full_text
    assert state.filter == "loss > 0.5"
    QTest.mouseClick(explore.jump.show_it, LEFT)
    assert (state.current, state.filter, len(state.order)) == (3, "", COUNT)


def test_ctrl_g_asks(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    QTest.keyClick(window.explore.gallery, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert window.explore.jump.field.hasFocus()
    QTest.keyClicks(window.explore.jump.field, "7")
    QTest.keyClick(window.explore.jump.field, Qt.Key.Key_Return)
    assert window.state.current == 7
