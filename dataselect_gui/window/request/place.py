"""The page “Prepare a request”: from a model and clean rows to the folder that is handed over.

It is for a consortium, and nothing on the other places leads to it. What was given and typed is
forgotten when the page is left, unless a calibration runs or waits to be written.
"""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError, UsageError
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.request.calibration import CalibrationForm
from dataselect_gui.window.request.given import Given
from dataselect_gui.window.request.keys import COMPUTED_WITH, KeysForm
from dataselect_gui.window.request.review import Changes, Findings, Written, has_changes, listed_faults
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, paragraph
from dataselect_gui.window.widgets.column import ColumnPlace
from dataselect_gui.window.widgets.notice import Message
from dataselect_gui.window.widgets.plain import Button
from dataselect_gui.window.widgets.progress import ProgressBar
from dataselect_gui.workflow import (
    CalibrationFound,
    CalibrationOptions,
    JobContext,
    JobKind,
    PreparedRequest,
    Progress,
    RequestChecked,
    SourceRef,
)

EXPLANATION = N_(
    "For those who ask for records. Rows of your own that you know to be clean show from which score "
    "on a record looks wrong; owners can leave such records out. It is computed on this machine, and "
    "nothing is written before you say so."
)
CALIBRATE, WRITE, WRITE_FIRST = N_("Calibrate"), N_("Write the request"), N_("Write these first")
NO_MODEL = N_("Give the model first.")
NO_ROWS = N_("Without clean rows no thresholds are written.")
NOTHING_YET = N_("Give clean rows, or fill in what owners should know.")
FAULTY = N_("Correct what is marked above.")
BUSY = N_("Other work is in progress.")
STOPPED = N_("The calibration was stopped. Nothing was written.")
STOPPING = N_("It stops when the step that is running is done.")
CHANGED_MEANWHILE = N_("Another program changed the request meanwhile. Look at what is written now.")
CHANGES_SCORES = N_(
    "How the model was trained and how deep images are read change what is computed: that is written "
    "before you calibrate."
)
SHOW = N_("Show it")


@dataclass(frozen=True)
class _Subject:
    """What a calibration was computed from."""

    checkpoint: Path
    source: SourceRef
    options: CalibrationOptions


@dataclass(frozen=True)
class _Written:
    """A request that was written; whether it is whole, or comes before a calibration."""

    prepared: PreparedRequest
    checked: RequestChecked
    is_all: bool


class RequestPlace(ColumnPlace, Place):
    """Where a consortium prepares its request.

    Signals
    -------
    noted(Message)
        Something is to be shown though another place is shown.
    """

    place_id = PlaceId.REQUEST
    noted = Signal(object)

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state, self._jobs = state, state.jobs
        self._calibrated: tuple[_Subject, CalibrationFound] | None = None
        self._prepared: PreparedRequest | None = None
        self._is_stopping, self._status = False, ""
        self.given = Given(self._jobs)
        self.calibration, self.keys = CalibrationForm(), KeysForm()
        self.findings, self.changes, self.written = Findings(), Changes(), Written()
        self.error = Note("stop")
        self.back, self.button, self.stop = Button(_("Back")), Button(), Button(_("Stop"))
        self.progress, self.status = ProgressBar(), paragraph(role="dim")
        self._form = QWidget()
        self._build()
        self._connect()
        self._show()

    @property
    def is_running(self) -> bool:
        """Whether a calibration runs."""
        return self._jobs.kind is JobKind.CALIBRATION

    @property
    def calibrated(self) -> CalibrationFound | None:
        """The calibration of just what is given and wanted now; None where there is none."""
        if self._calibrated is None or self._calibrated[0] != self._subject():
            return None
        return self._calibrated[1]

    def entered(self) -> None:
        """Show what is here, and give the focus to what is done first."""
        self._show()
        self._take_focus()

    def left(self) -> None:
        """Forget what was given and typed, unless there is work to be lost."""
        is_written = not self.written.isHidden()
        is_working = self._jobs.kind in {JobKind.CALIBRATION, JobKind.REQUEST}
        if not is_working and (is_written or self.calibrated is None):
            self._forget()

    def dropped(self, path: Path) -> bool:
        """Take a model or rows."""
        if self.is_running:
            self._show_error(
                UsageError(_("It was not taken."), _("The calibration runs."), _("Stop it first."))
            )
        else:
            if not self.written.isHidden():
                self._forget()
            self._show_error(None)
            self.given.take(path)
        return True

    # Building

    def _build(self) -> None:
        self.button.setProperty("role", "primary")
        self.progress.setAccessibleName(visible(_("Progress of the calibration")))
        top, buttons = QHBoxLayout(), QHBoxLayout()
        top.addWidget(paragraph(_("Prepare a request"), step=5, bold=True), 1)
        top.addWidget(self.back)
        buttons.setSpacing(theme.SPACE[2])
        buttons.addWidget(self.button)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.progress, 1)
        buttons.addStretch()
        form = QVBoxLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(theme.SPACE[3])
        form.addWidget(paragraph(_(EXPLANATION), role="dim"))
        for part in (self.given, self.calibration, self.keys, self.findings, self.changes, self.error):
            form.addWidget(part)
        form.addLayout(buttons)
        form.addWidget(self.status)
        self.column.addLayout(top)
        self.column.addWidget(self._form)
        self.column.addWidget(self.written)
        self.column.addStretch(1)
        self.error.hide()

    def _connect(self) -> None:
        self.back.clicked.connect(self._state.go_back)
        self.button.clicked.connect(self._press)
        self.stop.clicked.connect(self._stop)
        self.given.changed.connect(self._on_changed)
        self.given.model_changed.connect(self._on_model)
        self.given.failed.connect(self._show_error)
        self.calibration.changed.connect(self._on_changed)
        self.keys.changed.connect(self._on_changed)
        self.written.another_wanted.connect(self._begin_anew)
        self._jobs.started.connect(self._show)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.finished.connect(self._show)

    # What is given and wanted

    def _subject(self) -> _Subject | None:
        checkpoint, source = self.given.checkpoint, self.given.source
        if checkpoint is None or source is None:
            return None
        return _Subject(checkpoint, source, self.calibration.options(source))

    def _prepare(self) -> PreparedRequest | None:
        """Return what would be written now; None where that cannot be told."""
        checkpoint = self.given.checkpoint
        if checkpoint is None:
            return None
        try:
            return workflow.prepare_request(checkpoint, self.keys.values(), self.calibrated)
        except DataSelectError as error:
            self._show_error(error)
            return None

    @property
    def _may_calibrate(self) -> bool:
        """Whether there are rows, and a model of a kind that they can calibrate."""
        return self.given.source is not None and not self.given.task_obstacle

    @property
    def _writes_first(self) -> bool:
        """Whether there is something to write before what is computed with it."""
        prepared = self._prepared
        if prepared is None or not self._may_calibrate or self.calibrated is not None:
            return False
        return not COMPUTED_WITH.isdisjoint(prepared.added + prepared.replaced + prepared.removed)

    def _obstacle(self) -> str:
        """Return why the button cannot be pressed, as a sentence; empty where it can."""
        prepared = self._prepared
        if self._jobs.running:
            return _(BUSY)
        if prepared is None:
            return _(NO_MODEL) if self.given.checkpoint is None else " "
        if prepared.faults:
            return listed_faults(prepared, list(self.keys.reasons)) or _(FAULTY)
        if self.calibrated is not None or self._writes_first:
            return ""
        if not self._may_calibrate:
            return "" if has_changes(prepared) else self.given.task_obstacle or _(NOTHING_YET)
        waits = "" if self.given.is_settled else _(BUSY)
        return self.given.unused or self.given.obstacle or waits or self.calibration.unanswered

    # Showing

    def _show(self) -> None:
        """Show everything that follows from what is given and typed."""
        if self._state.place is not PlaceId.REQUEST or not self.written.isHidden():
            return
        is_running = self.is_running
        for part in (self.given, self.calibration, self.keys):
            part.setDisabled(is_running)
        self.stop.setVisible(is_running)
        self.stop.setEnabled(not self._is_stopping)
        self.progress.setVisible(is_running)
        self.button.setVisible(not is_running)
        if is_running:
            self.changes.show_prepared(None)
            self._say(_(STOPPING) if self._is_stopping else f"{JobKind.CALIBRATION.running}.")
            return
        self._prepared = self._prepare()
        prepared, calibrated = self._prepared, self.calibrated
        self.keys.show_faults({} if prepared is None else prepared.faults)
        self.findings.show_calibration(calibrated)
        writes_all = calibrated is not None or (
            not self._may_calibrate and self.given.checkpoint is not None
        )
        writes = writes_all or self._writes_first
        self.changes.show_prepared(prepared if writes else None)
        self.calibration.setVisible(not self.given.task_obstacle)
        self.button.setText(_(WRITE if writes_all else WRITE_FIRST if writes else CALIBRATE))
        obstacle = self._obstacle()
        self.button.setEnabled(not obstacle)
        hint = _(NO_ROWS) if writes_all and calibrated is None else _(CHANGES_SCORES) if writes else ""
        self._say(self._status or obstacle.strip() or ("" if calibrated is not None else hint))

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def _show_error(self, error: DataSelectError | None) -> None:
        self.error.setVisible(error is not None)
        if error is not None:
            self.error.set_text(str(error))
            QTimer.singleShot(1, self, self._show_last)  # Once it has its place.

    def _show_last(self) -> None:
        self.ensureWidgetVisible(self.status if self.status.isVisible() else self.error)

    def _take_focus(self) -> None:
        if self.is_running:
            self.stop.setFocus()
        elif not self.written.isHidden():
            self.written.folder.setFocus()
        elif self.given.checkpoint is None:
            self.given.model.folder.setFocus()
        elif self.button.isEnabled():
            self.button.setFocus()

    # What happens

    def _on_changed(self) -> None:
        self._status = ""
        self._show_error(None)
        self._show()

    def _on_model(self) -> None:
        self.keys.show_keys(self.given.stated)

    def _press(self) -> None:
        if self.calibrated is None and self._may_calibrate and not self._writes_first:
            self._calibrate()
        else:
            self._write()

    def _calibrate(self) -> None:
        subject = self._subject()
        if subject is None or self._jobs.running:
            return

        def work(context: JobContext) -> tuple[_Subject, CalibrationFound]:
            return subject, workflow.find_calibration(
                subject.checkpoint, subject.source, context, subject.options
            )

        self._on_changed()
        self._is_stopping = False
        self._jobs.start(JobKind.CALIBRATION, work, self._on_calibrated, self._on_failed)
        self.stop.setFocus()  # The button that was pressed is hidden now.
        QTimer.singleShot(1, self, self._show_last)

    def _stop(self) -> None:
        self._is_stopping = True
        self._jobs.stop()
        self._show()

    def _on_progress(self, step: Progress) -> None:
        if self.is_running and not self._is_stopping:
            self.progress.show_share(step.share)
            self._say(step.sentence)

    def _on_calibrated(self, result: tuple[_Subject, CalibrationFound]) -> None:
        self._calibrated = result
        self._show()
        if self._state.place is PlaceId.REQUEST:
            self.findings.setFocus()
            QTimer.singleShot(1, self, self._show_findings)  # Once they have their place.
        else:
            self.noted.emit(
                Message(
                    _("The calibration is done."), actions=((_(SHOW), self._come_here),), role="success"
                )
            )

    def _on_failed(self, error: DataSelectError) -> None:
        if isinstance(error, InterruptedByPersonError):
            self._status = _(STOPPED)
        else:
            self._show_error(error)
        self._show()
        if self._state.place is PlaceId.REQUEST:
            self.button.setFocus()
        else:
            show = ((_(SHOW), self._come_here),)
            self.noted.emit(Message(error.what, error.why, error.do, actions=show, role="stop"))

    def _write(self) -> None:
        prepared, checkpoint = self._prepare(), self.given.checkpoint
        if prepared is None or checkpoint is None or self._jobs.running:
            return
        if prepared != self._prepared:  # Something else lies there than what is shown.
            self._status = _(CHANGED_MEANWHILE)
            self._show()
            return
        is_all, self._status = not self._writes_first, ""

        def work(context: JobContext) -> _Written:
            del context
            return _Written(prepared, workflow.write_request(prepared, checkpoint), is_all=is_all)

        self._on_changed()
        self._jobs.start(JobKind.REQUEST, work, self._on_written, self._on_unwritten)

    def _on_written(self, done: _Written) -> None:
        if not done.is_all:
            assert self.given.checkpoint is not None
            self.given.take(self.given.checkpoint)  # Its request is another now.
            return
        self._form.hide()
        self.written.show_written(done.prepared, done.checked)
        self.verticalScrollBar().setValue(0)
        if self._state.place is PlaceId.REQUEST:
            self.written.folder.setFocus()

    def _on_unwritten(self, error: DataSelectError) -> None:
        self._show_error(error)
        self._show()

    def _show_findings(self) -> None:
        self.verticalScrollBar().setValue(self._form.y() + self.findings.y() - theme.SPACE[2])

    def _come_here(self) -> None:
        self._state.show_place(PlaceId.REQUEST)

    def _begin_anew(self) -> None:
        self._forget()
        self._show()
        self._take_focus()

    def _forget(self) -> None:
        self._calibrated, self._prepared, self._status = None, None, ""
        self.written.show_written(None, None)
        self._form.show()
        self.given.forget()
        self.calibration.forget()
        self.keys.show_keys({})
        self.findings.show_calibration(None)
        self.changes.show_prepared(None)
        self._show_error(None)
