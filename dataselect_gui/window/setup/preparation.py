"""What a person gives: taking it, telling what it is, matching it, and having it scored."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError
from dataselect_gui.texts import N_, _
from dataselect_gui.window.given import Run
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.setup.place import SetupPlace
from dataselect_gui.window.setup.scoring import Scoring
from dataselect_gui.window.setup.standing import Mend, what_is_wrong
from dataselect_gui.window.setup.start import StartPlace
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.notice import Message, NoticeStrip, fault
from dataselect_gui.window.widgets.plain import choose_file, choose_folder
from dataselect_gui.workflow import (
    BundleInspected,
    CheckpointInspected,
    Inspection,
    JobContext,
    JobKind,
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
    """What stands behind the places Start and Setup, and keeps them up to date.

    Parameters
    ----------
    state : State
        What the window shows; its jobs do the work.
    start, setup : StartPlace, SetupPlace
        Where a person gives and answers.
    notice : NoticeStrip
        Where it is told what needs a hand.
    window : QWidget
        The owner.

    Signals
    -------
    scored(Path)
        A project is to be opened.
    checked(Path, Verified)
        A bundle was given, and this is what was found in it, check by check.
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
        self._scoring = Scoring(state, setup, notice, self)
        self._scoring.begun.connect(self._on_begun)
        self._scoring.scored.connect(self.scored)
        start.chosen.connect(self.take)
        setup.score_wanted.connect(self.score)
        setup.stop_wanted.connect(self._jobs.stop)
        setup.training.answered.connect(self._on_answered)
        state.opened.connect(self._on_opened)
        state.given_changed.connect(self._show_idle)
        state.training_changed.connect(self._on_training)
        state.stale_changed.connect(self.show_standing)
        self._jobs.started.connect(self._on_job_started)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.finished.connect(self._on_job_finished)
        self._on_opened()

    def study_subject(self) -> StudySubject | None:
        """Return what a study would study; None where none is possible."""
        given, look = self._state.given, self._state.look
        if given.records is None or given.checkpoint is None or given.cannot_try:
            return None
        if look is not None:
            return workflow.study_subject(look.folder)
        place = workflow.project_place(given.records, given.digest)
        unit = self._setup.unit_column
        return StudySubject(given.records, given.checkpoint, given.digest, place, unit_column=unit)

    # What a person gives

    def take(self, path: Path) -> None:
        """Take what was given: what is missing from the open project, or else something new."""
        look = self._state.look
        is_missing = look is not None and not (look.source.exists() and look.checkpoint.exists())
        if self._jobs.running:
            self._waiting.append(path)
            if self._jobs.kind in _LONG:
                self._notice.tell(Message(_(_LONG[self._jobs.kind])))
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

        self._notice.tell(None)
        self._jobs.start(JobKind.RECORD_COMPARISON, work, self.scored.emit, self._on_failed)

    def choose_records(self) -> None:
        """Ask where the open project's records are now."""
        if self._state.look is not None:
            self._choose(self._state.look.source, _("Where are the records?"))

    def choose_checkpoint(self) -> None:
        """Ask where the open project's checkpoint is now."""
        if self._state.look is not None:
            self._choose(self._state.look.checkpoint, _("Where is the checkpoint?"))

    def _choose(self, known: Path, question: str) -> None:
        if known.suffix.lower() in {".pt2", *workflow.file_endings()}:
            path = choose_file(self._window, question, f"*{known.suffix}")
        else:
            path = choose_folder(self._window, question)
        if path is not None:
            self.find_again(path)

    def _inspect(self, path: Path) -> None:
        def work(context: JobContext) -> tuple[Path, Inspection]:
            return path, workflow.inspect(path, None, context)

        self._notice.tell(None)
        self._jobs.start(JobKind.INSPECTION, work, self._on_inspected, self._on_failed)

    def _on_inspected(self, told: tuple[Path, Inspection]) -> None:
        path, found = told
        if isinstance(found, ProjectInspected):
            self.scored.emit(path)
            return
        if isinstance(found, BundleInspected):
            self.checked.emit(path, Verified.of(found))
            return
        is_source, look = isinstance(found, SourceInspected), self._state.look
        if look is not None:
            self.forget()
            if not self._waiting:  # New records for the same checkpoint, or the other way round.
                self._waiting.append(look.checkpoint if is_source else look.source)
        if self._state.place is not PlaceId.START:
            self._state.show_place(PlaceId.SETUP)
        if isinstance(found, SourceInspected):
            given = replace(self._state.given, records=path, has_labels=bool(found.labels))
            self._start.show_records(path, found)
            self._setup.show_records(path, found)
        else:
            given = replace(self._state.given, checkpoint=path, digest=found.digest)
            self._start.show_checkpoint(path, found)
            self._setup.show_checkpoint(path, found)
        self._state.give(given)
        if self._waiting:
            QTimer.singleShot(0, self, self._take_next)
        elif given.records is not None and given.checkpoint is not None:
            self._match(given.records, given.checkpoint, given.digest)

    def _match(self, records: Path, checkpoint: Path, digest: str) -> None:
        """Hold the labels of both against each other, or open the project that they already have."""
        folder = workflow.project_place(records, digest)
        if folder.exists():
            self.scored.emit(folder)
            return

        def work(context: JobContext) -> tuple[Path, Inspection]:
            return checkpoint, workflow.inspect(checkpoint, SourceRef(records), context)

        self._state.show_place(PlaceId.SETUP)
        self._jobs.start(JobKind.LABEL_MATCHING, work, self._on_matched, self._on_failed)

    def _on_matched(self, told: tuple[Path, Inspection]) -> None:
        checkpoint, found = told
        assert isinstance(found, CheckpointInspected)
        self._setup.show_checkpoint(checkpoint, found)
        self._setup.training.no.setFocus()
        records = self._state.given.records
        if records is None or self._waiting:
            return

        def work(context: JobContext) -> Preflight:
            return workflow.preflight(checkpoint, SourceRef(records), context)

        self._setup.show_trying()
        self._jobs.start(
            JobKind.PREFLIGHT,
            work,
            self._setup.show_preflight,
            self._on_trying_failed,
            gives_way=True,
        )

    def _on_failed(self, error: DataSelectError) -> None:
        if not isinstance(error, InterruptedByPersonError):
            self._notice.tell(fault(error))

    def _on_trying_failed(self, error: DataSelectError) -> None:
        self._setup.preflight.hide()
        self._on_failed(error)

    def _take_next(self) -> None:
        if self._waiting and not self._jobs.running:
            self.take(self._waiting.pop(0))

    def forget(self) -> None:
        """Begin anew: no project, no records, no checkpoint."""
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
            self._scoring.begin(Run(work, _("the demo's")))

    def score(self) -> None:
        """Score the records with the checkpoint, or go on where scoring was interrupted."""
        if self._jobs.running:
            return
        if self._state.interrupted is not None:
            self._scoring.go_on()
            return
        given, look = self._state.given, self._state.look
        records, checkpoint = given.records, given.checkpoint
        if records is None or checkpoint is None:
            return
        unit, answer = self._setup.unit_column, self._state.in_training
        folder = workflow.project_place(records, given.digest) if look is None else look.folder

        def work(context: JobContext) -> Path:
            return workflow.score(
                records,
                checkpoint,
                context,
                project_path=folder,
                unit_column=unit,
                in_training=answer,
            ).project

        self._scoring.begin(Run(work, str(records)))

    def _on_begun(self) -> None:
        self._state.show_place(PlaceId.SETUP)
        self._setup.follow()  # The button that was pressed is hidden now.

    # What lasts

    def show_standing(self) -> None:
        """Tell what is wrong with the open project, for as long as it is."""
        mend = Mend(self.choose_records, self.choose_checkpoint, self.score)
        look, has_stale = self._state.look, bool(self._state.stale.any())
        self._notice.stand(None if look is None else what_is_wrong(look, mend, has_stale=has_stale))

    # What the state and the jobs say

    def _on_opened(self) -> None:
        look = self._state.look
        self._setup.training.show_answer(self._state.in_training)
        if look is not None:
            self._start.clear()
            self._setup.show_project(look)
        self._show_idle()
        self.show_standing()

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
        """Show in Setup what its button would do now; while a job runs, it shows that instead."""
        look = self._state.look
        self._setup.show_trial(self._state.given.cannot_try)
        if self._jobs.running:
            return
        if self._state.interrupted is not None or (look is not None and not look.is_finished):
            self._setup.show_idle(_("Continue"), ready=True)
        elif look is not None:
            text = _("Computes what is missing or has changed, and nothing else.")
            self._setup.show_idle(_("Score again"), ready=True, text=text)
        else:
            self._setup.show_idle(ready=self._state.can_score)
