"""Every place by keyboard and by screen reader: names, roles, the way of Tab, a focus that is seen."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QMenuBar,
    QPushButton,
    QRadioButton,
    QSplitterHandle,
    QWidget,
)
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.scenes import SCENES, World, make_world, show_scene

_MOST = 400
"""Presses of Tab after which it goes round no more."""
_SEEN = 40
"""Pixels that the focus has to change at least: a blinking cursor alone changes fewer."""


@pytest.fixture
def world(tmp_path: Path, home: Path) -> World:
    del home
    (tmp_path / "world").mkdir()
    return make_world(tmp_path / "world")


@pytest.fixture(params=SCENES)
def shown(
    request: pytest.FixtureRequest, qtbot: QtBot, world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """The window at each place."""

    def no_plan(*_given: object) -> None:
        raise UnusableError("There is no plan.", "The checkpoint cannot be loaded.", "Ask for another.")

    monkeypatch.setattr(workflow, "plan_study", no_plan)
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    show_scene(window, world, request.param)
    yield window
    window.close()


def test_a_place_is_for_everyone(shown: MainWindow) -> None:
    subjects = [widget for widget in inside(shown) if takes_focus(widget) or is_pressed(widget)]
    assert len(subjects) > 4
    faults = [f"{where(widget)}: {fault}" for widget in subjects if (fault := fault_of(widget))]
    onward = round_by(shown, Qt.Key.Key_Tab, faults)
    back = round_by(shown, Qt.Key.Key_Backtab)
    for visited in (onward, back):
        reached = set(visited) | reached_by_arrows(visited)
        faults += [f"{where(widget)}: no key leads here" for widget in set(subjects) - reached]
    faults += [f"{where(widget)}: in one direction alone" for widget in set(onward) ^ set(back)]
    assert not faults, "\n".join(sorted(set(faults)))


def test_the_checks_would_fire(qtbot: QtBot, window: MainWindow) -> None:
    column = window.start.demo.parentWidget()
    assert column is not None
    made = nameless, by_path, unseen, unreached = [QPushButton(column) for _ in range(4)]
    for button, text in zip(made, ("", "/home/me/scans", "Go", "Stop"), strict=True):
        button.setText(text)
        button.show()
    nameless.move(0, 100)
    unseen.setStyleSheet("QPushButton:focus { border: 1px solid #7A8492; padding: 4px 12px; }")
    unreached.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    qtbot.wait(20)
    assert fault_of(nameless) == "no name"
    assert fault_of(by_path).startswith("named by a path")
    faults: list[str] = []
    visited = round_by(window, Qt.Key.Key_Tab, faults)
    assert f"{where(unseen)}: its focus is not seen" in faults
    assert f"{where(nameless)}: its focus is not seen" not in faults
    assert unreached not in visited


# What is looked at


def inside(window: MainWindow) -> list[QWidget]:
    """Return what can be seen and used of a window, without its menus, which have keys of their own."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.window() is window
        and not isinstance(widget, QMenuBar | QSplitterHandle)
        and not isinstance(widget.parentWidget(), QMenuBar)
    ]


def takes_focus(widget: QWidget) -> bool:
    """Return whether Tab should come to a widget."""
    takes = bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)
    return takes and widget.focusProxy() is None


def is_pressed(widget: QWidget) -> bool:
    """Return whether a press of the mouse does something."""
    hand = widget.testAttribute(Qt.WidgetAttribute.WA_SetCursor) and (
        widget.cursor().shape() is Qt.CursorShape.PointingHandCursor
    )
    return isinstance(widget, QAbstractButton) or hand


def where(widget: QWidget) -> str:
    """Return a widget for somebody who looks for it."""
    parents: list[str] = []
    above: QWidget | None = widget
    while above is not None and len(parents) < 4:
        parents.append(type(above).__name__)
        above = above.parentWidget()
    text = str(widget.text()) if isinstance(widget, QAbstractButton) else widget.accessibleName()
    return f"{' in '.join(parents)} “{text}”"


def fault_of(widget: QWidget) -> str:
    """Return what is wrong with what a screen reader says of a widget; empty where nothing is."""
    interface = QAccessible.queryAccessibleInterface(widget)
    if interface is None or not interface.isValid():
        return "not known to a screen reader"
    name = interface.text(QAccessible.Text.Name).strip()
    if not name:
        return "no name"
    if name.startswith(("/", "~", "file:")) or re.match(r"[A-Za-z]:[\\/]", name):
        return f"named by a path, {name}"
    if name in {kind.__name__ for kind in type(widget).mro()}:
        return f"named by its class, {name}"
    if not re.search(r"[^\W\d_]", name):
        return f"a name without a letter, {name}"
    if interface.role() in {QAccessible.Role.NoRole, QAccessible.Role.Client}:
        return f"no role: {interface.role()}"
    return ""


# By keyboard


def round_by(window: MainWindow, key: Qt.Key, faults: list[str] | None = None) -> list[QWidget]:
    """Return where a key leads, from one widget to the next until it comes to one again.

    Where `faults` are given, whether the focus is seen is noted there.
    """
    focused = QApplication.focusWidget()
    if focused is None or not focused.isVisible():
        QTest.keyClick(window, key)
    visited: list[QWidget] = []
    for _ in range(_MOST):
        focused = QApplication.focusWidget()
        assert focused is not None, f"the focus was lost after {where(visited[-1])}"
        if focused in visited:
            assert focused is visited[0], f"{where(visited[-1])} leads back to {where(focused)}"
            return visited
        visited.append(focused)
        if faults is not None:
            if seen_of(window, focused).isEmpty():
                faults.append(f"{where(focused)}: has the focus and is out of sight")
            elif change_by_focus(window, focused) < _SEEN:
                faults.append(f"{where(focused)}: its focus is not seen")
        QTest.keyClick(focused, key)
    raise AssertionError("the keys go on and on")


def reached_by_arrows(visited: list[QWidget]) -> set[QWidget]:
    """Return the radio buttons that arrows lead to from those that were visited."""
    reached: set[QWidget] = set()
    for radio in visited:
        if isinstance(radio, QRadioButton):
            group, parent = radio.group(), radio.parentWidget()
            assert parent is not None
            near = parent.findChildren(QRadioButton, options=Qt.FindChildOption.FindDirectChildrenOnly)
            reached |= set(near if group is None else group.buttons())
    return reached


def change_by_focus(window: MainWindow, widget: QWidget) -> int:
    """Return how many pixels of a widget and around it the focus changes."""
    with_focus = picture_around(window, widget)
    widget.clearFocus()
    without = picture_around(window, widget)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    if with_focus.shape != without.shape:
        return _SEEN  # It even has another size.
    return int((with_focus != without).any(axis=2).sum())


def seen_of(window: MainWindow, widget: QWidget) -> QRect:
    """Return which part of the window shows a widget, its own content included."""
    seen = widget.rect()
    while widget is not window:
        seen.translate(widget.pos())
        above = widget.parentWidget()
        assert above is not None
        widget, seen = above, seen & above.rect()
    return seen


def picture_around(window: MainWindow, widget: QWidget) -> np.ndarray:
    """Return the pixels of what is seen of a widget, and a little around it."""
    QTest.qWait(1)
    seen = seen_of(window, widget).adjusted(-4, -4, 4, 4)
    image = window.grab(seen.intersected(window.rect())).toImage()
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8, count=image.sizeInBytes())
    return pixels.reshape(image.height(), image.width(), 4).copy()
