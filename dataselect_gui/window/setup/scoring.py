"""Starts scoring runs, shows how they end, and continues interrupted ones."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from dataselect_gui.errors import DataSelectError, InterruptedByPersonError, WorkerDiedError
from dataselect_gui.texts import _
from dataselect_gui.window.inputs import ScoringRun
from dataselect_gui.window.setup.place import SetupPlace
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.notice import Message, NoticeStrip, error_message
from dataselect_gui.workflow import JobKind, Progress


class Scoring(QObject):
    """Runs scoring, one run at a time.

    Parameters
    ----------
    state : State
        What the window shows; its jobs do the work.
    setup : SetupPlace
        The place with its buttons.
    notice : NoticeStrip
        Where its end is shown.
    parent : QObject
        The owner.

    Signals
    -------
    begun(ScoringRun)
        A run began.
    scored(Path)
        A project has its scores and is to be opened.
    """

    begun = Signal(object)
    scored = Signal(object)

    def __init__(self, state: State, setup: SetupPlace, notice: NoticeStrip, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._setup, self._notice = state, setup, notice
        self._run: ScoringRun | None = None
        self._last_step: Progress | None = None
        self._done: Path | None = None
        state.jobs.progressed.connect(self._on_progress)

    def go_on(self) -> None:
        """Continue the run that was interrupted."""
        if self._state.interrupted is not None and not self._state.jobs.running:
            self.begin(self._state.interrupted)

    def begin(self, run: ScoringRun) -> None:
        """Begin a run; none must be running."""
        self._notice.show_message(None)
        self._run, self._last_step = run, None
        jobs = self._state.jobs
        jobs.start(JobKind.SCORING, run.work, self._on_scored, self._on_failed)
        self.begun.emit(run)

    # Within

    def _on_progress(self, step: Progress) -> None:
        self._last_step = step

    def _on_scored(self, folder: Path) -> None:
        self._state.note_interrupted(None)
        look = self._state.look
        if look is None or look.folder == folder:
            self.scored.emit(folder)
        else:  # Another project was opened meanwhile, and stays open.
            self._done = folder
            self._notice.show_message(
                Message(
                    _("Scoring is done."), actions=((_("Show it"), self._show_done),), role="success"
                )
            )

    def _show_done(self) -> None:
        if self._done is not None:
            self.scored.emit(self._done)

    def _on_failed(self, error: DataSelectError) -> None:
        is_stopped = isinstance(error, InterruptedByPersonError)
        resumable = self._run if is_stopped or isinstance(error, WorkerDiedError) else None
        self._state.note_interrupted(resumable)
        if is_stopped:
            self._setup.score_line.show_idle(_("Continue"), ready=True, text=f"{error.what} {error.do}")
        elif resumable is not None:
            self._notice.show_message(self._died(error, resumable))
        else:
            self._notice.show_message(error_message(error))

    def _died(self, error: DataSelectError, run: ScoringRun) -> Message:
        step = self._last_step
        details = [_("Records: {records}.", records=run.records)]
        if step is not None:
            counts = _(
                "{phase}: {done:,} of {total:,}.",
                phase=step.phase.text,
                done=step.done,
                total=step.total,
            )
            details.insert(0, counts)
        return Message(
            error.what,
            error.why,
            error.do,
            actions=((_("Continue"), self.go_on),),
            details=" ".join(details),
            role="stop",
        )
