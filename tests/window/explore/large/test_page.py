"""Texts and rows, laid out to be read."""

import csv
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore.large.page import Page
from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import consortium, scored_project
from tests.window.explore.large.steps import large, press, settle

LONG = "first line\n" + "word " * 9_000 + "\nlast line"


def test_a_text_is_shown_in_full_and_copied(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    with table.open("w", newline="") as file:
        rows = [["text", "label"], [LONG, "a"], ["short", "b"]]
        csv.writer(file).writerows(rows)
    scored_project(
        tmp_path / "project", table, consortium(tmp_path / "model"), [1, 0], text_column="text"
    )
    window.open_project(tmp_path / "project")
    window.state.set_current(0)
    QTest.keyClick(window.explore.gallery, Qt.Key.Key_Return)
    settle(qtbot, window)
    page = large(window).page
    assert page.hasFocus()
    assert page.toPlainText().replace("\n", " ").split() == LONG.split()
    assert not large(window).levels.isVisible()
    press(page, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    press(page, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().endswith("last line")
    press(page, Qt.Key.Key_Right)
    settle(qtbot, window)
    assert page.toPlainText() == "short"
    press(page, Qt.Key.Key_Escape)
    assert window.explore.gallery.hasFocus()


def test_rows_are_in_two_columns_unless_a_cell_is_long(qtbot: QtBot) -> None:
    page = Page()
    qtbot.addWidget(page)
    many = tuple((f"column {number}", str(number)) for number in range(1_500))
    page.show_record(many)
    lines = page.toPlainText().splitlines()
    assert lines == [f"{name}\t{text}" for name, text in many]
    page.show_record((("age", "40"), ("note", "a\nb")))
    assert page.toPlainText().splitlines() == ["age:", "40", "", "note:", "a", "b"]


def test_what_is_too_long_to_lay_out_is_counted(qtbot: QtBot) -> None:
    page = Page()
    qtbot.addWidget(page)
    page.show_record((("", "line\n" * 20_000 + "12345678"),))
    assert page.toPlainText().endswith("… (8 more characters)")
