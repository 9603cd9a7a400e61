"""Maps that are made up, and steps of somebody who looks at them."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import JobContext, RecordMaps

COUNT = 40

DARKEST, BRIGHTEST = [0, 32, 77], [255, 234, 70]
"""The ends of cividis (Nuñez, Anderton and Renslow 2018)."""


class MadeUp:
    """Makes maps that are made up: of the row, as is its value everywhere but in one corner.

    Attributes
    ----------
    asked : list of list of int
        The rows of each request.
    ended : list of int
        The first row of each request that was ended before it was done.
    is_held : bool
        Whether to wait until that is no longer so, or until it is ended.
    error : Exception or None
        What to fail with.
    reasons : dict
        Row → why it has no map.
    side : int
        The height and width of maps.
    """

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.ended: list[int] = []
        self.is_held = False
        self.error: Exception | None = None
        self.reasons: dict[int, str] = {}
        self.side = 6
        self.prefix = ""

    def __call__(
        self, _folder: Path, rows: Sequence[int], context: JobContext
    ) -> dict[int, RecordMaps]:
        self.asked.append(list(rows))
        while self.is_held and not context.stop.is_urgent:
            time.sleep(0.005)
        if context.stop.is_urgent:
            self.ended.append(rows[0])
            raise InterruptedByPersonError("", "", "")
        if self.error is not None:
            raise self.error
        return {row: self._record(row) for row in rows}

    def _record(self, row: int) -> RecordMaps:
        if row in self.reasons:
            return RecordMaps(str(row), None, {}, dict.fromkeys(("vog", "plis"), self.reasons[row]))
        view = np.full((self.side, self.side), 200, dtype=np.uint8)
        return RecordMaps(
            self.prefix + str(row), view, {"vog": self.map_of(row), "plis": self.map_of(row) * 10}, {}
        )

    def map_of(self, row: int) -> NDArray[np.float32]:
        values = np.full((self.side, self.side), (row + 1) / COUNT, dtype=np.float32)
        values[0, 0] = 0
        return values


def press_m(window: MainWindow) -> None:
    QTest.keyClick(window.explore.gallery, Qt.Key.Key_M)


def walk(window: MainWindow, key: Qt.Key = Qt.Key.Key_Right) -> None:
    QTest.keyClick(window.explore.gallery, key)


def is_shown(window: MainWindow) -> bool:
    return bool(window.explore.inspector.map.summary)


def status_text(window: MainWindow) -> str:
    return window.explore.inspector.map.status.text()


def idle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until no map is being made, nor about to be."""
    maps = window.explore.maps
    qtbot.waitUntil(lambda: not window.jobs.has_thread and not maps.is_waiting)


def after_the_pause(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until maps are begun after a step, or are not."""
    qtbot.waitUntil(lambda: not window.explore.maps.is_waiting)


def picture(window: MainWindow) -> QWidget:
    widgets = window.explore.inspector.findChildren(QWidget)
    return next(widget for widget in widgets if widget.accessibleName() == "Picture of the record")


def centre(window: MainWindow) -> list[int]:
    """Return the colour in the middle of the picture: red, green, blue."""
    image = picture(window).grab().toImage()
    colour = image.pixelColor(image.width() // 2, image.height() // 2)
    return [colour.red(), colour.green(), colour.blue()]
