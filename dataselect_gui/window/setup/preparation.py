"""What a person gives: taking it, telling what it is, matching it, and having it scored."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.setup.place import SetupPlace
from dataselect_gui.window.setup.scoring import SCORING, Run, Scoring
from dataselect_gui.window.setup.standing import Mend, what_is_wrong
from dataselect_gui.window.setup.start import StartPlace
from dataselect_gui.window.state import State
from dataselect_gui.window.study import STUDYING
from dataselect_gui.window.widgets.notice import Message, NoticeStrip, fault
from dataselect_gui.window.widgets.plain import choose_file, choose_folder
from dataselect_gui.workflow import Progress, Report, Stop, StudySubject, Verified

_LONG = {SCORING: "scoring", STUDYING: "the study"}
"""Work that takes long, and goes on where it was stopped."""
NOTHING_TO_TRY = "Try it: that needs your records and the consortium's checkpoint."
NO_LABELS = "Trying it is not possible: none of the records has a label, so there is nothing to learn."


class Preparation(QObject):
    """What stands behind the places Start and Setup, and keeps them up to date.

    Parameters
    ----------
    state : State
        What the window shows.
    jobs : Jobs
        Does the work.
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
    wanted(str)
        A place is to be shown.
    checked(Path, list)
        A bundle was given, and this is what was found in it, check by check.
    changed()
        Something was given, or forgotten.
    """

    scored = Signal(object)
    wanted = Signal(str)
    checked = Signal(object, object)
    changed = Signal()

    def __init__(
        self,
        state: State,
        jobs: Jobs,
        start: StartPlace,
        setup: SetupPlace,
        notice: NoticeStrip,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._state, self._jobs = state, jobs
        self._start, self._setup, self._notice = start, setup, notice
        self._window = window
        self._records: Path | None = None
        self._checkpoint: Path | None = None
        self._digest = ""
        self._labelled = False
        self._waiting: list[Path] = []
        self._scoring = Scoring(state, jobs, setup, notice, self)
        self._scoring.begun.connect(self._on_begun)
        self._scoring.scored.connect(self.scored)
        self._scoring.interrupted.connect(self._on_interrupted)
        start.chosen.connect(self.take)
        setup.score_wanted.connect(self.score)
        setup.stop_wanted.connect(jobs.stop)
        setup.training.answered.connect(self._on_answered)
        state.opened.connect(self._on_opened)
        state.training_changed.connect(self._on_training)
        state.stale_changed.connect(self.show_standing)
        jobs.started.connect(self._on_job_started)
        jobs.progressed.connect(self._on_progress)
        jobs.finished.connect(self._on_job_finished)
        self._on_opened()

    @property
    def is_begun(self) -> bool:
        """Whether Setup has anything to show."""
        given = (self._records, self._checkpoint, self._state.look)
        is_under_way = self._jobs.running or self._scoring.can_go_on
        return is_under_way or any(one is not None for one in given)

    @property
    def cannot_try(self) -> str:
        """Why no study is possible of what was given; empty where one is."""
        if self._records is None or self._checkpoint is None:
            return NOTHING_TO_TRY
        return "" if self._labelled else NO_LABELS

    def study_subject(self) -> StudySubject | None:
        """Return what a study would study; None where none is possible."""
        records, checkpoint, look = self._records, self._checkpoint, self._state.look
        if records is None or checkpoint is None or self.cannot_try:
            return None
        if look is not None:
            return workflow.study_subject(look.folder)
        place = workflow.project_place(records, self._digest)
        unit = self._setup.unit_column
        return StudySubject(records, checkpoint, self._digest, place, unit_column=unit)

    # What a person gives

    def take(self, path: Path) -> None:
        """Take what was given: what is missing from the open project, or else something new."""
        look = self._state.look
        is_missing = look is not None and not (look.source.exists() and look.checkpoint.exists())
        if self._jobs.running:
            self._waiting.append(path)
            if self._jobs.title in _LONG:
                work = _LONG[self._jobs.title]
                self._notice.tell(Message(f"What you gave is looked at when {work} has ended."))
        elif is_missing and not self._start.isVisible():
            self.find_again(path)
        else:
            self._inspect(path)

    def find_again(self, path: Path) -> None:
        """Point the open project to where its records, or its checkpoint, are now."""
        look = self._state.look
        if look is None or self._jobs.running:
            return
        folder = look.folder

        def work(report: Report, stop: Stop) -> Path:
            workflow.find_again(folder, path, report, stop)
            return folder

        self._notice.tell(None)
        self._jobs.start("Comparing with what was scored", work, self.scored.emit, self._on_failed)

    def choose_records(self) -> None:
        """Ask where the open project's records are now."""
        if self._state.look is not None:
            self._choose(self._state.look.source, "Where are the records?")

    def choose_checkpoint(self) -> None:
        """Ask where the open project's checkpoint is now."""
        if self._state.look is not None:
            self._choose(self._state.look.checkpoint, "Where is the checkpoint?")

    def _choose(self, known: Path, question: str) -> None:
        if known.suffix.lower() in {".pt2", *workflow.file_endings()}:
            path = choose_file(self._window, question, f"*{known.suffix}")
        else:
            path = choose_folder(self._window, question)
        if path is not None:
            self.find_again(path)

    def _inspect(self, path: Path) -> None:
        def work(report: Report, stop: Stop) -> tuple[Path, dict[str, Any]]:
            return path, workflow.inspect(path, None, report, stop)

        self._notice.tell(None)
        self._jobs.start("Looking at what was given", work, self._on_inspected, self._on_failed)

    def _on_inspected(self, told: tuple[Path, dict[str, Any]]) -> None:
        path, found = told
        if found["kind"] == "project":
            self.scored.emit(path)
            return
        if found["kind"] == "bundle":
            self.checked.emit(path, Verified.told(found))
            return
        is_source, look = found["kind"] == "source", self._state.look
        if look is not None:
            self.forget()
            if not self._waiting:  # New records for the same checkpoint, or the other way round.
                self._waiting.append(look.checkpoint if is_source else look.source)
        if not self._start.isVisible():
            self.wanted.emit("setup")
        if is_source:
            self._records, self._labelled = path, bool(found["labels"])
            self._start.show_records(path, found)
            self._setup.show_records(path, found)
        else:
            self._checkpoint, self._digest = path, found["digest"]
            self._start.show_checkpoint(path, found)
            self._setup.show_checkpoint(path, found)
        self._show_idle()
        self.changed.emit()
        if self._waiting:
            QTimer.singleShot(0, self, self._take_next)
        elif self._records is not None and self._checkpoint is not None:
            self._match(self._records, self._checkpoint)

    def _match(self, records: Path, checkpoint: Path) -> None:
        """Hold the labels of both against each other, or open the project that they already have."""
        folder = workflow.project_place(records, self._digest)
        if folder.exists():
            self.scored.emit(folder)
            return

        def work(report: Report, stop: Stop) -> tuple[Path, dict[str, Any]]:
            return checkpoint, workflow.inspect(checkpoint, records, report, stop)

        self.wanted.emit("setup")
        self._jobs.start("Matching the labels", work, self._on_matched, self._on_failed)

    def _on_matched(self, told: tuple[Path, dict[str, Any]]) -> None:
        self._setup.show_checkpoint(*told)
        self._setup.training.no.setFocus()
        records, checkpoint = self._records, told[0]
        if records is None or self._waiting:
            return

        def work(report: Report, stop: Stop) -> dict[str, Any]:
            return workflow.preflight(checkpoint, records, report, stop)

        self._setup.show_trying()
        self._jobs.start(
            "Trying the checkpoint",
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
        self._records = self._checkpoint = None
        self._scoring.forget()
        self._labelled = False
        self._start.clear()
        self._setup.show_records(None, None)
        self._setup.show_checkpoint(None, None)
        self._state.close()

    # Scoring

    def start_demo(self, out: Path | None = None) -> None:
        """Score the demo, or open it where it was scored before."""
        folder = out if out is not None else workflow.home() / "demo"

        def work(report: Report, stop: Stop) -> Path:
            return workflow.score_demo(folder, report, stop).project

        if not self._jobs.running:
            self.forget()
            self._setup.show_demo()
            self._state.answer_training("no")
            self._scoring.begin(Run(work, "the demo's"))

    def score(self) -> None:
        """Score the records with the checkpoint, or go on where scoring was interrupted."""
        if self._jobs.running:
            return
        if self._scoring.can_go_on:
            self._scoring.go_on()
            return
        records, checkpoint, look = self._records, self._checkpoint, self._state.look
        if records is None or checkpoint is None:
            return
        unit, answer = self._setup.unit_column, self._state.in_training
        folder = workflow.project_place(records, self._digest) if look is None else look.folder

        def work(report: Report, stop: Stop) -> Path:
            return workflow.score(
                records,
                checkpoint,
                report,
                project_path=folder,
                unit_column=unit,
                in_training=answer,
                stop=stop,
            ).project

        self._scoring.begin(Run(work, str(records)))

    def _on_begun(self) -> None:
        self.wanted.emit("setup")
        self._setup.follow()  # The button that was pressed is hidden now.

    def _on_interrupted(self) -> None:
        self._show_idle()
        self.changed.emit()

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
            self._records, self._checkpoint = look.source, look.checkpoint
            self._scoring.forget()
            self._labelled = any(label is not None for label in look.labels)
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

    def _on_job_started(self, title: str) -> None:
        self._on_progress(Progress(title, 0, 1))

    def _on_progress(self, step: Progress) -> None:
        self._setup.show_running(step, keeps=self._jobs.title in _LONG)

    def _on_job_finished(self) -> None:
        self._show_idle()
        if self._waiting:
            QTimer.singleShot(0, self, self._take_next)

    def _show_idle(self) -> None:
        """Show in Setup what its button would do now; while a job runs, it shows that instead."""
        look = self._state.look
        self._setup.show_trial(self.cannot_try)
        if self._jobs.running:
            return
        if self._scoring.can_go_on or (look is not None and not look.is_finished):
            self._setup.show_idle("Continue", ready=True)
        elif look is not None:
            text = "Computes what is missing or has changed, and nothing else."
            self._setup.show_idle("Score again", ready=True, text=text)
        else:
            both = self._records is not None and self._checkpoint is not None
            self._setup.show_idle(ready=both)
