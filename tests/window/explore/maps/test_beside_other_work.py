"""Maps wait for other work, and hold nothing up."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import JobContext, JobKind
from tests.projects import owner_records
from tests.window.explore.maps.steps import (
    MadeUp,
    after_the_pause,
    idle,
    is_shown,
    press_m,
    status_text,
    walk,
)
from tests.window.steps import give, place, settle


@pytest.fixture
def held() -> Iterator[list[bool]]:
    """Work goes on until this is no longer empty."""
    ended: list[bool] = []
    yield ended
    ended.append(True)


def until(ended: list[bool]) -> Callable[[JobContext], str]:
    def work(context: JobContext) -> str:
        while not ended and not context.stop.requested:
            time.sleep(0.005)
        return "done"

    return work


def test_maps_wait_until_scoring_has_ended(
    opened: MainWindow, made: MadeUp, qtbot: QtBot, held: list[bool]
) -> None:
    made.is_held = True
    press_m(opened)
    assert status_text(opened) == "Making the map. This takes a few seconds…"
    opened.jobs.start(JobKind.SCORING, until(held), lambda _: None, lambda _: None)
    assert status_text(opened) == "Maps wait until scoring has ended."
    made.is_held = False
    walk(opened)
    assert opened.explore.maps.is_waiting
    after_the_pause(opened, qtbot)
    assert status_text(opened) == "Maps wait until scoring has ended."
    assert len(made.asked) == 1
    held.append(True)
    qtbot.waitUntil(lambda: is_shown(opened))
    idle(opened, qtbot)


def test_any_other_work_goes_first_and_maps_hold_nothing_up(
    opened: MainWindow, made: MadeUp, qtbot: QtBot, tmp_path: Path
) -> None:
    made.is_held = True
    press_m(opened)
    qtbot.waitUntil(lambda: len(made.asked) == 1)
    assert not opened.jobs.running
    assert not opened.header.job.isVisible()
    assert opened.actions_by_key["find_records"].isEnabled()
    give(qtbot, opened, owner_records(tmp_path / "others.npz", seed=3))
    settle(qtbot, opened)
    assert made.ended == [0]
    qtbot.waitUntil(lambda: place(opened) == "setup")


def test_a_job_that_gives_way_is_heard_of_by_nobody_else(qtbot: QtBot, held: list[bool]) -> None:
    jobs = Jobs()
    heard: list[str] = []
    jobs.started.connect(lambda kind: heard.append(f"started {kind.name}"))
    jobs.finished.connect(lambda: heard.append("finished"))

    def waits(context: JobContext) -> None:
        while not context.stop.is_urgent:
            time.sleep(0.005)
        raise InterruptedByPersonError("", "", "")

    jobs.start(JobKind.MAPS, waits, lambda _: None, lambda _: heard.append("gave way"), gives_way=True)
    jobs.stop()
    assert (jobs.running, jobs.has_thread, jobs.title) == (False, True, "")
    jobs.start(JobKind.RELEASE, until(held), heard.append, lambda _: None)
    assert (jobs.running, jobs.title) == (True, JobKind.RELEASE.running)
    qtbot.waitUntil(lambda: "gave way" in heard)
    jobs.give_way()
    qtbot.wait(20)
    assert heard == ["started RELEASE", "gave way"], "work that does not give way was ended"
    held.append(True)
    qtbot.waitUntil(lambda: not jobs.has_thread)
    assert heard == ["started RELEASE", "gave way", "finished", "done"]
    jobs.start(JobKind.MAPS, waits, lambda _: None, lambda _: heard.append("late"), gives_way=True)
    jobs.start(JobKind.RELEASE, until(held), lambda _: heard.append("late"), lambda _: None)
    jobs.close()
    qtbot.wait(20)
    assert not jobs.has_thread
    assert "late" not in heard


def test_what_stops_before_it_began_stops(qtbot: QtBot, held: list[bool]) -> None:
    jobs = Jobs()

    def lingers(context: JobContext) -> None:
        while not held:
            time.sleep(0.005)
        del context

    jobs.start(JobKind.MAPS, lingers, lambda _: None, lambda _: None, gives_way=True)
    seen: list[bool] = []

    def work(context: JobContext) -> None:
        seen.append(context.stop.requested)

    jobs.start(JobKind.RELEASE, work, lambda _: None, lambda _: None)
    jobs.stop()
    held.append(True)
    qtbot.waitUntil(lambda: not jobs.has_thread)
    assert seen == [True]
