"""Labels against answers: a press on a cell shows its records, by mouse and by keys."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from dataselect_gui.window.explore.matrix import MOST_CLASSES, MatrixView
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import AnswerMatrix
from tests.projects import answered
from tests.window.explore.place.steps import COUNT, LEFT, NONE, Show

Key = Qt.Key
NAMES = ["bird", "cat", "dog"]


def answer(row: int) -> int:
    return row % 3 if row % 4 else (row + 1) % 3


@pytest.fixture
def state(project: Path) -> State:
    answered(project, answer)
    made = State()
    made.open(project)
    return made


def rows_of(label: int, said: int) -> list[int]:
    return [row for row in range(COUNT) if (row % 3, answer(row)) == (label, said)]


def click(view: MatrixView, label: int, said: int) -> None:
    place = view.visualRect(view.model().index(label, said)).center()
    QTest.mouseClick(view.viewport(), LEFT, NONE, place)


def test_a_click_shows_the_records_of_a_cell_and_another_all_again(
    explore: ExplorePlace, state: State
) -> None:
    view, before = explore.answers.matrix, state.selection.chosen.copy()
    click(view, 2, 0)
    assert sorted(state.order.tolist()) == rows_of(2, 0)
    assert explore.find_row.field.text() == 'label == "dog" and answer == "bird"'
    assert view.filtered == (2, 0)
    np.testing.assert_array_equal(state.selection.chosen, before)
    click(view, 0, 1)
    assert sorted(state.order.tolist()) == rows_of(0, 1), "another cell takes its place"
    assert view.filtered == (0, 1)
    click(view, 0, 1)
    assert len(state.order) == COUNT
    assert explore.find_row.field.text() == ""
    assert explore.answers.matrix.filtered is None


def test_other_parts_of_a_filter_stay(explore: ExplorePlace, state: State) -> None:
    view, field = explore.answers.matrix, explore.find_row.field
    explore.find_row.set_filter('loss > 0.5 and label == "cat"')
    assert view.filtered is None, "a label alone is no cell"
    click(view, 2, 2)
    assert field.text() == 'loss > 0.5 and label == "dog" and answer == "dog"'
    assert sorted(state.order.tolist()) == [row for row in rows_of(2, 2) if row / COUNT > 0.5]
    click(view, 2, 2)
    assert field.text() == "loss > 0.5"
    explore.find_row.set_filter('answer == "cat" and label == "bird"')
    assert view.filtered == (0, 1), "a filter that was typed is marked too"


def test_arrows_move_and_enter_or_space_filters(explore: ExplorePlace, state: State) -> None:
    view = explore.answers.matrix
    view.setFocus()
    assert view.currentIndex().isValid(), "the focus is seen on a cell"
    for key in (Key.Key_Down, Key.Key_Right, Key.Key_Return):
        QTest.keyClick(view, key)
    assert sorted(state.order.tolist()) == rows_of(1, 1)
    QTest.keyClick(view, Key.Key_Space)
    assert len(state.order) == COUNT
    QTest.keyClicks(view, str(len(rows_of(0, 0))))  # Qt would go to the cell with that text.
    assert (view.currentIndex().row(), view.currentIndex().column()) == (1, 1)
    QTest.keyClick(view, Key.Key_Tab)
    assert not view.hasFocus(), "Tab leads on"


def test_cells_and_names_are_read_aloud(explore: ExplorePlace) -> None:
    view = explore.answers.matrix
    cell = view.model().index(2, 0)
    said = f"given dog, model says bird: {len(rows_of(2, 0))} records"
    assert cell.data(Qt.ItemDataRole.AccessibleTextRole) == said
    assert cell.data(Qt.ItemDataRole.ToolTipRole) == said
    reader = QAccessible.queryAccessibleInterface(view)
    assert reader is not None
    texts = [reader.child(place).text(QAccessible.Text.Name) for place in range(reader.childCount())]
    assert said in texts
    assert view.accessibleName() == "Given labels and answers"


def test_the_cell_of_the_filter_is_painted_otherwise(explore: ExplorePlace) -> None:
    view = explore.answers.matrix
    rect = view.visualRect(view.model().index(2, 0))
    before = view.viewport().grab(rect).toImage()
    explore.find_row.set_filter('label == "dog" and answer == "bird"')
    assert view.viewport().grab(rect).toImage() != before
    explore.find_row.set_filter("")
    assert view.viewport().grab(rect).toImage() == before


def test_without_answers_there_is_nothing_of_it(show: Show, project: Path) -> None:
    made = State()
    made.open(project)
    explore = show(made)
    assert not explore.answers.isVisible()
    assert not explore.charts.switch.isVisible()
    explore.resize(640, 400)
    assert explore.histogram.isVisible()
    assert not explore.charts.switch.isVisible()


@pytest.mark.parametrize("size", [(640, 300), (700, 700)])
def test_where_there_is_little_room_charts_take_turns(
    show: Show, state: State, size: tuple[int, int]
) -> None:
    explore = show(state, *size)
    charts, matrix = explore.charts, explore.answers.matrix
    assert (explore.histogram.isVisible(), matrix.isVisible()) == (True, False)
    QTest.mouseClick(charts.switch, LEFT)
    assert (explore.histogram.isVisible(), matrix.isVisible()) == (False, True)
    assert explore.answers.geometry().bottom() <= charts.rect().bottom()
    assert explore.records.height() >= 90
    click(matrix, 1, 1)
    assert sorted(state.order.tolist()) == rows_of(1, 1)
    QTest.keyClick(charts.switch, Key.Key_Return)
    assert (explore.histogram.isVisible(), matrix.isVisible()) == (True, False)


def test_it_folds_with_the_histogram(explore: ExplorePlace) -> None:
    assert explore.answers.height() == explore.histogram.height()
    assert explore.answers.matrix.isVisible()
    explore.histogram.set_folded(True)
    QTest.qWait(10)
    assert explore.answers.height() == explore.histogram.height()
    assert not explore.answers.matrix.isVisible()
    assert explore.answers.mistakes.isVisible()


def made_up(classes: int) -> AnswerMatrix:
    """Each class is mostly right, and is taken for the next one more often the later it comes."""
    counts = {(i, i): 1000 for i in range(classes)}
    counts |= {(i, (i + 1) % classes): i + 1 for i in reversed(range(classes))}
    names = [f"class {i}" for i in range(classes)]
    return AnswerMatrix(names, names, list(range(classes)), counts, 0)


def test_many_classes_are_a_list_of_what_is_confused_most(show: Show, state: State) -> None:
    view = show(state).answers.matrix
    most = MOST_CLASSES
    view.show_counts(made_up(most), [f"class {i}" for i in range(most)])
    assert (view.model().rowCount(), view.model().columnCount()) == (most, most)
    classes = 300
    view.show_counts(made_up(classes), [f"class {i}" for i in range(classes)])
    model = view.model()
    assert (model.rowCount(), model.columnCount()) == (classes, 3)

    def line(row: int) -> list[object]:
        return [model.index(row, column).data() for column in range(3)]

    assert line(0) == ["class 299", "class 0", "300"]
    assert line(1) == ["class 298", "class 299", "299"]
    asked: list[tuple[int, int]] = []
    view.chosen.connect(lambda label, said: asked.append((label, said)))
    QTest.mouseClick(view.viewport(), LEFT, NONE, view.visualRect(model.index(1, 0)).center())
    assert asked == [(298, 299)]
    assert not view.verticalHeader().isVisible()
    assert view.indexAt(view.rect().topLeft()) != QModelIndex()
    view.show_counts(None)
    assert view.model().rowCount() == 0
    assert view.cells is None
