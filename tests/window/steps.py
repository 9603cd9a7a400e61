"""What a person does with the window, and what they see."""

import re
from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets.notice import Message


def place(window: MainWindow) -> PlaceId:
    """Return the place that is seen, which is that of the state."""
    seen = next(each for each in PlaceId if getattr(window, each).isVisible())
    assert seen is window.state.place
    return seen


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until no job is running and nothing waits for one."""
    qtbot.waitUntil(lambda: not window.jobs.has_thread, timeout=60_000)
    qtbot.wait(1)  # What waits is taken when the loop of events turns.
    qtbot.waitUntil(lambda: not window.jobs.has_thread, timeout=60_000)


def give(qtbot: QtBot, window: MainWindow, *paths: Path) -> None:
    """Drop files and folders onto the window together, and wait."""
    give_at_once(window, *paths)
    for _ in paths:
        settle(qtbot, window)


def give_at_once(window: MainWindow, *paths: Path) -> None:
    """Drop files and folders onto the window together."""
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(window.rect().center()),
        Qt.DropAction.CopyAction,
        dropped,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)


def notice_of(window: MainWindow) -> Message:
    """Return the notice that is shown."""
    assert window.notice.isVisible()
    message = window.notice.message
    assert message is not None
    return message


def numbers(text: str) -> list[str]:
    """Return the numbers of a sentence, in order."""
    return re.findall(r"\d+(?:[.,]\d+)*", text)
