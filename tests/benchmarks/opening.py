"""How soon a project of many records is seen, and what the window takes in memory.

    python -m tests.benchmarks.opening [--records N] [--rounds N] [--project FOLDER]

Each figure is of a process of its own, offscreen: the empty window; a project opened in it; a project
opened with the program. A project's first look of all, which is noted in the ledger, is told apart.
With ``--project`` the project is kept in that folder, and made only where it is missing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow

_SIDE, _CLASSES = 8, 10
_MOST_MILLISECONDS = 120_000
_STATUS = Path("/proc/self/status")


def make_project(folder: Path, count: int) -> Path:
    """Make a project of grey images, no two alike, each of one of ten classes."""
    # Here, since these import torch, which the window that is measured does not.
    from tests.helpers import array_file
    from tests.projects import consortium, scored_project

    project = folder / "p.dataselect"
    if not project.exists():
        numbers = np.arange(count, dtype=np.uint32)
        pixels = np.zeros((count, _SIDE, _SIDE), dtype=np.uint8)
        pixels[:, 0, :4] = numbers[:, None].view(np.uint8)
        pixels[:, 2:] = (numbers % 251)[:, None, None]
        classes = np.array([f"class {number}" for number in range(_CLASSES)])
        source = array_file(folder / "r.npz", x=pixels, y=numbers % _CLASSES, classes=classes)
        scores = np.random.default_rng(0).random(count)
        scored_project(project, source, consortium(folder / "consortium"), scores.tolist())
    return project


def _measured(how: str, project: Path) -> dict[str, float]:
    """Measure in this process. Returns seconds and bytes by what they are of."""
    began = time.clock_gettime(time.CLOCK_MONOTONIC)
    app = QApplication([])
    window = MainWindow(Settings())
    seen: dict[str, float] = {}

    def end() -> None:
        status = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        seen["resident"], seen["most"] = (int(status[key].split()[0]) for key in ("VmRSS", "VmHWM"))
        app.quit()

    def note(what: str, then: Callable[[], None]) -> Callable[[], None]:
        def noted() -> None:
            seen[what] = time.clock_gettime(time.CLOCK_MONOTONIC)
            QTimer.singleShot(500, then)

        return noted

    def click() -> None:
        seen["click"] = time.clock_gettime(time.CLOCK_MONOTONIC)
        window.open_project(project)
        window.explore.first_painted.connect(note("thumbnails", end))

    window.ready.connect(note("ready", click if how == "click" else end))
    window.show()
    if how == "with":
        window.open_project(project)
        window.explore.first_painted.connect(note("thumbnails", end))
    QTimer.singleShot(_MOST_MILLISECONDS, app.quit)
    app.exec()
    return {"began": began, **seen}


def _apart(how: str, project: Path, home: Path) -> dict[str, float]:
    """Measure in a process of its own; seconds count from its start, or from the click."""
    command = [sys.executable, "-m", "tests.benchmarks.opening", "--alone", how, str(project)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "DATASELECT_HOME": str(home)}
    started = time.clock_gettime(time.CLOCK_MONOTONIC)
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    seen: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {"started": started, **seen}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--alone", nargs=2)
    asked = parser.parse_args()
    if asked.alone:
        print(json.dumps(_measured(asked.alone[0], Path(asked.alone[1]))))
        sys.stdout.flush()
        os._exit(0)  # Threads that decode need not be waited for.
    with tempfile.TemporaryDirectory() as name:
        project = make_project(asked.project or Path(name), asked.records)
        home = (asked.project or Path(name)) / "home"
        if not home.exists():
            first = _apart("click", project, home)
            print(f"the first look of all: {first['thumbnails'] - first['click']:.2f} s from the click")
        runs = {how: [_apart(how, project, home) for _round in range(asked.rounds)] for how in _HOWS}
    for how, (text, begin, end) in _HOWS.items():
        seconds = statistics.median(run[end] - run[begin] for run in runs[how])
        most = statistics.median(run["most"] for run in runs[how]) / 2**10
        now = statistics.median(run["resident"] for run in runs[how]) / 2**10
        print(f"{text}: {seconds:.2f} s; {now:,.0f} MiB resident, {most:,.0f} MiB at most")


_HOWS = {
    "empty": ("the empty window, from the process's start", "started", "ready"),
    "click": ("first thumbnails, from the click in an open window", "click", "thumbnails"),
    "with": ("first thumbnails, from the process's start", "started", "thumbnails"),
}
"""What to measure → what it is, and the two events that it lies between."""

if __name__ == "__main__":
    main()
