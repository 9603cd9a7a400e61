"""Work away from the window's thread: one job at a time, its progress and its end as signals.

Each job has a number: messages of a job that is no longer the current one are dropped. A job that gives
way computes only what is displayed; it is ended at once when another job is to start.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal

from dataselect_gui.errors import DataSelectError, InterruptedByPersonError, disk_refused
from dataselect_gui.texts import _
from dataselect_gui.window import faults
from dataselect_gui.workflow import JobContext, JobKind, Progress, Stop, internal_error, job_logged

Work = Callable[[JobContext], Any]


@dataclass
class _Job:
    """A job with all that belongs to it."""

    kind: JobKind
    work: Work
    succeed: Callable[[Any], None]
    fail: Callable[[DataSelectError], None]
    gives_way: bool
    stop: Stop = field(default_factory=Stop)


class _Runner(QThread):
    """Runs one piece of work."""

    progressed = Signal(int, object)
    succeeded = Signal(int, object)
    failed = Signal(int, object)

    def __init__(self, number: int, job: _Job, parent: QObject) -> None:
        super().__init__(parent)
        self._number = number
        self._kind, self._work, self._stop = job.kind, job.work, job.stop

    def run(self) -> None:
        """Do the work; called by the thread."""
        try:
            with job_logged(self._kind, confined=False):
                outcome = self._work(JobContext(self._report, self._stop, self._kind))
        except DataSelectError as error:
            self.failed.emit(self._number, error)
        except OSError as error:
            self.failed.emit(self._number, disk_refused(error))
        except Exception as error:  # Nothing above this in the thread would catch it.
            self.failed.emit(self._number, internal_error(faults.note(error)))
        else:
            self.succeeded.emit(self._number, outcome)

    def _report(self, step: Progress) -> None:
        self.progressed.emit(self._number, step)


class Jobs(QObject):
    """Runs jobs, one at a time.

    Signals
    -------
    started(JobKind)
        A job of that kind began.
    progressed(Progress)
        The current job reported progress.
    stopping()
        The current job was asked to stop, and goes on until it can.
    finished()
        The last job ended, with or without success.

    A job that gives way emits none of these.
    """

    started = Signal(object)
    progressed = Signal(object)
    stopping = Signal()
    finished = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._runner: _Runner | None = None
        self._job: _Job | None = None
        self._next: _Job | None = None

    @property
    def running(self) -> bool:
        """Whether a job is running or about to start, other than one that gives way."""
        return self._foremost is not None

    @property
    def has_thread(self) -> bool:
        """Whether any job is running, including one that gives way."""
        return self._runner is not None

    @property
    def is_stopping(self) -> bool:
        """Whether the current job was asked to stop."""
        return self._foremost is not None and self._foremost.stop.requested

    @property
    def kind(self) -> JobKind | None:
        """What is done; None where no job is running."""
        return None if self._foremost is None else self._foremost.kind

    @property
    def title(self) -> str:
        """What is done, for a person; empty where no job is running."""
        return "" if self.kind is None else self.kind.running

    def start(
        self,
        kind: JobKind,
        work: Work,
        succeed: Callable[[Any], None],
        fail: Callable[[DataSelectError], None],
        *,
        gives_way: bool = False,
    ) -> None:
        """Start a job; only one that gives way may be running.

        Parameters
        ----------
        kind : JobKind
            What is done.
        work : callable
            Takes a context, for progress and for stopping; runs in another thread.
        succeed, fail : callable
            Called in the window's thread with the result, or with the error.
        gives_way : bool
            Whether it is ended at once when another job is to start, so that its work is lost.
        """
        assert not self.running
        job, passed_over = _Job(kind, work, succeed, fail, gives_way), self._next
        if self._job is None:
            self._begin(job)
        else:
            self._next = job
            self._job.stop.insist()
        if passed_over is not None:
            passed_over.fail(
                InterruptedByPersonError(_("Not begun."), _("Other work came first."), _("Wait."))
            )
        if not gives_way:
            self.started.emit(kind)

    def stop(self) -> None:
        """Ask the current job to stop; returns at once."""
        if self._foremost is not None:
            self._foremost.stop.request()
            self.stopping.emit()

    def give_way(self) -> None:
        """End a job that gives way, where one is running; returns at once."""
        if self._job is not None and self._job.gives_way:
            self._job.stop.insist()

    def close(self, milliseconds: int = 10_000) -> None:
        """Stop the current job and wait for its thread; for the end of the program.

        The job is first asked to stop, so that it may finish its current step, and then made to. A
        thread that hangs even so, on a disk that does not answer, is left running.

        Parameters
        ----------
        milliseconds : int
            How long to wait after each of the two, at most.
        """
        self._next = None
        if self._runner is None or self._job is None:
            return
        self.give_way()
        self._job.stop.request()
        if not self._runner.wait(milliseconds):
            self._job.stop.insist()
            if not self._runner.wait(milliseconds):
                return
        self._release()

    @property
    def _foremost(self) -> _Job | None:
        jobs = (job for job in (self._next, self._job) if job is not None and not job.gives_way)
        return next(jobs, None)

    def _begin(self, job: _Job) -> None:
        self._number += 1
        self._job = job
        runner = _Runner(self._number, job, self)
        queued = Qt.ConnectionType.QueuedConnection
        runner.progressed.connect(self._on_progress, queued)
        runner.succeeded.connect(self._on_success, queued)
        runner.failed.connect(self._on_failure, queued)
        self._runner = runner
        runner.start()

    def _on_progress(self, number: int, step: Progress) -> None:
        if number == self._number and self._job is not None and not self._job.gives_way:
            self.progressed.emit(step)

    def _on_success(self, number: int, outcome: object) -> None:
        if number == self._number and self._job is not None:
            succeed = self._job.succeed
            self._release()
            succeed(outcome)

    def _on_failure(self, number: int, error: DataSelectError) -> None:
        if number == self._number and self._job is not None:
            fail = self._job.fail
            self._release()
            fail(error)

    def _release(self) -> None:
        """Drop a job that has ended, and begin the one that it gave way to."""
        if self._runner is not None:
            self._runner.wait()
            self._runner.deleteLater()
        ended, following = self._job, self._next
        self._runner = self._job = self._next = None
        if following is not None:
            self._begin(following)
        elif ended is not None and not ended.gives_way:
            self.finished.emit()
