"""Records are sorted by scores and by anything else that is known of them."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore import search, sorting
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from tests.window.explore.place.steps import COUNT


def choose(explore: ExplorePlace, column: str) -> None:
    """Choose an item of the list by keys."""
    box = explore.sorting.column
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.findData(column)):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.chosen() == column


def test_by_name_label_and_back(explore: ExplorePlace, state: State) -> None:
    choose(explore, "id")
    assert state.order.tolist() == list(range(COUNT)), "numbers by their size"
    assert explore.sorting.direction.currentText() == "A to Z"
    assert state.score == "loss"
    assert explore.gallery.cut_place is None, "no cut-off in another order"
    choose(explore, "label")
    labels = [row % 3 for row in state.order.tolist()]
    assert labels == sorted(labels)
    first = state.order[: labels.count(0)].tolist()
    assert first == sorted(first), "equal ones stay in their order"
    explore.sorting.direction.setFocus()
    QTest.keyClick(explore.sorting.direction, Qt.Key.Key_Down)
    assert explore.sorting.direction.currentText() == "Z to A"
    assert [row % 3 for row in state.order.tolist()] == sorted(labels, reverse=True)
    choose(explore, "loss")
    assert state.order.tolist() == list(range(COUNT))[::-1]
    assert explore.sorting.direction.currentText() == "Highest first"
    assert explore.gallery.cut_place is not None


def test_sorting_is_undone(explore: ExplorePlace, state: State) -> None:
    before = state.order.copy()
    choose(explore, "id")
    assert state.undo.undoText() == "sort by Name"
    state.undo.undo()
    assert (state.order == before).all()
    assert explore.sorting.column.chosen() == "loss"


def test_many_records_are_sorted_and_searched_in_a_thread(
    qtbot: QtBot, explore: ExplorePlace, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "AT_ONCE", 0)
    monkeypatch.setattr(search, "AT_ONCE", 0)
    before = state.order.copy()
    explore.sorting.sort_by("id", descending=False)
    assert explore.is_working
    assert (state.order == before).all()
    assert explore.sorting.direction.currentText() == "Sorting…"
    qtbot.waitUntil(lambda: not explore.is_working)
    assert state.order.tolist() == list(range(COUNT))
    assert explore.sorting.direction.currentText() == "A to Z"
    explore.find_row.set_filter('"7" in id')
    assert explore.find_row.count.text() == "Looking…"
    explore.find_row.set_filter('"8" in id')
    qtbot.waitUntil(lambda: not explore.is_working)
    assert state.filter == '"8" in id'
    assert state.order.tolist() == [8, 18, 28, 38], "a later search replaces an earlier one"
    explore.find_row.set_filter('"8" in id and loss < 0.5')
    assert state.order.tolist() == [8, 18], "what the words find is known already"
    explore.find_row.set_filter('"9" in id and loss <')
    qtbot.waitUntil(lambda: not explore.is_working)
    assert explore.find_row.fault.isVisible()
    assert state.order.tolist() == [8, 18]
