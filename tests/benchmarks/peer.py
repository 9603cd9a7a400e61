"""How long many image files take in the window, beside another viewer: Renumics Spotlight.

    python -m tests.benchmarks.peer [--data DIR] [--peer-python PATH --browser PATH]

Timed are: from the drop of the folder to its first thumbnails, from the click on its scored project to
those in view, sorting by a score, brushing a range of it, and saving the list of the selection. Each
round is a process of its own, and both programs take turns on the same files, which are all read
beforehand. ``--peer-python`` is an interpreter that has ``renumics-spotlight`` and ``playwright``, and
``--browser`` a Chromium; without them DataSelect alone is timed. ``--data`` keeps the files.
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
from itertools import cycle
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QLabel

from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell import exporting
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import make_rule

_SIDE, _CLASSES = 32, 10
_MOST_SECONDS = 300.0
_ACTS_A_ROUND = 5
_SIZE = (1360, 860)
_SCORE = "loss"
_PEER = Path(__file__).with_name("peer_spotlight.py")
_STEPS = {
    "folder": "the folder, to first thumbnails",
    "project": "the scored project, to thumbnails",
    "sort": "sort by the score",
    "brush": "brush a range of the score",
    "export": "save the list of the selection",
}
_NOTES = """\
The window takes a folder, lists it, and decodes every file to say which cannot be read; Spotlight takes
a table of paths and reads no file before it is shown. Listing and making that table count. The window's
thumbnails are those of its gallery, all in view. Spotlight shows pictures of selected rows alone, so
that its first row is selected as soon as it is seen. Where the window sorts and brushes, its time ends
with all pictures in view; that of Spotlight with the rows of its table, which has no pictures. It saves
no list of selected rows: "not there"."""


def make_data(folder: Path, count: int) -> None:
    """Make images in folders of ten classes, no two alike, their scores, and a scored project."""
    # Here, since these import torch, which the window that is measured does not.
    from tests.projects import consortium, scored_project

    if (folder / "p.dataselect").exists():
        return
    random = np.random.default_rng(0)
    images = folder / "images"
    for label in range(_CLASSES):
        (images / f"class {label}").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pixels = random.integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(images / f"class {number % _CLASSES}" / f"{number:07}.jpg")
    scores = random.random(count)
    np.save(folder / "scores.npy", scores)
    model = consortium(folder / "model")
    scored_project(folder / "p.dataselect", images, model, scores.tolist())


class _Watch:
    """Times what a person does in a window until it is painted."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def until(self, is_so: Callable[[], bool]) -> None:
        """Handle events until something is so, and what it led to is painted."""
        app, end = QApplication.instance(), time.perf_counter() + _MOST_SECONDS
        assert app is not None
        while not is_so():
            if time.perf_counter() > end:
                raise TimeoutError(f"nothing came of it in {_MOST_SECONDS:.0f} s")
            app.processEvents()
            time.sleep(0.0002)
        app.processEvents()

    def time(self, act: Callable[[], None], is_done: Callable[[], bool]) -> float:
        """Return the seconds from an act to its end."""
        began = time.perf_counter()
        act()
        self.until(is_done)
        return time.perf_counter() - began

    def time_repaint(self, act: Callable[[], None]) -> float:
        """Return the seconds from an act to the first paint of the gallery that lacks no picture."""
        explore = self._window.explore
        painted: list[bool] = []
        note = explore.gallery.painted.connect(lambda: painted.append(not explore.is_working))
        seconds = self.time(act, lambda: not explore.is_working and bool(painted) and painted[-1])
        explore.gallery.painted.disconnect(note)
        return seconds


def _drop(window: MainWindow, *paths: Path) -> None:
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at, copy = QPointF(window.rect().center()), Qt.DropAction.CopyAction
    button, held = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(at, copy, dropped, button, held))


def _ours(data: Path) -> dict[str, list[float]]:
    """Measure the window in this process. Returns seconds by step."""
    app = QApplication([])
    window = MainWindow(Settings())
    window.resize(*_SIZE)
    window.show()
    watch, state, explore = _Watch(window), window.state, window.explore
    samples = window.setup.samples
    app.processEvents()

    def thumbnails() -> bool:
        labels = samples.findChildren(QLabel)
        return any(label.isVisible() and not label.pixmap().isNull() for label in labels)

    given = (data / "images", data / "model")
    seconds = {"folder": [watch.time(lambda: _drop(window, *given), thumbnails)]}
    window.jobs.stop()
    watch.until(lambda: not window.jobs.has_thread)
    painted: list[bool] = []
    explore.first_painted.connect(lambda: painted.append(True))
    opened = watch.time(lambda: window.open_project(data / "p.dataselect"), lambda: bool(painted))
    seconds["project"] = [opened]
    watch.until(lambda: not explore.is_working)
    ways = cycle((False, True))
    sort = [
        watch.time_repaint(lambda: explore.sorting.sort_by(_SCORE, descending=next(ways)))
        for _ in range(_ACTS_A_ROUND)
    ]
    lows = cycle((0.2, 0.5, 0.7, 0.3, 0.6))
    seconds["sort"], seconds["brush"] = sort, []
    for _ in range(_ACTS_A_ROUND):
        low = next(lows)
        brush = (_SCORE, [(low, low + 0.1)])
        seconds["brush"].append(watch.time_repaint(lambda: explore.histogram.brushed.emit(*brush)))  # noqa: B023
    state.rule = make_rule(_SCORE, threshold="0.9")
    state.end_preview()
    watch.until(lambda: not explore.is_working)
    to = data / "selection.csv"
    to.unlink(missing_ok=True)
    setattr(exporting, "choose_place", lambda *_: to)  # noqa: B010 (nobody is there to choose)
    export = watch.time(lambda: exporting.export_selection(window), lambda: not window.jobs.has_thread)
    seconds["export"] = [export]
    assert to.exists()
    return seconds


def _run(command: list[str | Path], **more: str) -> dict[str, list[float]]:
    """Have a program of its own measure."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **more}
    )
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    seconds: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def _table(runs: dict[str, list[dict[str, list[float]]]]) -> None:
    """Print medians, and the median of the ratios to the other of the same round."""
    print(f"{'':36}" + "".join(f"{name:>14}" for name in runs) + f"{'ratio':>10}")
    for step, text in _STEPS.items():
        of = [[statistics.median(run[step]) for run in each if step in run] for each in runs.values()]
        cells = [f"{1000 * statistics.median(times):,.0f} ms" if times else "not there" for times in of]
        ratio = ""
        if len(of) == 2 and all(of):
            ratio = f"{statistics.median(b / a for a, b in zip(*of, strict=True)):.1f}"
        print(f"{text:36}" + "".join(f"{cell:>14}" for cell in cells) + f"{ratio:>10}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--peer-python", type=Path)
    parser.add_argument("--browser", type=Path)
    parser.add_argument("--alone", type=Path)
    asked = parser.parse_args()
    if asked.alone:
        print(json.dumps(_ours(asked.alone)))
        sys.stdout.flush()
        os._exit(0)  # Threads that decode need not be waited for.
    with tempfile.TemporaryDirectory() as name:
        data = (asked.data or Path(name)).resolve()
        make_data(data, asked.images)
        for path in (data / "images").rglob("*.jpg"):
            path.read_bytes()
        ours: list[str | Path] = [sys.executable, "-m", "tests.benchmarks.peer", "--alone", data]
        runs: dict[str, list[dict[str, list[float]]]] = {"DataSelect": []}
        has_peer = asked.peer_python is not None and asked.browser is not None
        if has_peer:
            runs["Spotlight"] = []
        for number in range(asked.rounds):
            with tempfile.TemporaryDirectory() as home:
                run = _run(ours, QT_QPA_PLATFORM="offscreen", DATASELECT_HOME=home)
            runs["DataSelect"].append(run)
            if has_peer:
                peer: list[str | Path] = [asked.peer_python, _PEER, data, asked.browser]
                runs["Spotlight"].append(_run(peer))
            print(f"round {number + 1} of {asked.rounds}", file=sys.stderr, flush=True)
    print(f"{asked.images:,} images; medians of {asked.rounds} rounds; ratio: Spotlight to DataSelect")
    _table(runs)
    print(_NOTES)


if __name__ == "__main__":
    main()
