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
from dataselect_gui.window.setup.matching import Matching
from dataselect_gui.window.setup.open_project import OpenProject
from dataselect_gui.window.setup.place import SetupPlace
from dataselect_gui.window.setup.scoring import Scoring
from dataselect_gui.window.setup.start import StartPlace
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.notice import Message, NoticeStrip, error_message
from dataselect_gui.workflow import (
    CheckpointInspected,
    JobContext,
    JobKind,
    LeaveOut,
    Progress,
    SourceInspected,
    SourceRef,
    StudySubject,
)

_LONG = {
    JobKind.SCORING: N_("What you chose waits until scoring has ended."),
    JobKind.STUDY: N_("What you chose waits until the study has ended."),
    JobKind.CALIBRATION: N_("What you chose waits until the calibration has ended."),
}
"""The jobs that take long, with what is said of files that are given meanwhile."""
_KEPT = {JobKind.SCORING, JobKind.STUDY}
"""Those of them that go on where they were stopped."""
_STAYS = N_(
    "Scores of these records were shown before, so the earlier decision on what is left out stays."
)
_BY_CHOICES = {JobKind.SCORING, JobKind.INSPECTION, JobKind.LABEL_MATCHING}
"""The jobs that work by what was chosen in Setup when they began."""


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

    Attributes
    ----------
    open_project : OpenProject
        Looks after the project that is open.

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
        self._waiting: list[Path | SourceRef] = []
        self._offered: list[Path] = []
        self._left: Path | None = None
        self._shown: Path | None = None
        self._decided: LeaveOut | None = None
        self._scoring = Scoring(state, setup, notice, self)
        self._scoring.begun.connect(self._on_begun)
        self._scoring.scored.connect(self.scored)
        for said in (setup.split_chosen, setup.reading.chosen, setup.labels.chosen):
            said.connect(self._on_said)  # Before a job follows from it.
        for touched in (
            setup.reading.touched,
            setup.labels.touched,
            setup.leaving_out.changed,
            setup.score_choices.changed,
            setup.score_choices.estimated,
        ):
            touched.connect(self._show_idle)
        self.open_project = OpenProject(state, notice, window)
        self.open_project.changed.connect(self.scored)
        self.open_project.score_wanted.connect(self.score)
        self._matching = Matching(state, start, setup, self)
        self._matching.arrived.connect(self._on_arrived)
        self._matching.settled.connect(self._on_settled)
        self._matching.matched.connect(self._on_matched)
        self._matching.project_found.connect(self.scored)
        self._matching.bundle_found.connect(self.checked)
        self._matching.failed.connect(self._on_failed)
        for chosen in (start.chosen, setup.records.chosen, setup.checkpoint.chosen):
            chosen.connect(self.take)
        setup.score_requested.connect(self.score)
        setup.stop_requested.connect(self._jobs.stop)
        setup.other_checkpoints.chosen.connect(self.open_project.switch)
        setup.anew_requested.connect(self.read_anew)
        setup.back_requested.connect(self._go_back)
        setup.training.answered.connect(self._on_answered)
        for changed in (
            setup.unit.activated,
            setup.training.answered,
            setup.leaving_out.changed,
            setup.score_choices.changed,
        ):
            changed.connect(self._drop_interrupted)
        setup.samples.follow(state)
        state.opened.connect(self._on_opened)
        state.inputs_changed.connect(self._show_idle)
        state.training_changed.connect(self._on_training)
        state.stale_changed.connect(self.open_project.show_warning)
        state.labels_changed.connect(self._show_idle)
        self._jobs.started.connect(self._on_job_started)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.stopping.connect(self._on_stopping)
        self._jobs.finished.connect(self._on_job_finished)
        self._on_opened()
        if self._jobs.kind is not None:
            self._on_job_started(self._jobs.kind)

    @property
    def setup(self) -> SetupPlace:
        """The place Setup."""
        return self._setup

    def study_subject(self) -> StudySubject | None:
        """Return the subject of a study; None where no study is possible."""
        inputs, look = self._state.inputs, self._state.look
        source = inputs.source
        if source is None or inputs.checkpoint is None or inputs.study_obstacle:
            return None
        if look is not None:
            return workflow.study_subject(look.folder)
        place = workflow.project_place(source, inputs.digest)
        return StudySubject(
            source.path,
            inputs.checkpoint,
            inputs.digest,
            place,
            label_column=source.label_column,
            unit_column=self._setup.unit_column,
            split=source.split,
            labels=source.labels,
            text_column=source.text_column,
        )

    # Inputs

    def take(self, path: Path) -> None:
        """Take a file or folder: what the open project misses, or else a new input."""
        if self._jobs.kind in _LONG:
            self._offered.append(path)
            self._notice.show_message(Message(_(_LONG[self._jobs.kind]), role="stay"))
        elif self._jobs.running:
            self._waiting.append(path)
        elif self.open_project.misses_something and self._state.place is not PlaceId.START:
            self.open_project.find_again(path)
        else:
            self._notice.show_message(None)
            self._matching.inspect(path)

    def read_anew(self) -> None:
        """Read the open project's records in another way, for its checkpoint; it stays as it is."""
        look = self._state.look
        if look is None or self._jobs.running:
            return
        self._left = look.folder
        self.forget()
        self._state.show_place(PlaceId.SETUP)
        self._waiting.append(look.checkpoint)
        self._notice.show_message(None)
        self._matching.read_anew(look.records)

    def _go_back(self) -> None:
        """Open the project again whose records were to be read in another way."""
        if self._left is not None and not self._jobs.running:
            self.scored.emit(self._left)

    def _on_said(self) -> None:
        """Take away what was wrong before."""
        if not self._jobs.running:
            self._notice.show_message(None)

    def _on_failed(self, error: DataSelectError) -> None:
        if not isinstance(error, InterruptedByPersonError):
            self._notice.show_message(error_message(error))

    def _on_arrived(self, inspection: SourceInspected | CheckpointInspected) -> None:
        """Close the open project: new records for the same checkpoint, or the other way round.

        The demo's own checkpoint and records are for nothing else.
        """
        look = self._state.look
        if look is not None:
            self.forget()
            if not (self._waiting or look.is_demo):
                is_source = isinstance(inspection, SourceInspected)
                self._waiting.append(look.checkpoint if is_source else look.records)

    def _on_settled(self) -> None:
        self._setup.show_way_back(shown=self._matching.is_anew)
        if self._waiting:
            QTimer.singleShot(0, self, self._take_next)
        else:
            self._matching.go_on()

    def _on_matched(self) -> None:
        if not self._waiting:
            self._matching.try_out()

    def _offer(self) -> None:
        """Take what was given during long work, unless a project is open: that stays till asked."""
        look = self._state.look
        if look is None or not self._offered:
            self._take_offered()
        else:
            names = ", ".join(path.name for path in self._offered)
            self._notice.show_message(
                Message(
                    _("You chose {names} while this was running.", names=names),
                    do=_("Open it now? “{project}” closes, and is kept.", project=look.name),
                    actions=((_("Open it"), self._take_offered),),
                    role="stay",
                )
            )

    def _take_offered(self) -> None:
        self._waiting += self._offered
        self._offered = []
        self._take_next()

    def _take_next(self) -> None:
        if not self._waiting or self._jobs.running:
            return
        given = self._waiting.pop(0)
        if isinstance(given, SourceRef):
            self._matching.inspect_again(given)
        else:
            self.take(given)

    def forget(self) -> None:
        """Close the project and drop all inputs."""
        self._matching.forget()
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
            self._scoring.begin(
                ScoringRun(work, workflow.demo_project(folder), "Demo", _("the demo's"))
            )

    def score(self) -> None:
        """Score the records with the checkpoint, or continue where scoring was interrupted."""
        if self._jobs.running:
            return
        if self._setup.unused:
            self._state.show_place(PlaceId.SETUP)  # Where it says so.
            return
        if self._state.interrupted is not None:
            self._scoring.go_on()
            return
        inputs, look = self._state.inputs, self._state.look
        source, checkpoint = inputs.source, inputs.checkpoint
        if source is None or checkpoint is None:
            return
        unit, answer = self._setup.unit_column, self._state.in_training
        self._decided = self._setup.leaving_out.leave_out
        leave_out, price = self._setup.leaving_out.leave_out, self._setup.leaving_out.count_epsilon
        names, precision = self._setup.score_choices.names, self._setup.score_choices.precision
        wanted = replace(source, unit_column=unit)
        place = workflow.project_place(wanted, inputs.digest, exactly=True)
        folder = place if look is None else look.folder
        marks_of = self._left if self._matching.is_anew else None

        def work(context: JobContext) -> Path:
            return workflow.score(
                source.path,
                checkpoint,
                context,
                project_path=folder,
                names=names,
                precision=precision,
                label_column=source.label_column,
                unit_column=unit,
                split=source.split,
                text_column=source.text_column,
                labels=source.labels,
                in_training=answer,
                marks_of=marks_of,
                leave_out=leave_out,
                count_epsilon=price,
            ).project

        self._scoring.begin(ScoringRun(work, folder, folder.stem, str(source.path)))

    def _on_begun(self, run: ScoringRun) -> None:
        self._start.remember(run.project, run.name)  # At once: it may be interrupted.
        self._state.show_place(PlaceId.SETUP)
        self._setup.score_choices.fix()
        is_demo = self._state.inputs.source is None
        # Marks of an earlier project are followed at the end of a run that reads its records anew: a
        # view before that would make them late.
        if self._state.look is None and not (is_demo or self._matching.is_anew):
            self._setup.first_scores.begin(run.project)
        self._setup.focus_stop()  # The button that was pressed is hidden now.

    # Signals of the state and the jobs

    def _on_opened(self) -> None:
        self._setup.first_scores.end()
        look, wanted = self._state.look, self._decided
        self._decided = None
        known = None if look is None or look.decision is None else look.decision.leave_out
        if look is not None and wanted not in {None, known}:
            QTimer.singleShot(0, self, self._say_what_stays)  # Opening takes away what was said.
        self._setup.training.show_answer(self._state.in_training)
        folder = None if look is None else look.folder
        if folder != self._shown:
            self._shown = folder
            self._setup.begin()
        if look is not None:
            self._matching.drop()
            self._start.clear()
            self._setup.show_project(look)
        self._show_idle()
        self.open_project.show_warning()

    def _say_what_stays(self) -> None:
        self._notice.show_message(Message(_(_STAYS), role="stay"))

    def _on_answered(self) -> None:
        answer = self._setup.training.answer
        if answer is not None:
            self._state.answer_training(answer)

    def _drop_interrupted(self) -> None:
        """Score by what was chosen now, rather than go on with a run that was stopped."""
        if self._state.look is None and self._state.interrupted is not None:
            self._notice.show_message(None)
            self._state.note_interrupted(None)
            self._show_idle()

    def _on_training(self) -> None:
        if self._setup.training.answer != self._state.in_training:
            self._setup.training.show_answer(self._state.in_training)

    def _on_job_started(self, kind: JobKind) -> None:
        self.open_project.show_warning()
        self._setup.score_line.show_running(f"{kind.running}.", keeps=kind in _KEPT)
        self._setup.hold_choices(held=kind in _BY_CHOICES)

    def _on_stopping(self) -> None:
        self._setup.score_line.show_stopping(keeps=self._jobs.kind in _KEPT)

    def _on_progress(self, step: Progress) -> None:
        if not self._jobs.is_stopping:
            self._setup.score_line.show_running(
                step.sentence, step.share, keeps=self._jobs.kind in _KEPT
            )
            self._setup.first_scores.note(step)

    def _on_job_finished(self) -> None:
        self._setup.hold_choices(held=False)
        self._setup.first_scores.end()
        self._show_idle()
        self.open_project.show_warning()
        QTimer.singleShot(0, self, self._offer)  # When what the job made is open.

    def _show_idle(self) -> None:
        """Show in Setup what its button would do now, unless a job runs."""
        look, unused, inputs = self._state.look, self._setup.unused, self._state.inputs
        self._setup.show_trial(inputs.study_obstacle or unused)
        if self._jobs.running:
            return
        is_begun = look is not None and not (look.is_finished or len(look.waiting))
        choices, line = self._setup.score_choices, self._setup.score_line
        if self._state.interrupted is not None or is_begun:
            line.show_idle(_("Continue"), ready=True)
        elif look is not None:
            is_done = not (len(look.waiting) or self._state.stale.any() or choices.has_more)
            text = _("Scoring again computes only what is missing or has changed.")
            text = " ".join([_("Everything is scored."), text]) if is_done else text
            cost = choices.cost
            line.show_idle(_("Score again"), ready=True, is_done=is_done, text=text, cost=cost)
        else:
            # What was chosen and not used would be lost without a word.
            ready = self._state.can_score and not unused
            cost = choices.cost if ready else ""
            line.show_idle(ready=ready, text=unused or inputs.obstacle, cost=cost)
