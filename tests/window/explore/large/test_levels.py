"""Window and level: which values are black and which white."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore.large.greys import greys_of, sizes_of
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import WholePicture
from tests.window.explore.large.steps import DEEP, colour_at, drag, open_large, press, settle


def test_greys_follow_their_definition() -> None:
    values = np.array([[0, 100, 150, 200, 65535]], dtype=np.uint16)
    assert greys_of(values, 100, 200).tolist() == [[0, 0, 128, 255, 255]]
    assert greys_of(values.astype(np.float32), 100, 200).tolist() == [[0, 0, 128, 255, 255]]
    same = np.arange(256, dtype=np.uint8)[None]
    assert (greys_of(same, 0, 255) == same).all()


@pytest.mark.parametrize("shape", [(2050, 3001), (1500, 1400, 3)])
def test_smaller_sizes_are_means(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    sizes = sizes_of(WholePicture(values, 0, 255))
    assert [size.shape[:2] for size in sizes[:2]] == [shape[:2], tuple(-(-s // 2) for s in shape[:2])]
    block = values[100:102, 60:62].astype(float).mean(axis=(0, 1))
    assert sizes[1][50, 30] == pytest.approx(np.floor(block))
    assert max(sizes[-1].shape[:2]) <= 1024


def test_sixteen_bits_are_windowed_on_their_own_values(opened: MainWindow, qtbot: QtBot) -> None:
    view = open_large(qtbot, opened, "cat/c.png")
    levels, canvas = view.levels, view.canvas
    assert (levels.black, levels.white) == (0, 65535)
    at = canvas.picture_rect.center().toPoint()
    column = round((at.x() + 0.5 - canvas.picture_rect.left()) / canvas.picture_rect.width() * 50 - 0.5)
    value = int(DEEP[0, column])
    assert colour_at(canvas, at).red() == pytest.approx(value / 257, abs=4)
    type_into(levels.window_field, "100")
    type_into(levels.level_field, str(value + 20))
    assert (levels.black, levels.white) == (value - 30, value + 70)
    assert colour_at(canvas, at).red() == round(255 * 30 / 100)


def type_into(field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_sliders_fields_and_reset_agree(opened: MainWindow, qtbot: QtBot) -> None:
    view = open_large(qtbot, opened, "cat/a.png")
    levels = view.levels
    assert not levels.reset.isEnabled()
    assert levels.window_field.text() == "255"
    levels.window_slider.setFocus()
    press(levels.window_slider, Qt.Key.Key_PageDown)
    assert levels.window_field.text() == "230"  # Nine tenths: 229.5.
    assert levels.breadth == pytest.approx(229.5)
    type_into(levels.level_field, "60")
    assert (levels.black, levels.white) == pytest.approx((60 - 114.75, 60 + 114.75))
    assert levels.level_slider.value() == pytest.approx(1000 * 60 / 255, abs=1)
    QTest.mouseClick(levels.reset, Qt.MouseButton.LeftButton)
    assert (levels.black, levels.white) == (0, 255)
    assert not levels.reset.isEnabled()


def test_what_is_no_number_changes_nothing_and_is_said(opened: MainWindow, qtbot: QtBot) -> None:
    levels = open_large(qtbot, opened, "cat/a.png").levels
    type_into(levels.window_field, "much")
    assert (levels.black, levels.white) == (0, 255)
    assert levels.window_field.text() == "255"
    assert opened.notice.message is not None
    assert opened.notice.message.what == "The window cannot be “much”."


def test_a_drag_with_the_right_button_changes_them(opened: MainWindow, qtbot: QtBot) -> None:
    view = open_large(qtbot, opened, "cat/a.png")
    levels, middle = view.levels, view.canvas.rect().center()
    drag(view.canvas, Qt.MouseButton.RightButton, middle, middle + QPoint(-200, 0))
    assert levels.breadth < 180
    assert levels.level == pytest.approx(127.5)
    breadth = levels.breadth
    drag(view.canvas, Qt.MouseButton.RightButton, middle, middle + QPoint(0, -100))
    assert levels.level > 150
    assert levels.breadth == pytest.approx(breadth)


def test_what_was_set_stays_for_pictures_of_the_same_range(opened: MainWindow, qtbot: QtBot) -> None:
    view = open_large(qtbot, opened, "dog/d.png")
    type_into(view.levels.window_field, "100")
    press(view.canvas, Qt.Key.Key_Right)
    settle(qtbot, opened)
    assert view.levels.breadth == 100
    press(view.canvas, Qt.Key.Key_Home)
    press(view.canvas, Qt.Key.Key_Right)
    press(view.canvas, Qt.Key.Key_Right)
    settle(qtbot, opened)
    assert opened.state.look is not None
    assert view.levels.white == 65535
