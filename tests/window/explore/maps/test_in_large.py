"""The map of a record over its picture in the large view."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.explore.maps.steps import BRIGHTEST, idle, press_m


def colour(window: MainWindow) -> list[int]:
    canvas = window.explore.large.canvas
    seen = canvas.grab().toImage().pixelColor(canvas.rect().center())
    return [seen.red(), seen.green(), seen.blue()]


@pytest.mark.usefixtures("made")
def test_the_map_lies_over_the_large_picture(opened: MainWindow, qtbot: QtBot) -> None:
    window = opened
    window.state.set_current(39)
    press_m(window)
    idle(window, qtbot)
    window.explore.inspector.map.opacity.setValue(100)
    QTest.keyClick(window.explore.gallery, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.explore.large.is_working)
    assert colour(window) == BRIGHTEST  # Its value is the highest of all.
    QTest.keyClick(window.explore.large.canvas, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: not window.explore.maps.is_on)
    first, second, third = colour(window)
    assert first == second == third  # The picture itself is grey.
