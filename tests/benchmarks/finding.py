"""How long finding, sorting and brushing take among many records, from the event to repainted views.

    python -m tests.benchmarks.finding --records 1000000

The records are made in memory: names, labels and three scores. Explore is shown offscreen, each act
goes through the widgets that a person uses, and its time ends when all views were painted again.
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

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from dataselect_gui import workflow
from dataselect_gui.selection.classes import CodedClasses
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Look, Rule, make_rule
from tests.projects import consortium, owner_records, scored_project

SCORES = ("loss", "el2n", "grad_norm")
LABELS = ("bird", "cat", "dog", "horse", "ship", "truck")
_GAP_SECONDS = 0.005


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
        source = owner_records(Path(folder) / "records.npz", 40)
        checkpoint = consortium(Path(folder) / "model")
        project = scored_project(Path(folder) / "project", source, checkpoint, [0.1] * 40)
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
        explore.close_threads()
    del app


if __name__ == "__main__":
    main()
