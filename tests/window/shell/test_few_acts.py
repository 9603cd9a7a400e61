"""What an owner comes for takes three acts at most, counted as they are done by mouse and keys.

An act is a press of the mouse, a key with what is held beside it, a text with its Enter, or a drop.
"""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets.elided import Elided
from tests.projects import scored_project
from tests.window.scenes import World, make_world, rest
from tests.window.steps import give, place

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
MOST = 3


class Hand:
    """Presses keys and the mouse in a window, and counts the acts."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self._qtbot, self._window = qtbot, window
        self.acts = 0

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        """Press a key where the focus is."""
        self._act()
        QTest.keyClick(self._focused, key, held)
        rest(self._window)

    def type(self, text: str) -> None:
        """Type a text where the focus is, and Enter."""
        self._act()
        QTest.keyClicks(self._focused, text)
        QTest.keyClick(self._focused, Qt.Key.Key_Return)
        rest(self._window)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Press the left button on a widget that is seen, in its middle or at a place."""
        self._act()
        at = widget.rect().center() if at is None else at
        assert widget.isEnabled()
        assert widget.visibleRegion().contains(at)
        QTest.mouseClick(widget, LEFT, NONE, at)
        rest(self._window)

    def choose(self, text: str) -> None:
        """Press an entry of the menu that is open."""
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        entry = next(each for each in menu.actions() if each.text().startswith(text))
        self.click(menu, menu.actionGeometry(entry).center())
        self._window.activateWindow()  # A window manager does so; there is none.
        rest(self._window)

    def open_menu(self, widget: QWidget, at: QPoint) -> None:
        """Press the right button."""
        self._act()
        by_mouse = QContextMenuEvent.Reason.Mouse
        event = QContextMenuEvent(by_mouse, at, widget.mapToGlobal(at))
        QApplication.sendEvent(widget, event)

    def scroll_to(self, widget: QWidget) -> None:
        """Turn the wheel over a page until a widget is seen."""
        self._act()
        area = widget.parentWidget()
        while not isinstance(area, QScrollArea):
            assert area is not None
            area = area.parentWidget()
        view = area.viewport()
        for _ in range(40):
            if widget.visibleRegion().contains(widget.rect().center()):
                return
            turn(view, QPoint(4, 4))
            rest(self._window)
        raise AssertionError("the wheel does not bring it into sight")

    def drop(self, path: Path) -> None:
        """Drop a folder onto the window."""
        self._act()
        give(self._qtbot, self._window, path)

    def _act(self) -> None:
        self.acts += 1
        assert self.acts <= MOST

    @property
    def _focused(self) -> QWidget:
        focused = self._window.focusWidget()
        assert focused is not None
        return focused


def turn(widget: QWidget, at: QPoint) -> None:
    """Turn the wheel by a notch towards the person."""
    event = QWheelEvent(
        QPointF(at),
        QPointF(widget.mapToGlobal(at)),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "world").mkdir()
    return make_world(tmp_path / "world")


@pytest.fixture
def opened(window: MainWindow, world: World) -> MainWindow:
    """The window with the project, just opened."""
    window.open_project(world.project)
    rest(window)
    return window


@pytest.fixture
def decided(opened: MainWindow) -> MainWindow:
    """The window in Explore, with the question about training answered, as it is once for a project."""
    opened.state.withhold([0])  # Otherwise it is the release again that was made.
    opened.show_place(PlaceId.RELEASE)
    rest(opened)
    opened.release.answers.training.no.click()
    rest(opened)
    opened.show_place(PlaceId.EXPLORE)
    opened.explore.records.take_focus()
    return opened


@pytest.fixture
def hand(qtbot: QtBot, window: MainWindow) -> Hand:
    return Hand(qtbot, window)


def shown(window: MainWindow) -> list[int]:
    rows: list[int] = window.state.order.tolist()
    return rows


def texts(widget: QWidget) -> str:
    return "\n".join(each.text() for each in widget.findChildren(QLabel) if each.isVisible())


def test_find_a_record(opened: MainWindow, hand: Hand) -> None:
    hand.key(Qt.Key.Key_G, CTRL)
    hand.type("17")
    assert opened.state.current == 17
    assert hand.acts == 2


def test_show_all_cats_that_the_model_calls_dog(opened: MainWindow, hand: Hand) -> None:
    matrix = opened.explore.answers.matrix
    hand.click(matrix.viewport(), matrix.visualRect(matrix.model().index(1, 2)).center())
    rows = shown(opened)
    assert sorted(rows) == [row for row in range(60) if row % 3 == 1 and row % 4 == 0]
    assert hand.acts == 1


def test_the_ten_worst_mistakes(opened: MainWindow, hand: Hand) -> None:
    hand.click(opened.explore.answers.mistakes)
    assert len(shown(opened)) == 15
    assert all(row % 4 == 0 for row in shown(opened)[:10])
    assert hand.acts == 1


def test_withhold_one_person_and_undo_all_that(opened: MainWindow, hand: Hand) -> None:
    gallery = opened.explore.gallery
    row = shown(opened)[0]
    hand.open_menu(gallery.viewport(), gallery.tile_rect(0).center())
    hand.choose("Withhold all records of patient")
    person = [row // 3 * 3 + other for other in range(3)]
    assert np.flatnonzero(opened.state.withheld).tolist() == person
    assert hand.acts == 2
    hand.key(Qt.Key.Key_Z, CTRL)
    assert not opened.state.withheld.any()


def test_export_the_scores(
    opened: MainWindow, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "mine.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_given, **_more: (str(target), ""))
    assert opened.state.look is not None
    hand.key(Qt.Key.Key_K, CTRL)
    hand.type("export scores")
    assert len(target.read_text(encoding="utf-8").splitlines()) == 61
    assert hand.acts == 2


def test_what_was_released_and_when(opened: MainWindow, hand: Hand) -> None:
    hand.key(Qt.Key.Key_4, CTRL)
    entries = opened.ledger.entries
    items = [[entries.item(row, column) for column in range(3)] for row in range(entries.rowCount())]
    released = [[item.text() for item in line if item] for line in items]
    assert any(line[1].startswith("Release") and line[0].count("-") == 2 for line in released)
    assert hand.acts == 1


def test_check_a_bundle(window: MainWindow, hand: Hand, world: World) -> None:
    hand.drop(world.bundle)
    rest(window)
    assert place(window) == "check"
    assert "Everything that can be checked is in order." in texts(window.check)
    assert hand.acts == 1


def test_change_epsilon_and_see_what_it_does(decided: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    slider, consequence = decided.release.answers.amount.slider, decided.release.consequence
    before = texts(consequence)
    hand.key(Qt.Key.Key_3, CTRL)
    hand.scroll_to(slider)
    hand.click(slider, QPoint(slider.width() - 20, slider.height() // 2))
    qtbot.waitUntil(lambda: not decided.has_work and texts(consequence) != before)
    assert float(decided.release.answers.amount.epsilon.text()) > 1
    assert hand.acts == 3


def test_in_which_class_the_selection_is_thin(decided: MainWindow, hand: Hand) -> None:
    hand.key(Qt.Key.Key_3, CTRL)
    hand.click(decided.release.consequence.expected.classes.button)
    table = decided.release.consequence.expected.table
    assert table.isVisible()
    assert table.rowCount() == 3
    assert hand.acts == 2


def test_what_vog_means(window: MainWindow, hand: Hand, world: World) -> None:
    scores = [row / 60 for row in range(60)]
    project = world.folder / "vog.dataselect"
    scored_project(project, world.source, world.checkpoint, scores, "patient", score="vog")
    window.open_project(project)
    rest(window)
    said = [each.full_text for each in window.explore.histogram.findChildren(Elided)]
    assert any(text.startswith("High:") for text in said)
    assert hand.acts == 0
