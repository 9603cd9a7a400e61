"""Whatever a round of open, score, cancel and close leaves behind is found, and there is nothing."""

import gc
import os
import shutil
import statistics
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.jobs.progress import Phase
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from tests.processes import workers_of
from tests.projects import consortium, owner_records, scored_project
from tests.window.leaks import Started, holdings, noted
from tests.window.steps import give, place, settle

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="counts in /proc")


def play(qtbot: QtBot, records: Path, checkpoint: Path, *, scores: bool) -> "weakref.ref[MainWindow]":
    """Open, score with a real worker, cancel, close.

    Where `scores` holds, batches are computed before the cancelling; otherwise it comes as soon as
    there is a worker. Every second way of cancelling is the window's closing.
    """
    window = MainWindow(Settings())
    window.show()
    give(qtbot, window, records, checkpoint)
    assert place(window) == "setup"
    phases: list[Phase] = []
    window.jobs.progressed.connect(lambda step: phases.append(step.phase))
    window.setup.score.click()
    if scores:
        qtbot.waitUntil(lambda: Phase.SCORING in phases, timeout=60_000)
    else:
        qtbot.waitUntil(lambda: any(True for _ in workers_of(os.getpid())), timeout=60_000)
        window.setup.stop.click()
        settle(qtbot, window)
    window.close()
    window.deleteLater()
    return weakref.ref(window)


ROUNDS = 200
SETTLED = 40
"""After so many rounds, allocators and caches hold what they need: growth is measured from there."""


@pytest.mark.parametrize(
    "rounds", [2, pytest.param(ROUNDS, marks=[pytest.mark.slow, pytest.mark.timeout(5400)])]
)
def test_rounds_of_open_score_cancel_and_close_leave_nothing(
    qtbot: QtBot,
    tmp_path: Path,
    real_series: Path,
    rounds: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    records = owner_records(tmp_path / "records.npz", 4000)

    def one_round(number: int) -> "weakref.ref[MainWindow]":
        shutil.rmtree(tmp_path / "records.dataselect", ignore_errors=True)
        return play(qtbot, records, real_series, scores=number % 2 == 1)

    one_round(0)  # What is made once for a process is made now.
    with noted() as started:
        before = holdings(started)
        windows, resident = [], []
        for number in range(rounds):
            windows.append(one_round(number))
            # The parts of a window refer to each other, so the collector frees them. Beside the objects
            # of torch, which the tests load and the window does not, it comes once in a hundred rounds.
            gc.collect()
            caplog.clear()  # It keeps what is logged, which would pass for a leak of memory.
            resident.append(psutil.Process().memory_info().rss)
        after = holdings(started)
    assert not after.beyond(before)
    assert started.thread_count >= rounds
    assert not [window for window in windows if window() is not None], "a window is still held"
    if rounds == ROUNDS:
        early, late = (statistics.median(resident[at : at + 20]) for at in (SETTLED, ROUNDS - 20))
        assert late <= 1.05 * early, f"resident {early / 2**20:.1f} MiB, then {late / 2**20:.1f} MiB"


def test_a_closed_project_is_freed_without_the_collector(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    records, checkpoint = owner_records(tmp_path / "records.npz", 40), consortium(tmp_path / "model")
    project = scored_project(tmp_path / "p.dataselect", records, checkpoint, [0.5] * 40)
    window.open_project(project)
    qtbot.waitUntil(lambda: not window.explore.thumbnails.is_waiting)
    assert window.state.look is not None
    look, columns = weakref.ref(window.state.look), weakref.ref(window.state.columns)
    gc.collect()
    gc.disable()
    try:
        window.state.close()
        qtbot.waitUntil(lambda: look() is None, timeout=10_000)
        assert columns() is None
    finally:
        gc.enable()


# That the check would fire


@dataclass
class Left:
    """One of everything that must not be left behind."""

    ended: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread = field(init=False)
    qthread: QThread = field(default_factory=QThread)
    timer: QTimer = field(default_factory=QTimer)
    process: "subprocess.Popen[bytes]" = field(init=False)
    widget: QWidget = field(default_factory=QWidget)
    descriptors: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self.ended.wait)
        self.thread.start()
        self.qthread.start()
        self.timer.start(60_000)
        # It ends at once, and nobody waits for it.
        self.process = subprocess.Popen([sys.executable, "-c", ""])
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        # Files are counted, and one that an earlier test left may be closed meanwhile.
        self.descriptors = [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]

    def clean_up(self) -> None:
        """Put everything away."""
        self.ended.set()
        self.thread.join()
        self.qthread.quit()
        self.qthread.wait()
        self.timer.stop()
        self.process.wait()
        self.widget.deleteLater()
        for descriptor in self.descriptors:
            os.close(descriptor)


def test_whatever_is_left_is_found(qtbot: QtBot) -> None:
    del qtbot
    with noted() as started:
        before = holdings(started)
        left = Left()
        leaked = holdings(started).beyond(before)
        left.clean_up()
        assert set(leaked) == set(before.kinds)
        assert not holdings(started).beyond(before)


def test_a_window_that_is_held_is_found(qtbot: QtBot) -> None:
    window = MainWindow(Settings())
    seen, window_held = weakref.ref(window), [window]
    window.close()
    window.deleteLater()
    del window
    qtbot.wait(1)
    holdings(Started())
    assert seen() is not None
    window_held.clear()
    holdings(Started())
    assert seen() is None
