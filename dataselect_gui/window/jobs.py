"""Work away from the window's thread: one job at a time, its progress and its end as signals.

A job carries a number. Messages of a job that is no longer the current one never land.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal

from dataselect_gui.errors import DataSelectError, InternalError, disk_refused
from dataselect_gui.window import faults
from dataselect_gui.workflow import Progress, Report, Stop

Work = Callable[[Report, Stop], Any]


class _Runner(QThread):
    """Runs one piece of work."""

    progressed = Signal(int, object)
    succeeded = Signal(int, object)
    failed = Signal(int, object)

    def __init__(self, number: int, work: Work, stop: Stop, parent: QObject) -> None:
        super().__init__(parent)
        self._number = number
        self._work = work
        self._stop = stop

    def run(self) -> None:
        """Do the work; called by the thread."""
        try:
            outcome = self._work(self._report, self._stop)
        except DataSelectError as error:
            self.failed.emit(self._number, error)
        except OSError as error:
            self.failed.emit(self._number, disk_refused(error))
        except Exception as error:  # The last stop of this thread.
            faults.note(error)
            kind = type(error).__name__
            fault = InternalError(
                "Something went wrong inside the program.",
                f"It was a {kind}.",
                "Nothing was lost. Please report these words.",
            )
            self.failed.emit(self._number, fault)
        else:
            self.succeeded.emit(self._number, outcome)

    def _report(self, step: Progress) -> None:
        self.progressed.emit(self._number, step)


class Jobs(QObject):
    """Runs jobs, one at a time.

    Signals
    -------
    started(str)
        A job of that title began.
    progressed(Progress)
        The current job got on.
    finished()
        No job is running any more, however it ended.
    """

    started = Signal(str)
    progressed = Signal(object)
    finished = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._runner: _Runner | None = None
        self._stop = Stop()
        self._succeed: Callable[[Any], None] | None = None
        self._fail: Callable[[DataSelectError], None] | None = None
        self.title = ""

    @property
    def running(self) -> bool:
        """Whether a job is running."""
        return self._runner is not None

    def start(
        self,
        title: str,
        work: Work,
        succeed: Callable[[Any], None],
        fail: Callable[[DataSelectError], None],
    ) -> None:
        """Start a job; one must not be running.

        Parameters
        ----------
        title : str
            What is done, for a person, without counts or names.
        work : callable
            Takes a report function and a stop request; runs in another thread.
        succeed, fail : callable
            Called in the window's thread with what came of it.
        """
        assert self._runner is None
        self._number += 1
        self.title = title
        self._succeed, self._fail = succeed, fail
        self._stop = Stop()
        runner = _Runner(self._number, work, self._stop, self)
        queued = Qt.ConnectionType.QueuedConnection
        runner.progressed.connect(self._on_progress, queued)
        runner.succeeded.connect(self._on_success, queued)
        runner.failed.connect(self._on_failure, queued)
        self._runner = runner
        runner.start()
        self.started.emit(title)

    def stop(self) -> None:
        """Ask the current job to stop; returns at once."""
        self._stop.request()

    def end(self) -> None:
        """End the current job at once, with its process; returns before it has ended."""
        self._stop.insist()

    def close(self, milliseconds: int = 10_000) -> None:
        """Stop the current job and wait for its thread; for the end of the program.

        First the job is asked, so that it may finish what it has in hand; then it is told. A thread
        that hangs all the same, on a disk that does not answer, is left running.

        Parameters
        ----------
        milliseconds : int
            How long to wait after each of the two, at most.
        """
        if self._runner is None:
            return
        self._stop.request()
        if not self._runner.wait(milliseconds):
            self._stop.insist()
            if not self._runner.wait(milliseconds):
                return
        self._release()

    def _on_progress(self, number: int, step: Progress) -> None:
        if number == self._number and self._runner is not None:
            self.progressed.emit(step)

    def _on_success(self, number: int, outcome: object) -> None:
        if number == self._number and self._runner is not None:
            succeed = self._succeed
            self._release()
            if succeed is not None:
                succeed(outcome)

    def _on_failure(self, number: int, error: DataSelectError) -> None:
        if number == self._number and self._runner is not None:
            fail = self._fail
            self._release()
            if fail is not None:
                fail(error)

    def _release(self) -> None:
        if self._runner is not None:
            self._runner.wait()
            self._runner.deleteLater()
        self._runner = None
        self._succeed = self._fail = None
        self.finished.emit()
