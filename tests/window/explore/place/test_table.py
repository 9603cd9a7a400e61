"""The table of records: the gallery's equal, with the same order, marks and current record."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore import record_table
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.explore.record_columns import RecordColumn
from dataselect_gui.window.explore.record_table import RecordTable
from dataselect_gui.window.state import State
from tests.projects import answered
from tests.window.explore.place.steps import COUNT, LEFT, NONE, Show, marked

Key = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
TITLES = ["Record", "Given label", "Model says", "How sure", "Loss", "In the selection", "Withheld"]


@pytest.fixture
def state(project: Path) -> State:
    answered(project, lambda row: row % 3 if row % 4 else (row + 1) % 3)
    made = State()
    made.open(project)
    return made


@pytest.fixture
def table(explore: ExplorePlace) -> RecordTable:
    QTest.mouseClick(explore.as_table, LEFT)
    assert explore.table.isVisible()
    assert explore.table.hasFocus()
    return explore.table


def titles(table: RecordTable) -> list[str]:
    model = table.model()
    return [
        str(model.headerData(column, Qt.Orientation.Horizontal))
        for column in range(model.columnCount())
    ]


def line(table: RecordTable, place: int) -> list[str]:
    model = table.model()
    return [str(model.index(place, column).data()) for column in range(model.columnCount())]


def click(table: RecordTable, place: int, held: Qt.KeyboardModifier = NONE, column: int = 1) -> None:
    at = table.visualRect(table.model().index(place, column)).center()
    QTest.mouseClick(table.viewport(), LEFT, held, at)


def click_header(table: RecordTable, title: str) -> None:
    header = table.horizontalHeader()
    section = [each.removesuffix(" ↓").removesuffix(" ↑") for each in titles(table)].index(title)
    at = QPoint(header.sectionViewportPosition(section) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), LEFT, NONE, at)


def test_rows_are_the_records_in_the_order_of_the_gallery(table: RecordTable, state: State) -> None:
    assert titles(table) == ["Loss ↓" if title == "Loss" else title for title in TITLES]
    assert table.model().rowCount() == COUNT
    assert [line(table, place)[0] for place in range(COUNT)] == [str(row) for row in state.order]
    state.withhold([8])
    place = state.order.tolist().index(8)
    assert line(table, place) == ["8", "dog", "≠ bird", "93\xa0in\xa0100", "0.200", "", "yes"]
    place = state.order.tolist().index(39)
    assert line(table, place) == ["39", "bird", "bird", "93\xa0in\xa0100", "0.975", "yes", ""]


def test_a_press_on_a_score_sorts_gallery_and_table(
    explore: ExplorePlace, table: RecordTable, state: State
) -> None:
    click_header(table, "Loss")
    assert state.order.tolist() == list(range(COUNT))
    assert line(table, 0)[0] == "0"
    assert "Loss ↑" in titles(table)
    assert explore.gallery.row_at(explore.gallery.tile_rect(0).center()) == 0
    click_header(table, "Loss")
    assert line(table, 0)[0] == str(COUNT - 1)
    state.undo.undo()
    assert line(table, 0)[0] == "0"
    click_header(table, "Given label")
    assert line(table, 0)[1] == "bird", "texts begin at A"
    assert "Given label ↑" in titles(table)
    said = table.model().headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Given label, A to Z"
    click_header(table, "Given label")
    assert line(table, 0)[1] == "dog"
    before = state.order.tolist()
    click_header(table, "Withheld")
    assert state.order.tolist() == before, "there is no order by it"


def test_current_and_marks_are_shared_both_ways(
    explore: ExplorePlace, table: RecordTable, state: State
) -> None:
    click(table, 3)
    assert state.current == int(state.order[3])
    click(table, 5, CONTROL)
    click(table, 6, CONTROL)
    assert marked(state) == sorted(state.order[[5, 6]].tolist())
    click(table, 8, SHIFT)
    assert marked(state) == sorted(state.order[6:9].tolist())
    QTest.mouseClick(explore.as_table, LEFT)
    assert explore.gallery.hasFocus()
    assert marked(state) == sorted(state.order[6:9].tolist())
    QTest.keyClick(explore.gallery, Key.Key_End)
    QTest.keyClick(explore.gallery, Key.Key_Space)
    QTest.mouseClick(explore.as_table, LEFT)
    assert table.currentIndex().row() == COUNT - 1
    assert table.viewport().rect().intersects(table.visualRect(table.currentIndex()))
    place = COUNT - 1
    assert table.model().headerData(place, Qt.Orientation.Vertical) == f"✓ {place + 1}"


def test_keys_are_those_of_the_gallery(table: RecordTable, state: State) -> None:
    click(table, 0)
    for key, place in (
        (Key.Key_Down, 1),
        (Key.Key_Down, 2),
        (Key.Key_Right, 2),
        (Key.Key_Up, 1),
        (Key.Key_End, COUNT - 1),
        (Key.Key_Home, 0),
    ):
        QTest.keyClick(table, key)
        assert state.current == int(state.order[place])
    QTest.keyClick(table, Key.Key_Space)
    assert marked(state) == [int(state.order[0])]
    QTest.keyClick(table, Key.Key_Down)
    for _step in range(2):
        QTest.keyClick(table, Key.Key_Down, SHIFT)
    assert marked(state) == sorted(state.order[1:4].tolist())
    QTest.keyClick(table, Key.Key_Escape)
    assert marked(state) == []
    QTest.keyClick(table, Key.Key_A, CONTROL)
    assert len(marked(state)) == COUNT
    QTest.keyClick(table, Key.Key_Escape)
    current = state.current
    QTest.keyClicks(table, "3")  # Qt would look for what begins with it, record after record.
    assert state.current == current
    QTest.keyClick(table, Key.Key_Tab)
    assert not table.hasFocus()


def test_enter_and_a_double_click_do_what_they_do_in_the_gallery(
    explore: ExplorePlace, table: RecordTable, state: State
) -> None:
    asked: list[int] = []
    explore.gallery.activated.connect(asked.append)
    click(table, 4)
    QTest.keyClick(table, Key.Key_Return)
    at = table.visualRect(table.model().index(2, 1)).center()
    QTest.mouseDClick(table.viewport(), LEFT, NONE, at)
    assert asked == [int(state.order[4]), int(state.order[2])]


def test_brackets_move_the_cut_off(table: RecordTable, state: State) -> None:
    before = state.selection.threshold
    QTest.keyClick(table, Key.Key_BracketRight)
    assert state.selection.threshold is not None
    assert before is not None
    assert state.selection.threshold > before
    assert line(table, 0)[5] == "yes"


def test_a_filter_is_followed_and_its_end_too(
    explore: ExplorePlace, table: RecordTable, state: State
) -> None:
    click(table, 0)
    explore.find_row.set_filter('label == "cat"')
    assert [line(table, place)[1] for place in range(table.model().rowCount())] == ["cat"] * 13
    assert not table.currentIndex().isValid() or state.current == int(
        state.order[table.currentIndex().row()]
    )
    empty = table.grab().toImage()
    explore.find_row.set_filter("loss > 5")
    assert table.model().rowCount() == 0
    assert table.grab().toImage() != empty
    for key in (Key.Key_Down, Key.Key_Home, Key.Key_Space, Key.Key_A):
        QTest.keyClick(table, key)
    explore.find_row.set_filter("")
    assert table.model().rowCount() == COUNT


def test_a_hidden_current_record_is_not_marked_by_accident(
    explore: ExplorePlace, table: RecordTable, state: State
) -> None:
    click(table, 3)
    QTest.keyClick(table, Key.Key_Space)
    current = state.current
    assert marked(state) == [current]
    explore.find_row.set_filter("loss < 0.5")
    assert current not in state.order
    assert state.current == current
    QTest.keyClick(table, Key.Key_Space)
    assert marked(state) == [current], "it is hidden: nothing is unmarked"


def test_what_changes_while_it_is_hidden_is_shown_later(explore: ExplorePlace, state: State) -> None:
    table = explore.table
    explore.find_row.set_filter("loss < 0.1")
    state.set_current(2)
    QTest.mouseClick(explore.as_table, LEFT)
    assert [line(table, place)[0] for place in range(4)] == ["3", "2", "1", "0"]
    assert table.model().rowCount() == 4
    assert table.currentIndex().row() == 1
    QTest.mouseClick(explore.as_table, LEFT)
    assert state.look is not None
    state.open(state.look.folder)
    QTest.mouseClick(explore.as_table, LEFT)
    assert table.model().rowCount() == COUNT


def test_a_row_is_read_aloud_as_the_gallery_says_it(
    explore: ExplorePlace, table: RecordTable, state: State
) -> None:
    record = int(state.order[4])
    state.mark([record])
    said = table.model().index(4, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == explore.gallery.describe_record(record)
    assert "marked" in said
    of_answer = table.model().index(4, 2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert of_answer.startswith("Model says: ")
    assert table.accessibleName() == "Records as a table"
    assert f"{COUNT} records" in table.accessibleDescription()


# Columns


def menu_of(table: RecordTable) -> QMenu:
    menus = [menu for menu in table.findChildren(QMenu) if menu.isVisible()]
    assert len(menus) == 1
    return menus[0]


def test_columns_are_chosen_in_a_menu_on_the_header(table: RecordTable, qtbot: QtBot) -> None:
    header = table.horizontalHeader()
    header.customContextMenuRequested.emit(QPoint(10, 10))
    menu = menu_of(table)
    assert [action.text() for action in menu.actions()] == TITLES[1:]
    assert all(action.isChecked() for action in menu.actions())
    with qtbot.waitSignal(table.columns_changed):
        QTest.mouseClick(menu, LEFT, NONE, menu.actionGeometry(menu.actions()[0]).center())
    assert table.hidden == {"label"}
    assert "Given label" not in titles(table)
    table.set_hidden(())
    assert "Given label" in titles(table)


def test_columns_are_chosen_by_keys_too(explore: ExplorePlace, table: RecordTable) -> None:
    explore.columns.setFocus()
    QTest.keyClick(explore.columns, Key.Key_Return)
    menu = menu_of(table)
    for key in (Key.Key_Down, Key.Key_Down, Key.Key_Return):
        QTest.keyClick(menu, key)
    assert table.hidden == {"answer"}


def test_widths_stay_when_columns_and_order_change(table: RecordTable, state: State) -> None:
    header = table.horizontalHeader()
    header.resizeSection(1, 171)
    state.sort_by("loss", descending=False)
    assert header.sectionSize(1) == 171
    table.set_hidden({"answer"})
    table.set_hidden(())
    assert header.sectionSize(1) == 171


# Copying


def copied(table: RecordTable) -> list[list[str]]:
    QTest.keyClick(table, Key.Key_C, CONTROL)
    return list(csv.reader(QGuiApplication.clipboard().text().splitlines(), delimiter="\t"))


def test_the_current_record_or_the_marked_ones_are_copied(
    table: RecordTable, state: State, qtbot: QtBot
) -> None:
    click(table, 0)
    with qtbot.waitSignal(table.noted) as noted:
        lines = copied(table)
    assert noted.args == ["1 record copied, for you alone: scores stay on this machine."]
    assert lines == [TITLES, ["39", "bird", "bird", "0.93", "0.975", "yes", ""]]
    state.mark([8, 20])
    table.set_hidden({"loss", "selected"})
    assert copied(table) == [
        ["Record", "Given label", "Model says", "How sure", "Withheld"],
        ["20", "dog", "bird", "0.93", ""],
        ["8", "dog", "bird", "0.93", ""],
    ]


def test_marked_records_that_are_not_shown_are_not_copied(
    explore: ExplorePlace, table: RecordTable, state: State
) -> None:
    state.mark([8, 20])
    explore.find_row.set_filter("loss < 0.3")
    assert [each[0] for each in copied(table)] == ["Record", "8"]
    explore.find_row.set_filter("loss < 0.1")
    QGuiApplication.clipboard().setText("before")
    noted: list[str] = []
    table.noted.connect(noted.append)
    assert copied(table) == [["before"]]
    assert noted[0].startswith("Nothing to copy")


def test_too_many_are_not_copied_in_part(
    table: RecordTable, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_table, "MOST_COPIED", 3)
    QGuiApplication.clipboard().setText("before")
    noted: list[str] = []
    table.noted.connect(noted.append)
    state.mark([1, 2, 3, 4])
    assert copied(table) == [["before"]]
    assert noted == ["Nothing was copied: at most 3 records can be copied."]
    state.mark([1, 2, 3])
    assert len(copied(table)) == 4


# Many records


def test_only_cells_in_view_are_read(show: Show, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    explore = show(state)
    assert state.look is not None
    state.arrangement.order = np.tile(np.arange(COUNT), 25_000)  # A million rows.
    read: list[int] = []
    text = RecordColumn.text

    def noted(column: RecordColumn, row: int) -> str:
        read.append(row)
        return text(column, row)

    monkeypatch.setattr(RecordColumn, "text", noted)
    QTest.mouseClick(explore.as_table, LEFT)
    explore.table.grab()
    assert explore.table.model().rowCount() == 1_000_000
    assert 0 < len(read) < 5_000
    explore.table.scrollToBottom()
    explore.table.grab()
    assert len(read) < 10_000
    assert explore.table.indexAt(QPoint(5, 5)) != QModelIndex()
