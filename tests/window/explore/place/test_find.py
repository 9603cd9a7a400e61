"""Records are found by what is typed or pressed, and the selection stays as it is."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from tests.window.explore.place.steps import COUNT

LABELS = ["bird", "cat", "dog"]


def type_in(qtbot: QtBot, explore: ExplorePlace, text: str) -> None:
    """Replace what is in the field, and wait until it was looked for."""
    explore.find_records()
    if text:
        QTest.keyClicks(explore.find_row.field, text)
    else:
        QTest.keyClick(explore.find_row.field, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not explore.find_row.is_working)


def shown(state: State) -> list[int]:
    return sorted(state.order.tolist())


def test_a_filter_that_is_typed_shows_what_it_finds(
    qtbot: QtBot, explore: ExplorePlace, state: State
) -> None:
    rule, chosen = state.rule, state.selection.chosen.copy()
    type_in(qtbot, explore, 'loss > 0.5 and label == "cat"')
    rows = [row for row in range(COUNT) if row / COUNT > 0.5 and row % 3 == 1]
    assert shown(state) == rows
    assert explore.find_row.count.text() == f"{len(rows)} of {COUNT}"
    assert state.order.tolist() == sorted(rows, reverse=state.descending), "the order stays"
    assert (state.rule, state.undo.count()) == (rule, 0)
    np.testing.assert_array_equal(state.selection.chosen, chosen)
    type_in(qtbot, explore, "")
    assert len(state.order) == COUNT


def test_words_are_looked_for_among_names_and_labels(
    qtbot: QtBot, explore: ExplorePlace, state: State
) -> None:
    type_in(qtbot, explore, "DOG")
    assert shown(state) == [row for row in range(COUNT) if row % 3 == 2]
    type_in(qtbot, explore, "17")
    assert shown(state) == [17]
    type_in(qtbot, explore, "whale")
    assert shown(state) == []
    assert explore.find_row.count.text() == f"0 of {COUNT}"
    explore.grab()


@pytest.mark.parametrize("typed", ["loss >", "los > 2", "loss = 1", 'label == "whale"'])
def test_what_is_not_understood_says_why_and_changes_nothing(
    qtbot: QtBot, explore: ExplorePlace, state: State, typed: str
) -> None:
    type_in(qtbot, explore, "17")
    type_in(qtbot, explore, typed)
    assert explore.find_row.fault.isVisible()
    assert explore.find_row.fault.text()
    assert shown(state) == [17]
    type_in(qtbot, explore, "18")
    assert not explore.find_row.fault.isVisible()


def test_return_looks_at_once_and_goes_to_the_records(explore: ExplorePlace, state: State) -> None:
    explore.find_records()
    QTest.keyClicks(explore.find_row.field, "loss < 0.1")
    QTest.keyClick(explore.find_row.field, Qt.Key.Key_Return)
    assert shown(state) == [0, 1, 2, 3]
    assert explore.gallery.hasFocus()


def test_escape_shows_all_again(qtbot: QtBot, explore: ExplorePlace, state: State) -> None:
    type_in(qtbot, explore, "17")
    QTest.keyClick(explore.find_row.field, Qt.Key.Key_Escape)
    assert len(state.order) == COUNT
    assert explore.find_row.field.text() == ""
    assert explore.gallery.hasFocus()


def test_a_press_on_a_mark_is_its_term(qtbot: QtBot, explore: ExplorePlace, state: State) -> None:
    state.withhold([3, 4, 5])
    button, field = explore.find_row.marks["withheld"], explore.find_row.field
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert (field.text(), shown(state), button.isChecked()) == ("withheld", [3, 4, 5], True)
    type_in(qtbot, explore, 'label == "cat" and withheld')
    assert shown(state) == [4]
    assert button.isChecked()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert field.text() == 'label == "cat"'
    assert not button.isChecked()
    type_in(qtbot, explore, "cat")
    state.withhold([6])  # Words that were typed are still words after a change.
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert shown(state) == [4]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert shown(state) == [row for row in range(COUNT) if row % 3 == 1]


def test_what_is_marked_meanwhile_is_looked_at_again(explore: ExplorePlace, state: State) -> None:
    explore.find_row.set_filter("not withheld")
    state.withhold([0, 1])
    assert shown(state) == list(range(2, COUNT))
    state.undo.undo()
    assert len(state.order) == COUNT


def test_a_class_of_the_legend_is_shown_alone(explore: ExplorePlace, state: State) -> None:
    explore.legend.grab()
    place = QPoint(0, explore.legend.height() // 2)
    for left in range(0, explore.legend.width(), 8):
        place.setX(left)
        QTest.mouseClick(explore.legend, Qt.MouseButton.LeftButton, pos=place)
        if explore.find_row.field.text():
            break
    assert explore.find_row.field.text() == f'label == "{LABELS[0]}"'
    assert shown(state) == [row for row in range(COUNT) if row % 3 == 0]
    QTest.mouseClick(explore.legend, Qt.MouseButton.LeftButton, pos=place)
    assert len(state.order) == COUNT


def test_another_project_begins_with_all_of_its_records(explore: ExplorePlace, state: State) -> None:
    explore.find_row.set_filter("loss > 0.5")
    assert state.look is not None
    state.open(state.look.folder)
    assert explore.find_row.field.text() == ""
    assert len(state.order) == COUNT


def test_and_within_quotation_marks_joins_nothing(explore: ExplorePlace, state: State) -> None:
    explore.find_row.set_filter('"salt and pepper" not in label and not "1" in id')
    expected = [row for row in range(COUNT) if "1" not in str(row)]
    assert shown(state) == expected
    assert len(explore.find_row.chips.buttons) == 2
    button = explore.find_row.marks["withheld"]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert explore.find_row.fault.isHidden()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert shown(state) == expected
    QTest.mouseClick(explore.find_row.chips.buttons[1], Qt.MouseButton.LeftButton)
    assert explore.find_row.field.text() == '"salt and pepper" not in label'
    assert len(state.order) == COUNT


def test_a_word_is_no_chip(explore: ExplorePlace) -> None:
    explore.find_row.set_filter("dog")
    assert explore.find_row.chips.buttons == []


def test_a_change_of_the_selection_makes_no_column_anew(explore: ExplorePlace, state: State) -> None:
    assert state.columns is not None
    label = state.columns["label"]
    state.withhold([3])
    assert state.columns["label"] is label
    withheld = state.columns["withheld"]
    assert isinstance(withheld, np.ndarray)
    assert withheld.nonzero()[0].tolist() == [3]
    state.undo.undo()
    explore.find_row.set_filter("withheld")
    assert shown(state) == []
