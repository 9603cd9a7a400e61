"""Ranges of a score are brushed over its histogram, by mouse and by keys."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from tests.window.explore.place.steps import COUNT, LEFT, NONE

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


def plot_of(explore: ExplorePlace) -> Any:  # noqa: ANN401
    from pyqtgraph import GraphicsLayoutWidget

    plot: Any = explore.histogram.findChild(GraphicsLayoutWidget)
    plot.grab()  # Only a paint gives the bars their places.
    return plot


def point_at(explore: ExplorePlace, value: float) -> QPoint:
    """Return where a score stands in the plot, in the middle of its height."""
    from pyqtgraph import BarGraphItem, Point

    plot = plot_of(explore)
    bars = next(item for item in plot.scene().items() if isinstance(item, BarGraphItem))
    scene = bars.getViewBox().mapViewToScene(Point(value, 0))
    at: QPoint = plot.mapFromScene(scene)
    return QPoint(at.x(), plot.height() // 2)


def drag(
    qtbot: QtBot, explore: ExplorePlace, low: float, high: float, held: Qt.KeyboardModifier = NONE
) -> None:
    """Drag over the bars from one score to another."""
    where, start, end = plot_of(explore).viewport(), point_at(explore, low), point_at(explore, high)
    QTest.mousePress(where, LEFT, held, start)
    for step in range(1, 5):
        QTest.mouseMove(where, start + (end - start) * step / 4)
        qtbot.wait(20)
    QTest.mouseRelease(where, LEFT, held, end)


def shown(state: State) -> list[float]:
    return sorted(row / COUNT for row in state.order.tolist())


def inside(*ranges: tuple[float, float]) -> list[float]:
    values = (row / COUNT for row in range(COUNT))
    return [value for value in values if any(low <= value <= high for low, high in ranges)]


def test_a_drag_is_a_term_of_the_filter_and_moves_no_cut_off(
    qtbot: QtBot, explore: ExplorePlace, state: State
) -> None:
    rule, chosen = state.rule, state.selection.chosen.copy()
    drag(qtbot, explore, 0.613, 0.812)
    low, _, column, _, high = explore.find_row.field.text().split()
    assert column == "loss"
    assert abs(float(low) - 0.613) < 0.01
    assert abs(float(high) - 0.812) < 0.01
    assert shown(state) == inside((float(low), float(high)))
    assert [chip.toolTip().startswith("<p") for chip in explore.find_row.chips.buttons] == [True]
    assert (state.rule, state.undo.count()) == (rule, 0)
    np.testing.assert_array_equal(state.selection.chosen, chosen)


def test_shift_adds_alt_takes_out_and_a_double_click_clears(
    qtbot: QtBot, explore: ExplorePlace, state: State
) -> None:
    drag(qtbot, explore, 0.61, 0.81)
    drag(qtbot, explore, 0.11, 0.31, SHIFT)
    assert abs(len(shown(state)) - len(inside((0.11, 0.31), (0.61, 0.81)))) <= 1
    drag(qtbot, explore, 0.21, 0.71, ALT)
    left = inside((0.11, 0.21), (0.71, 0.81))
    assert abs(len(shown(state)) - len(left)) <= 1
    assert explore.find_row.field.text().count(" or ") == 1
    drag(qtbot, explore, 0.41, 0.46)
    assert " or " not in explore.find_row.field.text(), "a drag by itself begins anew"
    QTest.mouseDClick(plot_of(explore).viewport(), LEFT, NONE, point_at(explore, 0.7))
    assert explore.find_row.field.text() == ""
    assert len(state.order) == COUNT


def test_a_drag_beyond_an_end_has_no_limit_there(
    qtbot: QtBot, explore: ExplorePlace, state: State
) -> None:
    drag(qtbot, explore, 0.71, 1.2)
    assert explore.find_row.field.text().startswith("loss >= 0.7")
    drag(qtbot, explore, -0.2, 1.2)
    assert explore.find_row.field.text() == ""
    assert len(state.order) == COUNT


def test_a_click_brushes_nothing(explore: ExplorePlace, state: State) -> None:
    QTest.mouseClick(plot_of(explore).viewport(), LEFT, NONE, point_at(explore, 0.7))
    assert explore.find_row.field.text() == ""
    assert len(state.order) == COUNT


def test_other_terms_stay(qtbot: QtBot, explore: ExplorePlace, state: State) -> None:
    explore.find_row.set_filter('label == "cat"')
    drag(qtbot, explore, 0.71, 1.2)
    terms = explore.find_row.terms
    assert terms[0] == 'label == "cat"'
    assert shown(state) == [value for value in inside((0.71, 1)) if round(value * COUNT) % 3 == 1]
    QTest.mouseClick(explore.find_row.chips.buttons[1], LEFT)
    assert explore.find_row.terms == ['label == "cat"']
    QTest.mouseClick(explore.find_row.chips.buttons[0], LEFT)
    assert len(state.order) == COUNT


def test_what_is_typed_is_a_brush(explore: ExplorePlace) -> None:
    from pyqtgraph import LinearRegionItem

    explore.find_row.set_filter("loss <= 0.2 or 0.5 <= loss <= 0.75")
    items = plot_of(explore).scene().items()
    regions = sorted(item.getRegion() for item in items if isinstance(item, LinearRegionItem))
    assert regions == [(0.0, 0.2), (0.5, 0.75)]


def test_a_chart_ignores_its_own_brush(explore: ExplorePlace) -> None:
    bars: list[Any] = []
    explore.histogram._plot.show_distribution = lambda *each: bars.append(each)  # type: ignore[union-attr,method-assign]
    explore.find_row.set_filter("0.2 <= loss <= 0.4")
    assert [shown is None for _all, shown, _chosen in bars[-1:]] == [True]
    explore.find_row.set_filter('0.2 <= loss <= 0.4 and label == "cat"')
    assert int(bars[-1][1].sum()) == sum(row % 3 == 1 for row in range(COUNT))


@pytest.mark.parametrize("clear", [Qt.Key.Key_Delete, Qt.Key.Key_Escape])
def test_keys_brush(explore: ExplorePlace, state: State, clear: Qt.Key) -> None:
    plot = plot_of(explore)
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_End)
    for _ in range(24):
        QTest.keyClick(plot, Qt.Key.Key_Left, SHIFT)
    assert explore.find_row.field.text().startswith("loss >= 0.7")
    assert shown(state) == inside((0.74, 1)), "a quarter of the bins"
    assert plot.hasFocus()
    QTest.keyClick(plot, clear)
    assert len(state.order) == COUNT


def test_escape_during_a_drag_restores_what_was_brushed(qtbot: QtBot, explore: ExplorePlace) -> None:
    explore.find_row.set_filter("loss >= 0.9")
    plot = plot_of(explore)
    plot.setFocus()
    where, start = plot.viewport(), point_at(explore, 0.2)
    QTest.mousePress(where, LEFT, NONE, start)
    QTest.mouseMove(where, point_at(explore, 0.4))
    qtbot.waitUntil(lambda: "<= loss <=" in explore.find_row.field.text())
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    assert explore.find_row.field.text() == "loss >= 0.9"
    QTest.mouseRelease(where, LEFT, NONE, point_at(explore, 0.4))
    assert explore.find_row.field.text() == "loss >= 0.9"
