"""A map by M, and the next ones while somebody walks through the records."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.explore import maps as maps_module
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.explore.maps.steps import (
    BRIGHTEST,
    COUNT,
    MadeUp,
    after_the_pause,
    centre,
    idle,
    is_shown,
    press_m,
    status_text,
    walk,
)

SUNK = [233, 236, 240]


def test_m_shows_the_map_and_hides_it_again(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    view = opened.explore.inspector.map
    made.is_held = True
    press_m(opened)
    assert view.button.isChecked()
    assert status_text(opened) == "Making the map. This takes a few seconds…"
    qtbot.waitUntil(lambda: centre(opened) != SUNK)  # The record stays visible.
    assert not view.scale.isVisible()
    made.is_held = False
    qtbot.waitUntil(lambda: is_shown(opened))
    assert view.scale.isVisible()
    assert view.opacity.isVisible()
    assert [view.score.itemText(place) for place in range(view.score.count())] == ["VoG", "PLIS"]
    press_m(opened)
    assert not view.button.isChecked()
    assert not is_shown(opened)
    assert not view.scale.isVisible()
    view.button.click()
    assert is_shown(opened), "what was made is kept"
    idle(opened, qtbot)


@pytest.mark.usefixtures("made")
def test_the_opacity_goes_from_the_record_to_the_map(opened: MainWindow, qtbot: QtBot) -> None:
    opened.state.set_current(COUNT - 1)
    press_m(opened)
    qtbot.waitUntil(lambda: is_shown(opened))
    view = opened.explore.inspector.map
    view.opacity.setValue(0)
    assert centre(opened) == [200, 200, 200]
    view.opacity.setValue(100)
    assert centre(opened) == BRIGHTEST
    view.opacity.setValue(50)
    mixed = [(200 + part) // 2 for part in BRIGHTEST]
    assert centre(opened) == pytest.approx(mixed, abs=2)
    idle(opened, qtbot)


def test_walking_on_needs_no_waiting(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    opened.state.set_current(10)
    press_m(opened)
    idle(opened, qtbot)
    assert made.asked[0][0] == 10
    assert len(made.asked[0]) == workflow.MOST_AT_ONCE
    assert {11, 12, 13, 14, 9} <= set(made.asked[0])
    assert {0, COUNT - 1} <= set(made.asked[0]), "none from all over, for the scale"
    made.is_held = True
    for _ in range(4):
        walk(opened)
        assert is_shown(opened)
    walk(opened, Qt.Key.Key_Left)
    assert is_shown(opened)
    made.is_held = False
    idle(opened, qtbot)


def test_further_ones_are_made_before_they_are_needed(
    opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    press_m(opened)
    idle(opened, qtbot)
    for _ in range(30):
        walk(opened)
        assert is_shown(opened)
        idle(opened, qtbot)
    assert 2 <= len(made.asked) < 8, "one request for each few records"
    rows = [row for asked in made.asked for row in asked]
    assert len(rows) == len(set(rows)), "no map is made twice"


def test_a_walk_downwards_goes_on_downwards(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    columns = opened.explore.gallery.columns
    press_m(opened)
    idle(opened, qtbot)
    for _ in range(2):
        walk(opened, Qt.Key.Key_Down)
        idle(opened, qtbot)
    assert {3 * columns, 4 * columns} <= {row for asked in made.asked for row in asked}


def test_a_record_that_is_no_longer_looked_at_is_not_waited_for(
    opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    made.is_held = True
    press_m(opened)
    qtbot.waitUntil(lambda: len(made.asked) == 1)
    far = next(row for row in range(COUNT) if row not in made.asked[0])
    for row in (far - 1, far):  # Only where the owner stays is a map made.
        opened.state.set_current(row)
    qtbot.waitUntil(lambda: len(made.asked) == 2)
    assert made.ended == [0]
    assert made.asked[1][0] == far
    made.is_held = False
    qtbot.waitUntil(lambda: is_shown(opened))
    assert opened.explore.maps.current is not None
    assert opened.explore.maps.current.id == str(far)
    idle(opened, qtbot)


def test_a_record_whose_map_is_in_the_making_is_waited_for(
    opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    made.is_held = True
    press_m(opened)
    qtbot.waitUntil(lambda: len(made.asked) == 1)
    walk(opened)
    after_the_pause(opened, qtbot)
    assert made.ended == []
    made.is_held = False
    qtbot.waitUntil(lambda: is_shown(opened))
    idle(opened, qtbot)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> int:
    """Leave room for the maps of three records: a grey view and two maps of float32."""
    room = 3 * 9 * 100 * 100
    monkeypatch.setattr(maps_module, "_MOST_BYTES", room)
    return room


def test_maps_are_kept_while_there_is_room(
    room: int, opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    made.side = 100
    press_m(opened)
    for _ in range(12):
        qtbot.waitUntil(lambda: is_shown(opened))
        idle(opened, qtbot)
        assert 0 < opened.explore.maps.size <= room
        walk(opened)
    idle(opened, qtbot)
    asked = len(made.asked)
    qtbot.wait(1)  # What waits is taken when the loop of events turns.
    idle(opened, qtbot)
    assert len(made.asked) == asked, "maps are made for ever"


def test_no_map_is_made_that_nobody_sees(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    press_m(opened)
    idle(opened, qtbot)
    asked = len(made.asked)
    opened.show_place(PlaceId.LEDGER)
    opened.state.set_current(30)
    qtbot.wait(1)
    idle(opened, qtbot)
    assert len(made.asked) == asked
    opened.show_place(PlaceId.EXPLORE)
    qtbot.waitUntil(lambda: is_shown(opened))
    idle(opened, qtbot)
