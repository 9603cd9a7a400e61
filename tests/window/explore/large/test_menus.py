"""The menu of a record, on its tile, beside it and over it; by mouse and by key."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.explore.large.steps import (
    NAMES,
    choose,
    drag,
    entries,
    large,
    menu,
    open_large,
    settle,
)

RIGHT = Qt.MouseButton.RightButton


def right_click(window: MainWindow, widget: QWidget, at: QPoint) -> None:
    """Press the right button, by the window as the system does it."""
    QTest.mouseMove(window.windowHandle(), QPoint(1, 1))  # Else it may be the second of two clicks.
    QTest.mouseClick(window.windowHandle(), RIGHT, pos=widget.mapTo(window, at))


def on_tile(window: MainWindow, place: int) -> None:
    gallery = window.explore.gallery
    right_click(window, gallery.viewport(), gallery.tile_rect(place).center())


def shown(window: MainWindow) -> list[str]:
    return [NAMES[row] for row in window.state.order.tolist()]


def test_the_menu_of_a_tile_is_about_that_record(opened: MainWindow, qtbot: QtBot) -> None:
    on_tile(opened, 2)
    assert opened.state.current == 2
    assert entries() == [
        "Open large",
        "Mark",
        "Withhold",
        "Show all records of person 1",
        "Withhold all records of person 1",
        "Show all labelled cat",
        "Copy its name",
        "Copy its path",
        "Show in its folder",
    ]
    choose("Open large")
    settle(qtbot, opened)
    assert large(opened).isVisible()


def test_a_person_and_a_class_are_shown(opened: MainWindow, qtbot: QtBot) -> None:
    on_tile(opened, 2)
    choose("Show all records of person 1")
    assert shown(opened) == ["cat/c.png", "dog/d.png"]
    on_tile(opened, 0)
    choose("Show all labelled cat")
    assert shown(opened) == ["cat/a.png", "cat/b.png", "cat/c.png"]
    view = open_large(qtbot, opened, "cat/b.png")
    right_click(opened, view.canvas, view.canvas.rect().center())
    assert "Open large" not in entries()
    choose("Show all records of person 0")
    assert shown(opened) == ["cat/a.png", "cat/b.png"]
    assert opened.explore.gallery.isVisible()


def test_marked_records_are_withheld_together(opened: MainWindow) -> None:
    opened.state.mark([0, 1, 3])
    on_tile(opened, 4)
    choose("Withhold")
    assert opened.state.withheld.tolist() == [False, False, False, False, True, False]
    on_tile(opened, 1)
    choose("Withhold 3 marked")
    assert opened.state.withheld.tolist() == [True, True, False, True, True, False]
    on_tile(opened, 4)
    choose("Restore")
    assert not opened.state.withheld[4]
    on_tile(opened, 1)
    choose("Remove the mark")
    assert not opened.state.marked[1]


def test_id_and_path_are_copied(opened: MainWindow) -> None:
    look = opened.state.look
    assert look is not None
    on_tile(opened, 1)
    choose("Copy its name")
    assert QGuiApplication.clipboard().text() == "cat/b.png"
    on_tile(opened, 1)
    choose("Copy its path")
    assert Path(QGuiApplication.clipboard().text()) == look.source / "cat" / "b.png"
    (look.source / "cat" / "b.png").unlink()
    on_tile(opened, 1)
    assert "Copy its path" not in entries()
    menu().close()


def test_its_folder_is_opened_or_the_path_copied(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, asked = opened.state.look, list[str]()
    assert look is not None

    def open_url(url: QUrl) -> bool:
        asked.append(url.toLocalFile())
        return len(asked) == 1

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    on_tile(opened, 0)
    choose("Show in its folder")
    assert asked == [str(look.source / "cat")]
    assert opened.notice.isHidden()
    on_tile(opened, 0)
    choose("Show in its folder")
    assert QGuiApplication.clipboard().text() == str(look.source / "cat")
    assert opened.notice.message is not None
    assert opened.notice.message.what == "No program opens “cat” here."


@pytest.mark.parametrize(
    ("key", "held"),
    [
        (Qt.Key.Key_Menu, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_the_menu_opens_by_key(
    opened: MainWindow, qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier
) -> None:
    opened.state.set_current(3)
    QTest.keyClick(opened.windowHandle(), key, held)
    tile = opened.explore.gallery.tile_rect(3)
    at = opened.explore.gallery.viewport().mapFromGlobal(menu().pos())
    assert tile.contains(at)
    menu().close()
    view = open_large(qtbot, opened, "cat/b.png")
    assert view.canvas.hasFocus()
    QTest.keyClick(opened.windowHandle(), key, held)
    choose("Mark")
    assert opened.state.marked[NAMES.index("cat/b.png")]


def test_the_inspector_has_the_menu_too(opened: MainWindow) -> None:
    opened.state.set_current(1)
    inspector = opened.explore.inspector
    right_click(opened, inspector, QPoint(inspector.width() // 2, inspector.height() - 10))
    choose("Mark")
    assert opened.state.marked[1]


def test_a_drag_with_the_right_button_opens_none(opened: MainWindow, qtbot: QtBot) -> None:
    view = open_large(qtbot, opened, "cat/a.png")
    middle = view.canvas.rect().center()
    drag(view.canvas, RIGHT, middle, middle + QPoint(80, 0))
    with pytest.raises(AssertionError):
        menu()
    right_click(opened, view.canvas, middle)
    menu().close()
