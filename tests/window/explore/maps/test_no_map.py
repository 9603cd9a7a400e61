"""Where a record has no map, the window says why."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from dataselect_gui.errors import UnusableError, WorkerDiedError
from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.explore.maps.steps import MadeUp, idle, is_shown, press_m, status_text, walk


def test_what_has_no_map_says_why_and_stays_visible(
    opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    made.reasons = {0: "The record changed since it was scored."}
    press_m(opened)
    idle(opened, qtbot)
    assert status_text(opened) == "The record changed since it was scored."
    assert not opened.explore.inspector.map.again.isVisible()
    assert not is_shown(opened)
    walk(opened)
    assert is_shown(opened)
    idle(opened, qtbot)


def test_a_project_without_such_a_score_says_so(
    window: MainWindow, made: MadeUp, project: Path
) -> None:
    window.open_project(project)
    window.state.set_current(0)
    press_m(window)
    assert status_text(window) == "No score of this project has a map: only VoG and PLIS have one."
    assert made.asked == []


def test_a_failure_is_told_and_can_be_tried_again(
    opened: MainWindow, made: MadeUp, qtbot: QtBot
) -> None:
    made.error = WorkerDiedError("Making the map stopped unexpectedly.", "Why.", "Try again.")
    view = opened.explore.inspector.map
    press_m(opened)
    idle(opened, qtbot)
    assert status_text(opened) == "Making the map stopped unexpectedly."
    assert view.status.toolTip() == "Making the map stopped unexpectedly. Why. Try again."
    assert not opened.notice.isVisible()
    walk(opened)
    idle(opened, qtbot)
    assert len(made.asked) == 1, "it is not tried without end"
    made.error = None
    view.again.click()
    qtbot.waitUntil(lambda: is_shown(opened))
    assert not view.again.isVisible()
    idle(opened, qtbot)


def test_maps_of_other_records_are_never_shown(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    made.prefix = "another "
    press_m(opened)
    idle(opened, qtbot)
    assert status_text(opened) == "The project has changed."
    assert not is_shown(opened)


def test_a_checkpoint_that_moved_is_told_where_the_map_would_be(
    opened: MainWindow, qtbot: QtBot
) -> None:
    """Not a word of the terminal, and the window's own notice says what to do."""
    assert opened.state.look is not None
    opened.state.look.checkpoint.rename(opened.state.look.checkpoint.with_name("elsewhere"))
    press_m(opened)
    idle(opened, qtbot)
    assert status_text(opened) == "“consortium” is not there."
    assert isinstance(opened.explore.maps.error, UnusableError)
    assert opened.explore.inspector.map.again.isVisible()
