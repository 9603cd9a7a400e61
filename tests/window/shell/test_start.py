"""The start page is painted first; everything else is loaded and made after it, or on its first use."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import JobContext, JobKind
from tests.window.steps import place, settle

LATER = [
    "dataselect_gui.calibration",
    "dataselect_gui.project",
    "dataselect_gui.release",
    "dataselect_gui.scoring",
    "dataselect_gui.study",
    "dataselect_gui.worker",
    "dataselect_gui.window.explore",
    "dataselect_gui.window.ledger",
    "dataselect_gui.window.release",
    "dataselect_gui.window.request",
    "dataselect_gui.window.rule",
    "dataselect_gui.window.setup.deletion",
    "dataselect_gui.window.setup.place",
    "dataselect_gui.window.setup.preparation",
    "dataselect_gui.window.study",
]
PROGRAM = f"""
import json, sys
from PySide6.QtCore import QTimer
from dataselect_gui.window.shell import app, main_window

class Telling(main_window.MainWindow):
    def __init__(self, settings):
        super().__init__(settings)
        self.ready.connect(self.tell)
        self.look = QTimer(self, interval=20)
        self.look.timeout.connect(self.close_when_made)
        self.look.start()
        print(json.dumps([name for name in {LATER} if name in sys.modules]), flush=True)

    def tell(self):
        print(json.dumps([name for name in {LATER} if name in sys.modules]), flush=True)

    def close_when_made(self):
        if len(self.places) == len(main_window.PlaceId):
            self.look.stop()
            print(json.dumps([name for name in {LATER} if name not in sys.modules]), flush=True)
            self.close()

app.MainWindow = Telling
app.run()
"""


def wait_for_places(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: set(window.places) == set(PlaceId), timeout=60_000)


def test_the_start_page_is_painted_before_anything_else_is_loaded(home: Path) -> None:
    del home
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert run.returncode == 0, run.stderr
    assert [json.loads(line) for line in run.stdout.splitlines()] == [[], [], []]
    assert not [line for line in run.stderr.splitlines() if "propagateSizeHints" not in line]


def test_after_it_every_place_is_there_and_the_start_page_still_shown(
    window: MainWindow, qtbot: QtBot
) -> None:
    focus = QApplication.focusWidget()
    wait_for_places(qtbot, window)
    assert place(window) == "start"
    assert window.start.isVisible()
    assert QApplication.focusWidget() is focus
    assert not any(made.as_widget.isVisible() for key, made in window.places.items() if key != "start")
    assert not window.has_work


@pytest.mark.parametrize("turns", range(4))
def test_a_window_that_is_closed_at_once_makes_no_more_places(qtbot: QtBot, turns: int) -> None:
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.show()
    for _ in range(turns):
        QApplication.processEvents()
    window.close()
    made = set(window.places)
    for _ in range(4):
        QApplication.processEvents()
    assert set(window.places) == made
    assert not window.has_threads


def test_a_place_that_is_made_late_shows_what_is_open(qtbot: QtBot, project: Path) -> None:
    early, late = MainWindow(Settings()), MainWindow(Settings())
    assert all(getattr(early, place_id) for place_id in PlaceId)
    seen = []
    for window in (early, late):
        qtbot.addWidget(window)
        window.open_project(project)
        assert (set(window.places) == set(PlaceId)) == (window is early)
        window.show()
        seen.append({place_id: texts_of(qtbot, window, place_id) for place_id in PlaceId})
        window.close()
    assert all(any(texts) for texts in seen[0].values())
    assert seen[0] == seen[1]


def texts_of(qtbot: QtBot, window: MainWindow, place_id: PlaceId) -> list[str]:
    """Return all that a window says when it shows a place."""
    window.show_place(place_id)
    qtbot.waitUntil(lambda: not window.has_work, timeout=60_000)
    settle(qtbot, window)
    texts = [
        *(part.text() for part in window.findChildren(QAbstractButton) if part.isVisible()),
        *(part.text() for part in window.findChildren(QLabel) if part.isVisible()),
        *(part.currentText() for part in window.findChildren(QComboBox) if part.isVisible()),
    ]
    return sorted(texts)


def test_setup_shows_a_job_that_began_before_it_was_made(qtbot: QtBot) -> None:
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    ends = threading.Event()

    def work(_context: JobContext) -> None:
        ends.wait(60)

    def ended(_outcome: object) -> None:
        pass

    window.jobs.start(JobKind.VERIFICATION, work, ended, ended)
    assert PlaceId.SETUP not in window.places
    assert window.setup.stop.isVisibleTo(window.setup)
    assert not window.setup.score.isVisibleTo(window.setup)
    ends.set()
    settle(qtbot, window)
    assert window.setup.score.isVisibleTo(window.setup)
    assert not window.setup.stop.isVisibleTo(window.setup)
    window.close()
