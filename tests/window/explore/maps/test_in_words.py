"""Maps by keyboard, in a small window, and in words."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore.map_view import summary_of
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.explore.maps.steps import idle, is_shown, picture, press_m, status_text
from tests.window.steps import place


@pytest.mark.usefixtures("made")
def test_m_opens_the_record_where_there_is_little_room(opened: MainWindow, qtbot: QtBot) -> None:
    opened.resize(640, 400)
    assert not opened.explore.inspector.isVisible()
    press_m(opened)
    assert opened.explore.inspector.isVisible()
    qtbot.waitUntil(lambda: is_shown(opened))
    view = opened.explore.inspector.map
    assert view.opacity.visibleRegion().boundingRect().height() == view.opacity.height()
    assert picture(opened).height() >= 96
    press_m(opened)
    assert not view.button.isChecked()
    idle(opened, qtbot)


@pytest.mark.usefixtures("made")
def test_m_acts_only_on_records_and_stands_in_the_list(opened: MainWindow, qtbot: QtBot) -> None:
    opened.explore.histogram.setFocus()
    QTest.keyClick(QApplication.focusWidget() or opened, Qt.Key.Key_M)
    assert not opened.explore.maps.is_on or QApplication.focusWidget() is opened.explore.gallery
    opened.show_place(PlaceId.LEDGER)
    opened.actions_by_key["actions"].trigger()
    QTest.keyClicks(opened.action_list.field, "map")
    assert opened.action_list.texts() == ["Map"]
    QTest.keyClick(opened.action_list.field, Qt.Key.Key_Return)
    assert place(opened) == "explore"
    qtbot.waitUntil(lambda: is_shown(opened))
    opened.show_place(PlaceId.LEDGER)
    opened.actions_by_key["map"].trigger()
    assert place(opened) == "explore"
    assert is_shown(opened), "it was not to be seen, and is hidden now"
    idle(opened, qtbot)


@pytest.mark.usefixtures("made")
def test_the_map_is_told_in_words(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[str] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(
        QAccessible, "updateAccessibility", lambda event: announced.append(event.message())
    )
    press_m(opened)
    qtbot.waitUntil(lambda: is_shown(opened))
    summary = opened.explore.inspector.map.summary
    assert picture(opened).accessibleDescription() == summary == status_text(opened)
    assert announced == [summary]
    assert (
        opened.explore.inspector.map.opacity.accessibleName()
        == "How strongly the map covers the record"
    )
    idle(opened, qtbot)


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        (
            (0, 0),
            "Brightest on average in the upper left. Its brightest point is 10 times its middle value.",
        ),
        ((0, 5), "Brightest on average at the top. Its brightest point is 10 times its middle value."),
        (
            (5, 5),
            "Brightest on average in the centre. Its brightest point is 10 times its middle value.",
        ),
        (
            (5, 8),
            "Brightest on average at the right. Its brightest point is 10 times its middle value.",
        ),
        (
            (8, 8),
            "Brightest on average in the lower right. "
            "Its brightest point is 10 times its middle value.",
        ),
    ],
)
def test_where_a_map_is_high_is_said(where: tuple[int, int], sentence: str) -> None:
    values = np.full((9, 10), 0.5, dtype=np.float32)
    values[where] = 5
    assert summary_of(values) == sentence


def test_a_map_without_a_peak_is_said() -> None:
    assert summary_of(np.full((1, 1), 3, dtype=np.float32)) == "The same everywhere."
    lonely = np.zeros((9, 9), dtype=np.float32)
    lonely[8, 0] = 1
    assert (
        summary_of(lonely) == "Brightest on average in the lower left. At least half of the map is 0."
    )
    slight = np.ones((2, 2), dtype=np.float32)
    slight[1, 1] = 1.25
    assert summary_of(slight).endswith("Its brightest point is 1.2 times its middle value.")
