import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from dataselect_gui.errors import DataSelectError, UnusableError
from dataselect_gui.window.latest import Latest
from dataselect_gui.workflow import JobContext, JobKind


@pytest.fixture
def latest(qtbot: QtBot) -> Iterator[Latest]:
    del qtbot
    owner = QObject()
    made = Latest(owner)
    yield made
    made.close()
    owner.deleteLater()


@pytest.fixture
def heard() -> list[object]:
    return []


def test_only_the_last_of_many_questions_is_asked(
    latest: Latest, heard: list[object], qtbot: QtBot
) -> None:
    asked: list[int] = []

    def ask(number: int) -> None:
        def work(context: JobContext) -> int:
            del context
            asked.append(number)
            return number

        latest.ask(JobKind.PREVIEW, work, heard.append, heard.append)

    for number in range(5):
        ask(number)
    qtbot.waitUntil(lambda: not latest.waiting)
    assert asked == [4]
    assert heard == [4]


def test_a_late_answer_to_an_earlier_question_never_lands(
    latest: Latest, heard: list[object], qtbot: QtBot
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(context: JobContext) -> str:
        begun.set()
        go_on.wait(10)
        return f"late, {'stopped' if context.stop.requested else 'not stopped'}"

    def quick(context: JobContext) -> str:
        del context
        return "now"

    latest.ask(JobKind.PREVIEW, slow, heard.append, heard.append)
    qtbot.waitUntil(begun.is_set)
    latest.ask(JobKind.PREVIEW, quick, heard.append, heard.append)
    assert latest.waiting
    go_on.set()
    qtbot.waitUntil(lambda: not latest.waiting)
    assert heard == ["now"]


def test_an_error_is_an_answer_too(latest: Latest, heard: list[object], qtbot: QtBot) -> None:
    error = UnusableError("What.", "Why.", "Do.")

    def work(context: JobContext) -> None:
        del context
        raise error

    failed: list[DataSelectError] = []
    latest.ask(JobKind.PREVIEW, work, heard.append, failed.append)
    qtbot.waitUntil(lambda: not latest.waiting)
    assert (heard, failed) == ([], [error])


def test_what_is_dropped_is_never_heard_of(latest: Latest, heard: list[object], qtbot: QtBot) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(context: JobContext) -> None:
        del context
        begun.set()
        go_on.wait(10)

    latest.ask(JobKind.PREVIEW, work, heard.append, heard.append)
    qtbot.waitUntil(begun.is_set)
    latest.drop()
    go_on.set()
    qtbot.waitUntil(lambda: not latest.running)
    qtbot.wait(1)
    assert heard == []


def test_a_question_may_wait_longer_than_others(
    latest: Latest, heard: list[object], qtbot: QtBot
) -> None:
    def work(context: JobContext) -> str:
        del context
        return "late"

    latest.ask(JobKind.PREVIEW, work, heard.append, heard.append, pause=600)
    qtbot.wait(400)  # Three times as long as a question waits that says nothing.
    assert latest.waiting
    assert not heard
    qtbot.waitUntil(lambda: heard == ["late"])
