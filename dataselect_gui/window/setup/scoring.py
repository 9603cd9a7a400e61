"""Scoring as a person meets it: it begins, may be stopped or break off, and goes on where it ended."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from dataselect_gui.errors import DataSelectError, InterruptedByPersonError, WorkerDiedError
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.setup.place import SetupPlace
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.notice import Message, NoticeStrip, fault
from dataselect_gui.workflow import Progress, Report, Stop

SCORING = "Scoring"


@dataclass(frozen=True)
class Run:
    """A scoring run, which can be done again to go on where it ended.

    Attributes
    ----------
    work : callable
        What is done; returns the project.
    records : str
        What is scored, for a person.
    """

    work: Callable[[Report, Stop], Path]
    records: str


class Scoring(QObject):
    """Does scoring runs, one at a time.

    Parameters
    ----------
    state : State
        What the window shows.
    jobs : Jobs
        Does the work.
    setup : SetupPlace
        Where it is begun and stopped.
    notice : NoticeStrip
        Where it is told how it ended.
    parent : QObject
        The owner.

    Signals
    -------
    begun()
        A run began.
    scored(Path)
        A project has its scores and is to be opened.
    interrupted()
        A run ended before its end.
    """

    begun = Signal()
    scored = Signal(object)
    interrupted = Signal()

    def __init__(
        self, state: State, jobs: Jobs, setup: SetupPlace, notice: NoticeStrip, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._state, self._jobs, self._setup, self._notice = state, jobs, setup, notice
        self._run: Run | None = None
        self._left: Run | None = None
        self._last_step: Progress | None = None
        self._done: Path | None = None
        jobs.progressed.connect(self._on_progress)

    @property
    def can_go_on(self) -> bool:
        """Whether there is a run that was interrupted."""
        return self._left is not None

    def forget(self) -> None:
        """Go on with nothing any more."""
        self._left = None

    def go_on(self) -> None:
        """Go on with the run that was interrupted."""
        if self._left is not None and not self._jobs.running:
            self.begin(self._left)

    def begin(self, run: Run) -> None:
        """Begin a run; none must be running."""
        self._notice.tell(None)
        self._run, self._last_step = run, None
        self._jobs.start(SCORING, run.work, self._on_scored, self._on_failed)
        self.begun.emit()

    # Within

    def _on_progress(self, step: Progress) -> None:
        self._last_step = step

    def _on_scored(self, folder: Path) -> None:
        self._left, look = None, self._state.look
        if look is None or look.folder == folder:
            self.scored.emit(folder)
        else:  # The person looks at another project meanwhile: nothing moves under their hand.
            self._done = folder
            self._notice.tell(Message("Scoring is done.", actions=(("Show it", self._show_done),)))

    def _show_done(self) -> None:
        if self._done is not None:
            self.scored.emit(self._done)

    def _on_failed(self, error: DataSelectError) -> None:
        is_stopped = isinstance(error, InterruptedByPersonError)
        self._left = self._run if is_stopped or isinstance(error, WorkerDiedError) else None
        self.interrupted.emit()
        if is_stopped:
            self._setup.show_idle("Continue", ready=True, text=f"{error.what} {error.do}")
        elif self._left is not None:
            self._notice.tell(self._died(error, self._left))
        else:
            self._notice.tell(fault(error))

    def _died(self, error: DataSelectError, run: Run) -> Message:
        step = self._last_step
        done = "" if step is None else f"{step.phase}: {step.done:,} of {step.total:,}. "
        return Message(
            error.what,
            error.why,
            error.do,
            actions=(("Continue", self.go_on),),
            details=f"{done}Records: {run.records}.",
            role="stop",
        )
