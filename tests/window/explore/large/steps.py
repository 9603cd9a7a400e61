"""Steps of somebody who looks at one record."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore.large.view import LargeView
from dataselect_gui.window.shell.main_window import MainWindow

NAMES = [f"cat/{letter}.png" for letter in "abc"] + [f"dog/{letter}.png" for letter in "def"]
GREYS = np.arange(256, dtype=np.uint8).reshape(8, 32).repeat(4, axis=0)
"""As high as it is wide, dark at the top and bright at the bottom."""
COLOURS = np.full((20, 40, 3), (200, 30, 60), dtype=np.uint8)
DEEP = np.tile(np.linspace(0, 40_000, 50).astype(np.uint16), (30, 1))
"""Of 16 bits, brighter to the right."""


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until everything that is to be read was read."""
    explore = window.explore
    qtbot.waitUntil(
        lambda: not (explore.large.is_working or explore.thumbnails.is_waiting), timeout=30_000
    )
    qtbot.wait(20)


def large(window: MainWindow) -> LargeView:
    return window.explore.large


def open_large(qtbot: QtBot, window: MainWindow, name: str) -> LargeView:
    """Choose a record and press Enter on it."""
    look = window.state.look
    assert look is not None
    window.state.set_current(list(look.ids).index(name))
    QTest.keyClick(window.explore.gallery, Qt.Key.Key_Return)
    settle(qtbot, window)
    return large(window)


def press(
    widget: QWidget, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.keyClick(widget, key, held)


def drag(widget: QWidget, button: Qt.MouseButton, start: QPoint, end: QPoint) -> None:
    """Drag in ten steps, as a hand does."""
    QTest.mousePress(widget, button, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 11):
        at = start + (end - start) * step / 10
        _move(widget, at, button)
    QTest.mouseRelease(widget, button, Qt.KeyboardModifier.NoModifier, end)


def _move(widget: QWidget, at: QPoint, button: Qt.MouseButton) -> None:
    """Move with the button held: `QTest.mouseMove` holds none."""
    none = Qt.KeyboardModifier.NoModifier
    moved = widget.mapToGlobal(at)
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(at), QPointF(moved), Qt.MouseButton.NoButton, button, none
    )
    QApplication.sendEvent(widget, event)


def colour_at(widget: QWidget, at: QPoint) -> QColor:
    return widget.grab().toImage().pixelColor(at)


def menu() -> QMenu:
    """Return the menu that is open."""
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, QMenu)
    return popup


def choose(text: str) -> None:
    """Press an entry of the open menu, by mouse."""
    opened = menu()
    action = next(action for action in opened.actions() if action.text() == text)
    assert action.isEnabled()
    QTest.mouseClick(opened, Qt.MouseButton.LeftButton, pos=opened.actionGeometry(action).center())


def entries() -> list[str]:
    """Return what the open menu offers now."""
    return [each.text() for each in menu().actions() if each.isEnabled() and each.text()]
