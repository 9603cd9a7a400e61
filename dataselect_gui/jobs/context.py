"""The context of a job: it takes reports of progress, and holds the request to stop."""

import time
from collections.abc import Callable
from threading import Event, RLock

from dataselect_gui.jobs.endings import stopped
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.jobs.progress import Phase, Progress, Report

REPORT_SECONDS = 0.25
"""How long to be silent between two reports of progress."""


class Stop:
    """A request to stop a job, made from another thread."""

    def __init__(self) -> None:
        self._lock = RLock()  # A handler of signals may come in between.
        self._requested, self._urgent = Event(), Event()
        self._ask: Callable[[], None] | None = None
        self._end: Callable[[], None] | None = None

    @property
    def requested(self) -> bool:
        """Whether the job shall stop when what it has in hand is done."""
        return self._requested.is_set()

    @property
    def is_urgent(self) -> bool:
        """Whether the job shall end at once."""
        return self._urgent.is_set()

    def request(self) -> None:
        """Ask the job to stop when what it has in hand is done; returns at once."""
        with self._lock:
            self._requested.set()
            ask = self._ask
        if ask is not None:
            ask()

    def insist(self) -> None:
        """End the job at once, what it has in hand with it; returns at once."""
        with self._lock:
            self._requested.set()
            self._urgent.set()
            end = self._end
        if end is not None:
            end()

    def attach(self, ask: Callable[[], None], end: Callable[[], None]) -> None:
        """Have a process stopped with this job, also where that was requested before.

        Parameters
        ----------
        ask, end : callable
            Called on a request to stop, and to end at once; from whatever thread that comes.
        """
        with self._lock:
            self._ask, self._end = ask, end
            requested, is_urgent = self.requested, self.is_urgent
        if is_urgent:
            end()
        elif requested:
            ask()

    def detach(self) -> None:
        """Have nothing stopped any more: the process has ended."""
        with self._lock:
            self._ask = self._end = None


def _ignore(progress: Progress) -> None:
    del progress


class JobContext:
    """Where a job reports progress, and by which it is stopped.

    Parameters
    ----------
    report : callable
        Takes progress; nothing by default.
    stop : Stop or None
        The request to stop, where somebody else can make it.
    kind : JobKind or None
        What the job does, by which it is named where it is stopped; None for several things in turn.
    """

    def __init__(
        self, report: Report = _ignore, stop: Stop | None = None, kind: JobKind | None = None
    ) -> None:
        self._report, self.kind = report, kind
        self.stop = stop or Stop()
        self._reported = float("-inf")

    def report(
        self, phase: Phase, done: int = 0, total: int = 1, seconds_left: float | None = None
    ) -> None:
        """Report progress at once."""
        self.relay(Progress(phase, done, total, seconds_left))

    def relay(self, step: Progress) -> None:
        """Report the progress of another process."""
        self._reported = time.monotonic()
        self._report(step)

    def check(self) -> None:
        """Stop where that was requested.

        Raises
        ------
        InterruptedByPersonError
            Where it was.
        """
        if self.stop.requested:
            raise stopped(self.kind)

    def advance(self, phase: Phase, done: int, total: int, seconds_left: float | None = None) -> None:
        """Stop where that was requested; else report progress, a few times a second at most.

        Raises
        ------
        InterruptedByPersonError
            Where it was requested.
        """
        self.check()
        if time.monotonic() - self._reported > REPORT_SECONDS:
            self.report(phase, done, total, seconds_left)
