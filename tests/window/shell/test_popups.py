"""A list of choices shows them all, and its field shows the one that was chosen."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import consortium, owner_records
from tests.releases import select
from tests.window.steps import give, settle


def test_the_lists_of_explore_and_release(window: MainWindow, qtbot: QtBot, project: Path) -> None:
    select(project, threshold="0.5")
    window.open_project(project)
    for place_id in (PlaceId.EXPLORE, PlaceId.RELEASE, PlaceId.RULE):
        window.show_place(place_id)
        settle(qtbot, window)
        check_boxes(qtbot, getattr(window, place_id))


def test_the_lists_of_setup(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    give(qtbot, window, owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium"))
    check_boxes(qtbot, window.setup)


def check_boxes(qtbot: QtBot, place: QWidget) -> None:
    boxes = [box for box in place.findChildren(QComboBox) if box.isVisible() and box.isEnabled()]
    assert boxes
    for box in boxes:
        qtbot.wait(1)
        for index in range(box.count()):
            box.setCurrentIndex(index)
            qtbot.wait(1)
            if box.isVisible():
                assert room_of(box) >= width_of(box, index), f"“{box.currentText()}” is cut off"
        if box.isVisible():
            check_popup(qtbot, box)


def check_popup(qtbot: QtBot, box: QComboBox) -> None:
    """Open a box by the mouse; each choice can be seen in full."""
    QTest.mouseClick(box, Qt.MouseButton.LeftButton)
    view = box.view()
    qtbot.waitUntil(view.isVisible)
    qtbot.wait(1)
    visible = view.viewport().rect()
    for index in range(min(box.count(), box.maxVisibleItems())):
        place = view.visualRect(box.model().index(index, 0))
        assert visible.contains(place), f"“{box.itemText(index)}” is not seen"
        assert place.width() >= width_of(box, index), f"“{box.itemText(index)}” is cut off"
    QTest.keyClick(view, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not view.isVisible())


def width_of(box: QComboBox, index: int) -> int:
    return box.fontMetrics().horizontalAdvance(box.itemText(index))


def room_of(box: QComboBox) -> int:
    """Return the width that the chosen text has."""
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    part = QStyle.SubControl.SC_ComboBoxEditField
    return box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box).width()
