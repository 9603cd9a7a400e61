"""Only the latest of several requests is worked on, away from the window's thread.

While a slider moves, many requests come and only the last result matters. A request waits a moment;
where a newer one comes, it is dropped, and so is its result.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer

from dataselect_gui.errors import DataSelectError
from dataselect_gui.window.jobs import Jobs, Work
from dataselect_gui.workflow import JobKind

PAUSE_MILLISECONDS = 120


@dataclass(frozen=True, eq=False)
class _Question:
    """A job, and what takes its result."""

    kind: JobKind
    work: Work
    succeed: Callable[[Any], None]
    fail: Callable[[DataSelectError], None]


class Latest(QObject):
    """Works on one request at a time, the newest.

    Parameters
    ----------
    parent : QObject
        The owner; it has to call `close` before it goes.
    pause : int
        For how many milliseconds a request waits.
    """

    def __init__(self, parent: QObject, pause: int = PAUSE_MILLISECONDS) -> None:
        super().__init__(parent)
        self._pause = pause
        self._jobs = Jobs(self)
        self._next: _Question | None = None
        self._current: _Question | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._begin)
        self._jobs.finished.connect(self._begin)

    @property
    def waiting(self) -> bool:
        """Whether a result is still to come."""
        return self._next is not None or self._current is not None

    @property
    def running(self) -> bool:
        """Whether its thread is running."""
        return self._jobs.running

    def ask(
        self,
        kind: JobKind,
        work: Work,
        succeed: Callable[[Any], None],
        fail: Callable[[DataSelectError], None],
        pause: int | None = None,
    ) -> None:
        """Request a job in place of all earlier ones; parameters as for `Jobs.start`.

        It waits for `pause` milliseconds, where that is given, instead of as long as all do.
        """
        self.drop()
        self._next = _Question(kind, work, succeed, fail)
        self._timer.start(self._pause if pause is None else pause)

    def drop(self) -> None:
        """Drop the request."""
        self._timer.stop()
        self._next = self._current = None
        self._jobs.stop()

    def close(self) -> None:
        """Stop, and wait for the thread."""
        self.drop()
        self._jobs.close()

    def _begin(self) -> None:
        if self._next is None or self._jobs.running or self._timer.isActive():
            return
        question, self._next = self._next, None
        self._current = question

        def succeed(outcome: object) -> None:
            if self._current is question:
                self._current = None
                question.succeed(outcome)

        def fail(error: DataSelectError) -> None:
            if self._current is question:
                self._current = None
                question.fail(error)

        self._jobs.start(question.kind, question.work, succeed, fail)
