"""What can be done without a mouse, and how a person learns of it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot

from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.steps import place

Key = Qt.Key


def test_the_menu_bar_is_seen_and_opened_by_alt_and_by_f10(window: MainWindow, qtbot: QtBot) -> None:
    bar = window.menuBar()
    assert bar.isVisible()
    window.start.demo.setFocus()
    for key in (Key.Key_Alt, Key.Key_F10):
        QTest.keyClick(window.start.demo, key)
        active = bar.activeAction()
        assert active is not None
        assert active.text() == "&File"
        QTest.keyClick(bar, Key.Key_Right)
        QTest.keyClick(bar, Key.Key_Down)
        opened = QApplication.activePopupWidget()
        assert isinstance(opened, QMenu)
        assert opened.title() == "&Edit"
        QTest.keyClick(opened, Key.Key_Escape)
        QTest.keyClick(bar, Key.Key_Escape)
        assert QApplication.activePopupWidget() is None
        qtbot.waitUntil(lambda: bar.activeAction() is None)
        assert window.start.demo.hasFocus()


def test_a_letter_opens_its_menu(window: MainWindow) -> None:
    QTest.keyClick(window.start.demo, Key.Key_V, Qt.KeyboardModifier.AltModifier)
    opened = QApplication.activePopupWidget()
    assert isinstance(opened, QMenu)
    texts = {action.text(): action.shortcut().toString() for action in opened.actions()}
    assert texts["All actions…"] == "Ctrl+K"
    opened.close()


def test_letters_of_menus_differ(window: MainWindow) -> None:
    titles = [action.text() for action in window.menuBar().actions()]
    letters = [title[title.index("&") + 1] for title in titles]
    assert len(set(letters)) == len(letters) > 0


def test_f1_lists_what_can_be_done_and_the_start_page_says_so(window: MainWindow) -> None:
    said = "\n".join(label.text() for label in window.start.findChildren(QLabel) if label.isVisible())
    assert "Ctrl+K" in said
    assert "F1" in said
    QTest.keyClick(window.start.demo, Key.Key_F1)
    assert window.action_list.isVisible()
    assert "Try the demo" in window.action_list.texts()


@pytest.mark.parametrize("key", [Key.Key_Return, Key.Key_Enter, Key.Key_Space])
def test_enter_presses_the_button_that_has_the_focus(window: MainWindow, key: Qt.Key) -> None:
    window.start.check.setFocus()
    QTest.keyClick(window.start.check, key)
    assert place(window) == "check"


def test_enter_opens_a_fold_and_ticks_no_box(window: MainWindow) -> None:
    fold = window.request.keys.training.button
    before = fold.isChecked()
    QTest.keyClick(fold, Key.Key_Return)
    assert fold.isChecked() is not before
    box = window.release.consequence.consent
    QTest.keyClick(box, Key.Key_Return)
    assert not box.isChecked()
