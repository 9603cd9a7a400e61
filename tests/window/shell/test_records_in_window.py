"""Table and mistakes by the window's keys, with what the window keeps and says."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from dataselect_gui.window import settings
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import answered
from tests.window.steps import place

Key = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_t_leads_to_the_table_and_back(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    explore = window.explore
    assert QApplication.focusWidget() is explore.gallery
    QTest.keyClick(explore.gallery, Key.Key_T)
    assert QApplication.focusWidget() is explore.table
    assert explore.as_table.isChecked()
    QTest.keyClick(explore.table, Key.Key_T)
    assert QApplication.focusWidget() is explore.gallery
    assert not explore.as_table.isChecked()
    explore.find_records()
    QTest.keyClick(explore.find_row.field, Key.Key_T)
    assert explore.find_row.field.text() == "t", "elsewhere a letter is typed"
    assert explore.gallery.isVisible()


def test_w_withholds_in_the_table_as_in_the_gallery(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    window.explore.records.switch()
    table, state = window.explore.table, window.state
    QTest.keyClick(table, Key.Key_Down)
    QTest.keyClick(table, Key.Key_Down)
    QTest.keyClick(table, Key.Key_Space)
    record = state.current
    assert record is not None
    QTest.keyClick(table, Key.Key_W)
    assert np.flatnonzero(state.withheld).tolist() == [record]
    QTest.keyClick(table, Key.Key_W, SHIFT)
    assert not state.withheld.any()


def test_a_copy_is_noted_below(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    window.explore.records.switch()
    QTest.keyClick(window.explore.table, Key.Key_Down)
    QTest.keyClick(window.explore.table, Key.Key_C, CONTROL)
    assert len(QGuiApplication.clipboard().text().splitlines()) == 2
    assert "stay on this machine" in window.footer.undone.full_text


def test_chosen_columns_are_kept(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    window.explore.table.set_hidden({"label", "withheld"})
    assert settings.load().hidden_columns == ["label", "withheld"]
    other = MainWindow(settings.load())
    try:
        assert other.explore.table.hidden == {"label", "withheld"}
    finally:
        other.close()
        other.deleteLater()


def test_mistakes_are_shown_by_keys_from_anywhere(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    action = window.actions_by_key["mistakes"]
    assert not action.isEnabled()
    assert action.obstacle == "What the model answers was not kept; score again to see it."
    answered(project)
    window.open_project(project)
    window.show_place(PlaceId.LEDGER)
    QTest.keyClick(window, Key.Key_M, CONTROL | SHIFT)
    assert place(window) is PlaceId.EXPLORE
    look, state = window.state.look, window.state
    assert look is not None
    assert look.answers is not None
    assert sorted(state.order.tolist()) == np.flatnonzero(look.answers.differ).tolist()
    assert state.order.tolist() == sorted(
        state.order.tolist(), key=lambda row: -look.scores["loss"][row]
    )
    answered(project, lambda row: row % 3)
    window.open_project(project)
    assert action.obstacle == "The model disagrees with none of your labels."
