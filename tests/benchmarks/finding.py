"""How long finding, sorting, brushing and scrolling take among many records, from event to repaint.

    python -m tests.benchmarks.finding --records 1000000

The records are made in memory: names, labels and three scores. Explore is shown offscreen, each act
goes through the widgets that a person uses, and its time ends when all views were painted again. Then
the wheel is turned one notch every 16 ms; pictures of a few real records are decoded all the while.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count, cycle
from pathlib import Path

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from dataselect_gui import workflow
from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Look, Pictures, Rule, make_rule
from tests.projects import consortium, owner_records, scored_project

SCORES = ("loss", "el2n", "grad_norm")
LABELS = ("bird", "cat", "dog", "horse", "ship", "truck")
_GAP_SECONDS = 0.005
_REAL = 40
"""Records that there are in truth."""
_NOTCH, _FRAME_SECONDS, _SCROLLING_SECONDS = 120, 0.016, 10.0
_LATE_SECONDS, _MOST_LATE = 0.033, 0.01
"""A frame that takes longer is late; the share of frames that may be."""


def many_records(project: Path, records: int) -> Look:
    """Return a project as if it had that many records."""
    random = np.random.default_rng(0)
    labels = CodedClasses(list(LABELS))
    labels.codes = random.integers(0, len(LABELS), records)
    return replace(
        workflow.look(project),
        ids=[f"scan/{row // 1000:04}/{row:07}.png" for row in range(records)],
        content=np.zeros((records, 32), dtype=np.uint8),
        labels=labels,
        classes=None,
        units=None,
        scores={name: random.gamma(2.0, size=records) for name in SCORES},
        withheld=np.zeros(records, dtype=bool),
        opted_out=np.zeros(records, dtype=bool),
        answers=None,
    )


class Stopwatch:
    """Times acts on Explore until nothing is to be done or painted any more."""

    def __init__(self, explore: ExplorePlace) -> None:
        self._explore = explore

    def settle(self) -> float:
        """Wait for what is under way; returns for how long at most no event could be handled."""
        longest, events = 0.0, QEventLoop.ProcessEventsFlag.AllEvents
        while True:
            began = time.perf_counter()
            QApplication.processEvents(events)
            longest = max(longest, time.perf_counter() - began)
            if not self._explore.is_working:
                break
            time.sleep(_GAP_SECONDS / 5)
        began = time.perf_counter()
        QApplication.processEvents(events)  # What the last events led to is painted, too.
        return max(longest, time.perf_counter() - began)

    def time(self, act: Callable[[], None]) -> tuple[float, float, float]:
        """Time an act until all views were painted.

        Returns
        -------
        seconds, held_up, computed : float
            In all; for how long at most the window answered nothing; and the time of the window's
            thread on a processor, which other programs of the machine do not lengthen.
        """
        self.settle()
        began, computed = time.perf_counter(), time.thread_time()
        act()
        held_up = time.perf_counter() - began
        held_up = max(held_up, self.settle())
        return time.perf_counter() - began, held_up, time.thread_time() - computed


def acts_of(explore: ExplorePlace) -> dict[str, Callable[[], None]]:
    """Return what is timed; each call does the next of a series of acts."""
    row, histogram = explore.find_row, explore.histogram
    cuts = cycle([f"{cut:.2f}" for cut in np.linspace(0.5, 4.0, 17)])
    names = cycle(LABELS)
    texts = (f"{number % 97}{number % 7}.p" for number in count(10))
    orders = cycle([(name, way) for way in (True, False) for name in SCORES])
    ends = cycle([(0.3 + step / 10, 1.0 + step / 5) for step in range(20)])

    def sort() -> None:
        column, descending = next(orders)
        explore.sorting.sort_by(column, descending=descending)

    return {
        "numeric filter": lambda: row.set_filter(f"loss > {next(cuts)} and not withheld"),
        "class filter": lambda: row.set_filter(f'label == "{next(names)}"'),
        "brush": lambda: histogram.brushed.emit("loss", [next(ends)]),
        "all again, then sort": sort,
        "text search": lambda: row.set_filter(next(texts)),
        "text search in a class": lambda: row.set_filter(f'label == "cat" and "{next(texts)}" in id'),
    }


class _Paints(QObject):
    """Counts how often a widget is painted."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Count."""
        del watched
        self.count += event.type() is QEvent.Type.Paint
        return False


def scroll(explore: ExplorePlace) -> list[float]:
    """Turn the wheel over the gallery; returns the seconds from each due notch to its paint."""

    def stored(pictures: Pictures, row: int) -> bytes:
        return pictures._source.read(row % _REAL)

    Pictures.stored = stored  # type: ignore[method-assign,assignment]
    view, bar, paints = explore.gallery.viewport(), explore.gallery.verticalScrollBar(), _Paints()
    view.installEventFilter(paints)
    frames, at = list[float](), QPointF(view.rect().center())
    due = time.perf_counter()
    end = due + _SCROLLING_SECONDS
    while due < end:
        while time.perf_counter() < due:
            QApplication.processEvents()
            time.sleep(_GAP_SECONDS / 10)
        before, top = paints.count, bar.value()
        notch = QWheelEvent(
            at,
            QPointF(view.mapToGlobal(at.toPoint())),
            QPoint(),
            QPoint(0, -_NOTCH),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view, notch)
        assert bar.value() > top, "the wheel did not scroll"
        while paints.count == before:
            QApplication.processEvents()
        frames.append(time.perf_counter() - due)
        due = max(due + _FRAME_SECONDS, time.perf_counter())
    return frames


def quantile(times: Sequence[float], share: float) -> float:
    """Return a quantile of times, in milliseconds."""
    return 1000 * float(np.quantile(times, share))


def main() -> None:
    """Print a table of the median and the 95th percentile of each act."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        source = owner_records(Path(folder) / "records.npz", _REAL)
        checkpoint = consortium(Path(folder) / "model")
        project = scored_project(Path(folder) / "project", source, checkpoint, [0.1] * _REAL)
        look = many_records(project, options.records)
        workflow.look = lambda _project: look  # type: ignore[assignment]
        state = State()
        began = time.perf_counter()
        state.open(project)
        rule: Rule = make_rule("loss", threshold="2.5")
        state.rule = rule
        state.end_preview()
        explore = ExplorePlace(state)
        explore.resize(1360, 700)
        explore.show()
        watch = Stopwatch(explore)
        watch.settle()
        print(f"{options.records:,} records; opened and painted in {time.perf_counter() - began:.2f} s")
        heads = ("first", "median", "95 %", "held up, 95 %", "computed", "95 %")
        print(" " * 26 + "".join(f"{head:>14}" for head in heads) + "  milliseconds")
        for name, act in acts_of(explore).items():
            if name == "all again, then sort":
                watch.time(lambda: explore.find_row.set_filter(""))
            timed = [watch.time(act) for _ in range(options.rounds)]
            times, held_up, computed = zip(*timed, strict=True)
            figures = (
                1000 * times[0],
                quantile(times, 0.5),
                quantile(times[1:], 0.95),
                quantile(held_up[1:], 0.95),
                quantile(computed, 0.5),
                quantile(computed[1:], 0.95),
            )
            print(f"{name:26}" + "".join(f"{figure:14.0f}" for figure in figures), flush=True)
        explore.find_row.set_filter("")
        watch.settle()
        frames = scroll(explore)
        late = sum(frame > _LATE_SECONDS for frame in frames) / len(frames)
        print(
            f"scrolling: {len(frames) / _SCROLLING_SECONDS:.0f} frames a second; median "
            f"{quantile(frames, 0.5):.0f} ms, 95 % {quantile(frames, 0.95):.0f} ms, most "
            f"{quantile(frames, 1.0):.0f} ms; {late:.1%} over {1000 * _LATE_SECONDS:.0f} ms "
            f"(at most {_MOST_LATE:.0%} may be)"
        )
        explore.close_threads()
    del app


if __name__ == "__main__":
    main()
