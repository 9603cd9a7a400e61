from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.actions import ACTIONS, Action
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets import theme
from tests.window.steps import place

Key = Qt.Key


def type_into(window: MainWindow, text: str) -> None:
    QTest.keyClicks(window.action_list.field, text)


def press(window: MainWindow, key: Qt.Key) -> None:
    QTest.keyClick(window.action_list.field, key)


# The table


def test_every_action_has_a_name_a_text_and_keys_of_its_own(window: MainWindow) -> None:
    assert list(window.actions_by_key) == [entry.key for entry in ACTIONS]
    for each in ("key", "text", "shortcut"):
        values = [getattr(entry, each) for entry in ACTIONS]
        given = [value for value in values if value or each != "shortcut"]
        assert all(given)
        assert len(given) == len(set(given))


def test_a_letter_acts_on_records_alone() -> None:
    """Elsewhere it is typed."""
    letters = {entry.key for entry in ACTIONS if len(entry.shortcut.removeprefix("Shift+")) == 1}
    assert letters == {entry.key for entry in ACTIONS if entry.of_records}


@pytest.mark.parametrize("entry", ACTIONS, ids=lambda entry: entry.key)
def test_every_action_can_be_reached_or_says_what_stands_against_it(
    window: MainWindow, project: Path, entry: Action
) -> None:
    action = window.actions_by_key[entry.key]
    for opened in (None, project):
        if opened is not None:
            window.open_project(opened)
        obstacle = entry.obstacle(window.state)
        assert action.isEnabled() is not bool(obstacle)
        assert action.obstacle == obstacle
        if obstacle:
            assert action.toolTip() == obstacle
        window.action_list.open()
        is_offered = entry.text in window.action_list.texts()
        assert is_offered is (not obstacle and entry.key != "actions")
    menus = {menu.title().removeprefix("&"): menu for menu in window.menuBar().findChildren(QMenu)}
    assert action in menus[entry.menu.value].actions()
    assert menus[entry.menu.value].toolTipsVisible()
    owner = window.explore.gallery if entry.of_records else window
    assert action in owner.actions(), "its keys act there"
    assert action.shortcut() == QKeySequence(entry.shortcut)


def test_a_tab_follows_the_action_of_its_place(window: MainWindow, project: Path) -> None:
    def check() -> None:
        for place_id, tab in window.header.tabs.items():
            action = window.actions_by_key[place_id]
            assert tab.text() == action.entry.text
            assert tab.isEnabled() is action.isEnabled()
            assert tab.toolTip() == action.obstacle

    check()
    assert not any(tab.isEnabled() for tab in window.header.tabs.values())
    window.open_project(project)
    check()
    assert all(tab.isEnabled() for tab in window.header.tabs.values())


# The list of actions


def test_the_list_offers_every_action_that_can_be_done(window: MainWindow, project: Path) -> None:
    window.actions_by_key["actions"].trigger()
    offered = window.action_list.texts()
    assert "Try the demo" in offered
    assert "Release" not in offered
    window.open_project(project)
    window.actions_by_key["actions"].trigger()
    enabled = [action.text for action in ACTIONS if window.actions_by_key[action.key].isEnabled()]
    assert window.action_list.texts() == [text for text in enabled if text != "All actions…"]


def test_ctrl_k_opens_it_and_enter_runs_what_was_searched(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    QTest.keyClick(window, Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.action_list.isVisible()
    assert QApplication.focusWidget() is window.action_list.field
    type_into(window, "LEDG")
    assert window.action_list.texts() == ["Ledger"]
    press(window, Key.Key_Return)
    assert not window.action_list.isVisible()
    assert place(window) == "ledger"


def test_arrows_choose_and_words_may_stand_in_any_order(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    window.actions_by_key["actions"].trigger()
    type_into(window, "re are sh")
    assert window.action_list.texts() == ["Show where the records are…"]
    window.action_list.field.clear()
    type_into(window, "colours")
    assert len(window.action_list.texts()) == 3
    press(window, Key.Key_Down)
    press(window, Key.Key_Down)
    press(window, Key.Key_Down)
    press(window, Key.Key_Down)
    press(window, Key.Key_Return)
    assert theme.palette() is theme.DARK


def test_escape_closes_it_and_gives_the_focus_back(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    window.state.mark([1, 2])
    assert QApplication.focusWidget() is window.explore.gallery
    window.actions_by_key["actions"].trigger()
    press(window, Key.Key_Escape)
    assert not window.action_list.isVisible()
    assert QApplication.focusWidget() is window.explore.gallery
    assert window.state.marked.sum() == 2, "Esc was the list's"


def test_nothing_found_runs_nothing(window: MainWindow) -> None:
    window.actions_by_key["actions"].trigger()
    type_into(window, "no such thing")
    assert window.action_list.texts() == []
    for key in (Key.Key_Down, Key.Key_Up, Key.Key_Return):
        press(window, key)
    assert window.action_list.isVisible()


def test_going_on_elsewhere_closes_it(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_key["actions"].trigger()
    window.start.records.folder.setFocus()
    qtbot.waitUntil(lambda: not window.action_list.isVisible())


def test_a_click_runs(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    window.actions_by_key["actions"].trigger()
    type_into(window, "setup")
    view = window.action_list.list
    item = view.topLevelItem(0)
    assert item is not None
    where = view.visualItemRect(item).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)
    assert place(window) == "setup"


# Colours


def ground(window: MainWindow) -> QColor:
    """Return the colour of a spot of bare ground."""
    image: QImage = window.grab().toImage()
    return QColor(image.pixelColor(8, window.height() - theme.FOOTER - 8))


def test_colours_change_while_the_window_is_open(window: MainWindow) -> None:
    for key, colours in (("dark", theme.DARK), ("light", theme.LIGHT)):
        window.actions_by_key[key].trigger()
        assert theme.palette() is colours
        assert ground(window) == QColor(colours.ground)
    assert window.settings.theme == "light"


def test_colours_follow_the_system_when_it_changes(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = [Qt.ColorScheme.Dark]
    hints = type(QApplication.styleHints())
    monkeypatch.setattr(hints, "colorScheme", lambda _hints: scheme[0])
    window.actions_by_key["system"].trigger()
    assert theme.palette() is theme.DARK
    scheme[0] = Qt.ColorScheme.Light
    QApplication.styleHints().colorSchemeChanged.emit(scheme[0])
    assert theme.palette() is theme.LIGHT
    window.actions_by_key["dark"].trigger()
    QApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme.palette() is theme.DARK, "the owner's own choice stays"
    assert window.isVisible()


def test_after_a_change_of_colours_every_place_is_as_if_it_had_begun_so(
    window: MainWindow, project: Path, qtbot: QtBot
) -> None:
    places = [name for name in PlaceId if name is not PlaceId.STUDY]

    def shown(window: MainWindow, name: PlaceId) -> QImage:
        window.show_place(name)
        qtbot.wait(1)
        return window.grab().toImage()

    for name in (PlaceId.START, PlaceId.EXPLORE):  # They are painted in the old colours first.
        window.open_project(project)
        window.state.set_current(3)
        qtbot.wait(200)
        shown(window, name)
    theme.apply("dark")
    changed = {name: shown(window, name) for name in places}
    window.close()
    fresh = MainWindow(Settings())
    qtbot.addWidget(fresh)
    fresh.resize(window.size())
    fresh.show()
    fresh.open_project(project)
    fresh.state.set_current(3)
    for name in places:
        qtbot.waitUntil(lambda name=name: shown(fresh, name) == changed[name])  # type: ignore[misc]
    fresh.close()


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    shown = QColor(colour)
    parts = np.array([shown.redF(), shown.greenF(), shown.blueF()])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(colour: str, other: str) -> float:
    high, low = sorted((luminance(colour), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_the_palette_can_be_read(colours: theme.Palette) -> None:
    surfaces = (colours.ground, colours.panel, colours.sunk)
    for text in (colours.text, colours.dim, colours.accent, colours.done):
        assert min(contrast(text, surface) for surface in surfaces) >= 4.9
    for text, tint in (
        (colours.leave, colours.leave_tint),
        (colours.stay, colours.stay_tint),
        (colours.warn, colours.warn_tint),
        (colours.stop, colours.stop_tint),
        (colours.on_accent, colours.accent),
        (colours.text, colours.warn_tint),
        (colours.text, colours.stop_tint),
    ):
        assert contrast(text, tint) >= 4.9
    assert round(min(contrast(colours.edge, surface) for surface in surfaces), 1) >= 3.2
    for mark in colours.classes:  # They stand on panels alone.
        assert contrast(mark, colours.panel) >= 3.2
