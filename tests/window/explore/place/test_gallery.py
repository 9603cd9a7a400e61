"""The gallery: its tiles, keys, marks and pictures."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.explore import thumbnails
from dataselect_gui.window.explore.gallery import LARGEST, SMALLEST
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.explore.thumbnails import key_of
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Look, ScoreCut
from tests.window.explore.place.steps import COUNT, LEFT, NONE, Show, marked

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def click(explore: ExplorePlace, place: int, held: Qt.KeyboardModifier = NONE) -> None:
    centre = explore.gallery.tile_rect(place).center()
    QTest.mouseClick(explore.gallery.viewport(), LEFT, held, centre)


# The gallery


@pytest.mark.parametrize("side", [SMALLEST, 100, LARGEST])
def test_a_tile_is_found_where_it_stands(explore: ExplorePlace, state: State, side: int) -> None:
    explore.gallery.set_tile(side)
    explore.gallery.verticalScrollBar().setValue(37)
    for place in range(COUNT):
        rect = explore.gallery.tile_rect(place)
        for point in (rect.topLeft(), rect.center(), rect.bottomRight()):
            assert explore.gallery.row_at(point) == state.order[place]
        assert explore.gallery.row_at(rect.bottomRight() + QPoint(1, 1)) is None
    last = explore.gallery.tile_rect(COUNT - 1)
    beyond = last.translated(last.width() + 12, 0).center()
    assert explore.gallery.row_at(beyond) is None


def test_a_tile_is_never_wider_than_the_gallery(explore: ExplorePlace) -> None:
    explore.gallery.set_tile(LARGEST)
    explore.gallery.resize(220, 400)
    assert explore.gallery.tile_rect(0).right() < explore.gallery.viewport().width()
    assert explore.gallery.tile == LARGEST


def test_keys_move_the_current_record(qtbot: QtBot, explore: ExplorePlace, state: State) -> None:
    gallery, columns = explore.gallery, explore.gallery.columns
    for key, place in (
        (Qt.Key.Key_Right, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, 1 + columns),
        (Qt.Key.Key_Left, columns),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_End, COUNT - 1),
        (Qt.Key.Key_Right, COUNT - 1),
        (Qt.Key.Key_PageUp, None),
        (Qt.Key.Key_PageDown, COUNT - 1),
        (Qt.Key.Key_Home, 0),
    ):
        QTest.keyClick(gallery, key)
        assert place is None or state.current == state.order[place]
        assert (
            gallery.viewport()
            .rect()
            .intersects(gallery.tile_rect(int(np.flatnonzero(state.order == state.current)[0])))
        )
    with qtbot.waitSignal(gallery.activated) as activated:
        QTest.keyClick(gallery, Qt.Key.Key_Return)
    assert activated.args == [state.current]


def test_keys_and_clicks_mark(explore: ExplorePlace, state: State) -> None:
    gallery, order = explore.gallery, state.order.tolist()
    click(explore, 2)
    assert (state.current, marked(state)) == (order[2], [])
    click(explore, 4, CTRL)
    click(explore, 6, CTRL)
    assert marked(state) == sorted([order[4], order[6]])
    click(explore, 9, SHIFT)
    assert marked(state) == sorted(order[6:10])
    QTest.keyClick(gallery, Qt.Key.Key_Left, SHIFT)
    assert marked(state) == sorted(order[6:9])
    QTest.keyClick(gallery, Qt.Key.Key_Space)
    assert marked(state) == sorted(order[6:8])
    QTest.keyClick(gallery, Qt.Key.Key_A, CTRL)
    assert len(marked(state)) == COUNT
    QTest.keyClick(gallery, Qt.Key.Key_Escape)
    assert marked(state) == []


def test_keys_extend_what_is_marked(explore: ExplorePlace, state: State) -> None:
    gallery, order, columns = explore.gallery, state.order.tolist(), explore.gallery.columns
    QTest.keyClick(gallery, Qt.Key.Key_Home)
    QTest.keyClick(gallery, Qt.Key.Key_Right)
    QTest.keyClick(gallery, Qt.Key.Key_Down, SHIFT)
    assert marked(state) == sorted(order[1 : columns + 2])
    QTest.keyClick(gallery, Qt.Key.Key_Up, SHIFT)
    assert marked(state) == [order[1]]
    QTest.keyClick(gallery, Qt.Key.Key_End, SHIFT)
    assert marked(state) == sorted(order[1:])
    QTest.keyClick(gallery, Qt.Key.Key_PageUp, SHIFT)
    assert state.current is not None
    assert marked(state) == sorted(order[1 : order.index(state.current) + 1])
    QTest.keyClick(gallery, Qt.Key.Key_Home, SHIFT)
    assert marked(state) == sorted(order[:2])


def test_marks_and_commands_keep_to_what_is_shown(explore: ExplorePlace, state: State) -> None:
    state.mark([3])
    state.set_current(3)
    explore.find_row.set_filter("loss >= 0.9")
    QTest.keyClick(explore.gallery, Qt.Key.Key_Space)
    assert marked(state) == [3], "the current record is hidden: nothing is unmarked"
    assert state.targets() == []
    state.mark([38, 39], keep=True)
    assert state.targets() == [38, 39]
    explore.withhold()
    assert np.flatnonzero(state.withheld).tolist() == [38, 39]
    QTest.keyClick(explore.gallery, Qt.Key.Key_A, CTRL)
    assert marked(state) == [36, 37, 38, 39]
    explore.find_row.set_filter("")
    assert marked(state) == [36, 37, 38, 39]


def test_plus_and_minus_change_the_tiles(explore: ExplorePlace) -> None:
    for _ in range(20):
        QTest.keyClick(explore.gallery, Qt.Key.Key_Plus)
    assert explore.gallery.tile == LARGEST
    for _ in range(20):
        QTest.keyClick(explore.gallery, Qt.Key.Key_Minus)
    assert explore.gallery.tile == SMALLEST


def test_marks_survive_sorting(explore: ExplorePlace, state: State) -> None:
    rows = [int(state.order[place]) for place in (3, 5)]
    state.mark(rows)
    state.set_current(rows[0])
    state.sort_by("loss", descending=False)
    assert marked(state) == sorted(rows)
    assert state.current == rows[0]
    assert explore.gallery.row_at(explore.gallery.tile_rect(0).center()) == state.order[0] == 0


def test_the_gallery_says_what_it_shows(explore: ExplorePlace, state: State) -> None:
    row = COUNT - 1
    state.mark([row])
    assert explore.gallery.describe_record(row) == (
        f"{row}, bird, Loss 0.975, in the selection, marked"
    )
    assert "20 in the selection" in explore.gallery.accessibleDescription()
    assert not explore.gallery.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)


# Pictures


def test_pictures_arrive(show: Show, state: State) -> None:
    explore = show(state, wait=True)
    first = int(state.order[0])
    picture = explore.thumbnails.find(key_of(first, explore.gallery.tile))
    assert isinstance(picture, QPixmap)
    assert (picture.width(), picture.height()) == (5, 6)
    state.close()
    assert explore.thumbnails.find(key_of(first, explore.gallery.tile)) is None


def test_what_cannot_be_read_says_why(
    show: Show, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_pictures: object, _row: int, _most: int | None = None) -> None:
        raise workflow.UnreadableRecordError("The image is cut short.")

    monkeypatch.setattr(workflow.Pictures, "picture", unreadable)
    explore = show(state, wait=True)
    assert explore.thumbnails.find(key_of(int(state.order[0]), 128)) == "The image is cut short."


def test_the_source_is_opened_before_a_picture_is_requested(
    qtbot: QtBot, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Look] = []

    def opening(look: Look) -> workflow.Pictures:
        opened.append(look)
        return workflow.Pictures(look)

    monkeypatch.setattr(thumbnails, "Pictures", opening)
    made = thumbnails.Thumbnails(state)
    assert made.is_waiting
    qtbot.waitUntil(lambda: not made.is_waiting)
    assert opened == [state.look]
    made.want([key_of(0, 128)])
    qtbot.waitUntil(lambda: made.find(key_of(0, 128)) is not None)
    assert len(opened) == 1, "it is not listed a second time"
    made.close()


def test_a_source_that_moved_is_told(show: Show, qtbot: QtBot, state: State, tmp_path: Path) -> None:
    (tmp_path / "records.npz").unlink()
    explore = show(state)
    key = key_of(int(state.order[0]), 128)
    qtbot.waitUntil(lambda: isinstance(explore.thumbnails.find(key), str))


def test_a_large_project_is_painted(
    show: Show, state: State, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 200_000
    assert state.look is not None
    labels: Sequence[str | None] = ["bird", None, "cat", "dog"] * (rows // 4)
    large = replace(
        state.look,
        ids=[str(row) for row in range(rows)],
        content=np.zeros((rows, 32), dtype=np.uint8),
        labels=labels,
        scores={"loss": np.random.default_rng(0).random(rows)},
        withheld=np.zeros(rows, dtype=bool),
        opted_out=np.zeros(rows, dtype=bool),
    )
    monkeypatch.setattr(workflow, "look", lambda _project: large)
    state.open(project)
    explore = show(state)
    QTest.keyClick(explore.gallery, Qt.Key.Key_End)
    assert state.current == state.order[-1]
    assert not explore.gallery.grab().isNull()
    state.preview_rule(ScoreCut("loss", "threshold", Decimal("0.9")))
    assert not explore.histogram.grab().isNull()
