"""One record in the place of the gallery: opened, left, walked, zoomed."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.explore.large.steps import (
    GREYS,
    NAMES,
    colour_at,
    drag,
    large,
    open_large,
    press,
    settle,
)

LEFT = Qt.MouseButton.LeftButton


def place_text(window: MainWindow) -> str:
    return large(window).place.text()


def test_a_double_click_opens_a_tile_and_esc_goes_back_to_it(opened: MainWindow, qtbot: QtBot) -> None:
    gallery = opened.explore.gallery
    tile = gallery.tile_rect(1).center()
    QTest.mouseClick(gallery.viewport(), LEFT, pos=tile)
    QTest.mouseDClick(gallery.viewport(), LEFT, pos=tile)
    settle(qtbot, opened)
    assert large(opened).isVisible()
    assert not gallery.isVisible()
    assert large(opened).canvas.hasFocus()
    press(large(opened).canvas, Qt.Key.Key_Escape)
    assert gallery.isVisible()
    assert gallery.hasFocus()
    assert opened.state.current == 1


def test_the_button_goes_back_and_the_action_opens(opened: MainWindow, qtbot: QtBot) -> None:
    opened.actions_by_key["large"].trigger()  # Nothing was chosen: the first one.
    settle(qtbot, opened)
    assert large(opened).isVisible()
    assert opened.state.current == int(opened.state.order[0])
    QTest.mouseClick(large(opened).back, LEFT)
    assert opened.explore.gallery.hasFocus()


def test_arrows_walk_in_the_order_that_is_shown(opened: MainWindow, qtbot: QtBot) -> None:
    opened.explore.find_row.set_filter('label == "dog"')
    view = open_large(qtbot, opened, "dog/d.png")
    assert place_text(opened) == "1 of 3"
    assert not view.before.isEnabled()
    press(view.canvas, Qt.Key.Key_Left)
    assert opened.state.current == NAMES.index("dog/d.png")
    press(view.canvas, Qt.Key.Key_Right)
    settle(qtbot, opened)
    assert opened.state.current == NAMES.index("dog/e.png")
    QTest.mouseClick(view.after, LEFT)
    settle(qtbot, opened)
    assert opened.state.current == NAMES.index("dog/f.png")
    assert place_text(opened) == "3 of 3"
    assert not view.after.isEnabled()
    press(view.canvas, Qt.Key.Key_Home)
    settle(qtbot, opened)
    assert opened.state.current == NAMES.index("dog/d.png")


def test_an_unreadable_record_says_why(opened: MainWindow, qtbot: QtBot) -> None:
    view = open_large(qtbot, opened, "dog/f.png")
    assert view.canvas.text.startswith("Not an image of a known format")
    assert view.levels.isHidden()
    assert view.canvas.scale is None
    press(view.canvas, Qt.Key.Key_Plus)  # There is nothing to zoom, and it goes on.
    press(view.canvas, Qt.Key.Key_Left)
    settle(qtbot, opened)
    assert view.canvas.text == ""
    assert view.canvas.scale is not None


def test_it_is_fitted_and_z_shows_it_pixel_by_pixel(opened: MainWindow, qtbot: QtBot) -> None:
    view = open_large(qtbot, opened, "cat/a.png")
    canvas = view.canvas
    side = min(canvas.width(), canvas.height())
    assert canvas.scale == pytest.approx(side / len(GREYS))
    assert canvas.picture_rect.height() == pytest.approx(side)
    press(canvas, Qt.Key.Key_Z)
    assert canvas.scale == 1
    assert view.zoom.text() == "100 %"
    press(canvas, Qt.Key.Key_Z)
    assert canvas.is_fitted


def test_the_wheel_zooms_at_the_pointer(opened: MainWindow, qtbot: QtBot) -> None:
    canvas = open_large(qtbot, opened, "cat/a.png").canvas
    for _time in range(3):  # Until it is larger than the room along both sides.
        press(canvas, Qt.Key.Key_Plus)
    at = QPointF(120, 90)

    def under() -> QPointF:
        rect = canvas.picture_rect
        return (at - rect.topLeft()) / rect.width()

    before, scale = under(), canvas.scale
    event = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)
    assert scale is not None
    assert canvas.scale == pytest.approx(scale * 1.25)
    assert under().x() == pytest.approx(before.x())
    assert under().y() == pytest.approx(before.y())


def test_a_drag_moves_it_and_no_further_than_its_edges(opened: MainWindow, qtbot: QtBot) -> None:
    canvas = open_large(qtbot, opened, "cat/a.png").canvas
    for _time in range(6):
        press(canvas, Qt.Key.Key_Plus)
    middle, before = canvas.rect().center(), canvas.picture_rect.topLeft()
    drag(canvas, LEFT, middle, middle + QPoint(40, 60))
    moved = canvas.picture_rect.topLeft() - before
    assert (moved.x(), moved.y()) == pytest.approx((40, 60), abs=5)
    for _time in range(20):
        drag(canvas, LEFT, middle, middle + QPoint(400, 300))
    assert canvas.picture_rect.topLeft() == QPointF(0, 0)
    press(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.picture_rect.top() == -48


def test_pixels_stay_squares_when_enlarged(opened: MainWindow, qtbot: QtBot) -> None:
    """The rows of the picture are bands: within each of them there is one grey alone."""
    canvas = open_large(qtbot, opened, "cat/a.png").canvas
    canvas.clearFocus()
    rect = canvas.picture_rect
    size = rect.height() / len(GREYS)
    image = canvas.grab().toImage()
    x = round(rect.left() + 5.5 * size)
    band = {
        image.pixelColor(x, y).red()
        for y in range(round(rect.top() + 8 * size) + 2, round(rect.top() + 12 * size) - 2)
    }
    assert band == {int(GREYS[8, 5])}


def test_the_other_records_of_the_person_lead_there(opened: MainWindow, qtbot: QtBot) -> None:
    opened.explore.find_row.set_filter("cat/c")
    view = open_large(qtbot, opened, "cat/c.png")
    tiles = view.others.tiles
    assert [NAMES[row] for row in tiles.rows] == ["cat/c.png", "dog/d.png"]
    assert tiles.accessibleName() == "1 other record of the same patient"
    QTest.mouseClick(tiles, LEFT, pos=tiles.tile_rect(1).center())
    settle(qtbot, opened)
    assert opened.state.current == NAMES.index("dog/d.png")
    assert place_text(opened) == "not among the 1 shown"
    press(tiles, Qt.Key.Key_Left)
    press(tiles, Qt.Key.Key_Return)
    settle(qtbot, opened)
    assert opened.state.current == NAMES.index("cat/c.png")


def test_letters_act_on_the_record_here_too(opened: MainWindow, qtbot: QtBot) -> None:
    view = open_large(qtbot, opened, "cat/b.png")
    row = NAMES.index("cat/b.png")
    press(view.canvas, Qt.Key.Key_W)
    assert opened.state.withheld[row]
    press(view.canvas, Qt.Key.Key_Space)
    assert opened.state.marked[row]


def test_another_project_closes_it(opened: MainWindow, qtbot: QtBot) -> None:
    open_large(qtbot, opened, "cat/b.png")
    assert opened.state.look is not None
    opened.open_project(opened.state.look.folder)
    settle(qtbot, opened)
    assert opened.explore.gallery.isVisible()
    assert opened.explore.gallery.hasFocus()


def test_colours_are_shown_as_they_are(opened: MainWindow, qtbot: QtBot) -> None:
    view = open_large(qtbot, opened, "cat/b.png")
    assert view.levels.isHidden()
    colour = colour_at(view.canvas, view.canvas.rect().center())
    assert (colour.red(), colour.green(), colour.blue()) == (200, 30, 60)


def test_little_room_leaves_most_to_the_picture(opened: MainWindow, qtbot: QtBot) -> None:
    opened.resize(640, 400)
    view = open_large(qtbot, opened, "cat/a.png")
    assert view.canvas.height() >= 180
    assert view.levels.window_field.isVisible()
    assert view.back.isVisible()
