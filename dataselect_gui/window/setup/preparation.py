"""Takes files and folders, inspects and matches them, and has them scored."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError
from dataselect_gui.texts import N_, _
from dataselect_gui.window.inputs import ScoringRun
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.setup.place import SetupPlace
from dataselect_gui.window.setup.project_warning import Remedies, project_warning
from dataselect_gui.window.setup.scoring import Scoring
from dataselect_gui.window.setup.start import StartPlace
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.notice import Message, NoticeStrip, error_message
from dataselect_gui.window.widgets.plain import choose_file, choose_folder
from dataselect_gui.workflow import (
    BundleInspected,
    CheckpointInspected,
    Inspection,
    JobContext,
    JobKind,
    LabelRule,
    Preflight,
    Progress,
    ProjectInspected,
    SourceInspected,
    SourceRef,
    StudySubject,
    Verified,
)

_LONG = {
    JobKind.SCORING: N_("What you gave is looked at when scoring has ended."),
    JobKind.STUDY: N_("What you gave is looked at when the study has ended."),
}
"""The jobs that take long, with what is said of files that are given meanwhile."""


class Preparation(QObject):
    """The controller of the places Start and Setup.

    Parameters
    ----------
    state : State
        What the window shows; its jobs do the work.
    start, setup : StartPlace, SetupPlace
        The two places.
    notice : NoticeStrip
        Where messages are shown.
    window : QWidget
        The owner.

    Signals
    -------
    scored(Path)
        A project is to be opened.
    checked(Path, Verified)
        A bundle was given and checked, with this result.
    """

    scored = Signal(object)
    checked = Signal(object, object)

    def __init__(
        self,
        state: State,
        start: StartPlace,
        setup: SetupPlace,
        notice: NoticeStrip,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._state, self._jobs = state, state.jobs
        self._start, self._setup, self._notice = start, setup, notice
        self._window = window
        self._waiting: list[Path] = []
        self._in_parts: Path | None = None
        self._pixel_range: tuple[float, float] | None = None
        self._scoring = Scoring(state, setup, notice, self)
        self._scoring.begun.connect(self._on_begun)
        self._scoring.scored.connect(self.scored)
        start.chosen.connect(self.take)
        setup.score_requested.connect(self.score)
        setup.stop_requested.connect(self._jobs.stop)
        setup.split_chosen.connect(self._on_split)
        setup.labels.chosen.connect(self._on_labels)
        setup.other_checkpoints.chosen.connect(self._switch)
        setup.training.answered.connect(self._on_answered)
        state.opened.connect(self._on_opened)
        state.inputs_changed.connect(self._show_idle)
        state.training_changed.connect(self._on_training)
        state.stale_changed.connect(self.show_project_warning)
        self._jobs.started.connect(self._on_job_started)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.finished.connect(self._on_job_finished)
        self._on_opened()

    def study_subject(self) -> StudySubject | None:
        """Return the subject of a study; None where no study is possible."""
        inputs, look = self._state.inputs, self._state.look
        if inputs.records is None or inputs.checkpoint is None or inputs.study_obstacle:
            return None
        if look is not None:
            return workflow.study_subject(look.folder)
        place = workflow.project_place(inputs.records, inputs.digest, inputs.split)
        return StudySubject(
            inputs.records,
            inputs.checkpoint,
            inputs.digest,
            place,
            unit_column=self._setup.unit_column,
            split=inputs.split,
            labels=inputs.labels,
        )

    # Inputs

    def take(self, path: Path) -> None:
        """Take a file or folder: what the open project misses, or else a new input."""
        look = self._state.look
        is_missing = look is not None and not (look.source.exists() and look.checkpoint.exists())
        if self._jobs.running:
            self._waiting.append(path)
            if self._jobs.kind in _LONG:
                self._notice.show_message(Message(_(_LONG[self._jobs.kind])))
        elif is_missing and self._state.place is not PlaceId.START:
            self.find_again(path)
        else:
            self._inspect(path)

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
        self._jobs.start(JobKind.RECORD_COMPARISON, work, self.scored.emit, self._on_failed)

    def choose_records(self) -> None:
        """Ask where the open project's records are now."""
        if self._state.look is not None:
            self._choose(self._state.look.source, _("Where are the records?"))

    def choose_checkpoint(self) -> None:
        """Ask where the open project's checkpoint is now."""
        if self._state.look is not None:
            self._choose(self._state.look.checkpoint, _("Where is the checkpoint?"))

    def _switch(self, digest: str) -> None:
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
        self._jobs.start(JobKind.SWITCH, work, self.scored.emit, self._on_failed)

    def _choose(self, known: Path, question: str) -> None:
        if known.suffix.lower() in {".pt2", *workflow.file_endings()}:
            path = choose_file(self._window, question, f"*{known.suffix}")
        else:
            path = choose_folder(self._window, question)
        if path is not None:
            self.find_again(path)

    def _on_split(self, split: str) -> None:
        """Look at the part of the records that was chosen."""
        if self._in_parts is not None and not self._jobs.running:
            self._inspect(self._in_parts, split)

    def _inspect(self, path: Path, split: str | None = None) -> None:
        ref = SourceRef(path, split=split, pixel_range=self._pixel_range)

        def work(context: JobContext) -> tuple[Path, Inspection]:
            return path, workflow.inspect(ref, None, context)

        self._notice.show_message(None)
        self._jobs.start(JobKind.INSPECTION, work, self._on_inspected, self._on_failed)

    def _on_inspected(self, result: tuple[Path, Inspection]) -> None:
        path, inspection = result
        if isinstance(inspection, ProjectInspected):
            self.scored.emit(path)
            return
        if isinstance(inspection, BundleInspected):
            self.checked.emit(path, Verified.of(inspection))
            return
        is_source, look = isinstance(inspection, SourceInspected), self._state.look
        if look is not None:
            self.forget()
            if not self._waiting:  # New records for the same checkpoint, or the other way round.
                self._waiting.append(look.checkpoint if is_source else look.source)
        if self._state.place is not PlaceId.START:
            self._state.show_place(PlaceId.SETUP)
        if isinstance(inspection, SourceInspected):
            self._in_parts = path if inspection.splits else None
            inputs = replace(
                self._state.inputs,
                records=path if inspection.split is not None or not inspection.splits else None,
                has_labels=bool(inspection.labels),
                split=inspection.split,
                labels=LabelRule(),
                labels_fit=True,
            )
            if inputs.records is None:  # Nothing goes on before one of its parts is chosen.
                self._state.show_place(PlaceId.SETUP)
            self._start.show_records(path, inspection)
            self._setup.show_records(path, inspection)
        else:
            inputs = replace(
                self._state.inputs,
                checkpoint=path,
                digest=inspection.digest,
                labels=LabelRule(),
                labels_fit=True,
            )
            self._start.show_checkpoint(path, inspection)
            self._setup.show_checkpoint(path, inspection)
        self._state.set_inputs(inputs)
        if isinstance(inspection, CheckpointInspected):
            known, self._pixel_range = self._pixel_range, inspection.asks.pixel_range
            if known != self._pixel_range and inputs.records is not None:
                self._inspect(inputs.records, inputs.split)  # Which can be read depends on it.
                return
        if self._waiting:
            QTimer.singleShot(0, self, self._take_next)
        elif inputs.records is not None and inputs.checkpoint is not None:
            records = SourceRef(inputs.records, split=inputs.split)
            self._match(records, inputs.checkpoint, inputs.digest)

    def _match(self, records: SourceRef, checkpoint: Path, digest: str) -> None:
        """Compare the labels of both, or open the project that exists for them."""
        folder = workflow.project_place(records.path, digest, records.split)
        if folder.exists():
            self.scored.emit(folder)
            return

        def work(context: JobContext) -> tuple[Path, Inspection]:
            return checkpoint, workflow.inspect(checkpoint, records, context)

        self._state.show_place(PlaceId.SETUP)
        self._jobs.start(JobKind.LABEL_MATCHING, work, self._on_matched, self._on_failed)

    def _on_matched(self, result: tuple[Path, Inspection]) -> None:
        checkpoint, inspection = result
        assert isinstance(inspection, CheckpointInspected)
        account, inputs = inspection.preflight.label_account, self._state.inputs
        self._setup.show_checkpoint(checkpoint, inspection)
        self._setup.labels.show_account(account, inputs.labels)
        fit = account is None or not account.is_refused
        inputs = replace(inputs, labels_fit=fit)
        self._state.set_inputs(inputs)
        if not fit:
            self._setup.show_labels()
            return
        self._setup.training.no.setFocus()
        if inputs.records is None or self._waiting:
            return
        records = SourceRef(inputs.records, split=inputs.split, labels=inputs.labels)

        def work(context: JobContext) -> Preflight:
            return workflow.preflight(checkpoint, records, context)

        self._setup.show_trying()
        self._jobs.start(
            JobKind.PREFLIGHT,
            work,
            self._setup.show_preflight,
            self._on_trying_failed,
            gives_way=True,
        )

    def _on_labels(self, rule: LabelRule) -> None:
        """Match again, by what the owner said of the labels."""
        inputs = replace(self._state.inputs, labels=rule)
        if inputs.records is None or inputs.checkpoint is None or self._jobs.running:
            return
        self._state.set_inputs(inputs)
        records = SourceRef(inputs.records, split=inputs.split, labels=rule)
        self._match(records, inputs.checkpoint, inputs.digest)

    def _on_failed(self, error: DataSelectError) -> None:
        if not isinstance(error, InterruptedByPersonError):
            self._notice.show_message(error_message(error))

    def _on_trying_failed(self, error: DataSelectError) -> None:
        self._setup.preflight.hide()
        self._on_failed(error)

    def _take_next(self) -> None:
        if self._waiting and not self._jobs.running:
            self.take(self._waiting.pop(0))

    def forget(self) -> None:
        """Close the project and drop all inputs."""
        self._start.clear()
        self._setup.show_records(None, None)
        self._setup.show_checkpoint(None, None)
        self._state.close()

    # Scoring

    def start_demo(self, out: Path | None = None) -> None:
        """Score the demo, or open it where it was scored before."""
        folder = out if out is not None else workflow.home() / "demo"

        def work(context: JobContext) -> Path:
            return workflow.score_demo(folder, context).project

        if not self._jobs.running:
            self.forget()
            self._setup.show_demo()
            self._state.answer_training("no")
            self._scoring.begin(ScoringRun(work, _("the demo's")))

    def score(self) -> None:
        """Score the records with the checkpoint, or continue where scoring was interrupted."""
        if self._jobs.running:
            return
        if self._state.interrupted is not None:
            self._scoring.go_on()
            return
        inputs, look = self._state.inputs, self._state.look
        records, checkpoint = inputs.records, inputs.checkpoint
        if records is None or checkpoint is None:
            return
        unit, answer = self._setup.unit_column, self._state.in_training
        place = workflow.project_place(records, inputs.digest, inputs.split)
        folder = place if look is None else look.folder

        def work(context: JobContext) -> Path:
            return workflow.score(
                records,
                checkpoint,
                context,
                project_path=folder,
                unit_column=unit,
                split=inputs.split,
                labels=inputs.labels,
                in_training=answer,
            ).project

        self._scoring.begin(ScoringRun(work, str(records)))

    def _on_begun(self) -> None:
        self._state.show_place(PlaceId.SETUP)
        self._setup.focus_stop()  # The button that was pressed is hidden now.

    # The warning of the open project

    def show_project_warning(self) -> None:
        """Show what is wrong with the open project, until it is put right."""
        remedies = Remedies(self.choose_records, self.choose_checkpoint, self.score)
        look, has_stale = self._state.look, bool(self._state.stale.any())
        self._notice.show_lasting(
            None if look is None else project_warning(look, remedies, has_stale=has_stale)
        )

    # Signals of the state and the jobs

    def _on_opened(self) -> None:
        look = self._state.look
        self._setup.training.show_answer(self._state.in_training)
        if look is not None:
            self._start.clear()
            self._setup.show_project(look)
        self._show_idle()
        self.show_project_warning()

    def _on_answered(self) -> None:
        answer = self._setup.training.answer
        if answer is not None:
            self._state.answer_training(answer)

    def _on_training(self) -> None:
        if self._setup.training.answer != self._state.in_training:
            self._setup.training.show_answer(self._state.in_training)

    def _on_job_started(self, kind: JobKind) -> None:
        self._setup.show_running(f"{kind.running}.", keeps=kind in _LONG)

    def _on_progress(self, step: Progress) -> None:
        self._setup.show_running(step.sentence, step.share, keeps=self._jobs.kind in _LONG)

    def _on_job_finished(self) -> None:
        self._show_idle()
        if self._waiting:
            QTimer.singleShot(0, self, self._take_next)

    def _show_idle(self) -> None:
        """Show in Setup what its button would do now, unless a job runs."""
        look = self._state.look
        self._setup.show_trial(self._state.inputs.study_obstacle)
        if self._jobs.running:
            return
        if self._state.interrupted is not None or (look is not None and not look.is_finished):
            self._setup.show_idle(_("Continue"), ready=True)
        elif look is not None:
            text = _("Computes what is missing or has changed, and nothing else.")
            self._setup.show_idle(_("Score again"), ready=True, text=text)
        else:
            self._setup.show_idle(ready=self._state.can_score)
