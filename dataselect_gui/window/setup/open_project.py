"""What Setup does with the project that is open: finds its files again, and shows other scores."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError
from dataselect_gui.texts import _
from dataselect_gui.window.setup.project_warning import Remedies, project_warning
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.notice import NoticeStrip, error_message
from dataselect_gui.window.widgets.plain import choose_file, choose_folder
from dataselect_gui.workflow import JobContext, JobKind


class OpenProject(QObject):
    """Looks after the open project.

    Parameters
    ----------
    state : State
        What the window shows; its jobs do the work.
    notice : NoticeStrip
        Where messages are shown.
    window : QWidget
        The owner.

    Signals
    -------
    changed(Path)
        The project is to be opened again, by its folder.
    score_wanted()
        What is missing or has changed is to be scored.
    """

    changed = Signal(object)
    score_wanted = Signal()

    def __init__(self, state: State, notice: NoticeStrip, window: QWidget) -> None:
        super().__init__(window)
        self._state, self._jobs, self._notice = state, state.jobs, notice
        self._window = window

    @property
    def misses_something(self) -> bool:
        """Whether its records or its checkpoint are not where they were."""
        look = self._state.look
        return look is not None and not (look.source.exists() and look.checkpoint.exists())

    def find_again(self, path: Path) -> None:
        """Point the open project to where its records, or its checkpoint, are now."""
        look = self._state.look
        if look is None or self._jobs.running:
            return
        folder = look.folder

        def work(context: JobContext) -> Path:
            workflow.find_again(folder, path, context)
            return folder

        self._notice.show_message(None)
        self._jobs.start(JobKind.RECORD_COMPARISON, work, self.changed.emit, self._on_failed)

    def choose_records(self) -> None:
        """Ask where the open project's records are now."""
        if self._state.look is not None:
            self._choose(self._state.look.source, _("Where are the records?"))

    def choose_checkpoint(self) -> None:
        """Ask where the open project's checkpoint is now."""
        if self._state.look is not None:
            self._choose(self._state.look.checkpoint, _("Where is the checkpoint?"))

    def switch(self, digest: str) -> None:
        """Show the scores by another checkpoint of the open project."""
        look = self._state.look
        if look is None or self._jobs.running:
            return
        folder = look.folder

        def work(context: JobContext) -> Path:
            del context
            workflow.switch_checkpoint(folder, digest)
            return folder

        self._notice.show_message(None)
        self._jobs.start(JobKind.SWITCH, work, self.changed.emit, self._on_failed)

    def show_warning(self) -> None:
        """Show what is wrong with the open project, until it is put right."""
        remedies = Remedies(self.choose_records, self.choose_checkpoint, self.score_wanted.emit)
        look, has_stale = self._state.look, bool(self._state.stale.any())
        is_mended = self._jobs.kind is JobKind.SCORING  # Its button has done what it can.
        self._notice.show_lasting(
            None if look is None or is_mended else project_warning(look, remedies, has_stale=has_stale)
        )

    # Within

    def _choose(self, known: Path, question: str) -> None:
        if known.suffix.lower() in {".pt2", *workflow.file_endings()}:
            path = choose_file(self._window, question, f"*{known.suffix}")
        else:
            path = choose_folder(self._window, question)
        if path is not None:
            self.find_again(path)

    def _on_failed(self, error: DataSelectError) -> None:
        if not isinstance(error, InterruptedByPersonError):
            self._notice.show_message(error_message(error))
