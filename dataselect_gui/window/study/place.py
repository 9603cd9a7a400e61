"""The Try it page: what helps on the owner's own records, by a study of one question or another."""

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError, WorkerDiedError
from dataselect_gui.texts import N_, _
from dataselect_gui.window.latest import PAUSE_MILLISECONDS
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.state import State
from dataselect_gui.window.study.arms_form import ArmsForm
from dataselect_gui.window.study.by_scores import ByScores
from dataselect_gui.window.study.choices import StudyForm
from dataselect_gui.window.study.heading import Heading
from dataselect_gui.window.study.leaving_out import LeavingOut
from dataselect_gui.window.study.plan import CONTINUE, ESTIMATING, START, WAITING, PlanPanel
from dataselect_gui.window.study.question import Forecast, Found, Question
from dataselect_gui.window.study.results import ResultsPanel
from dataselect_gui.window.widgets.boundary import Note
from dataselect_gui.window.widgets.column import ColumnPlace
from dataselect_gui.window.widgets.notice import Message
from dataselect_gui.window.widgets.plain import Button
from dataselect_gui.workflow import (
    JobContext,
    JobKind,
    OtherStudyError,
    Progress,
    StudySubject,
)

DONE = N_("All of it is done, and stands above.")
KEPT = N_("What is done is kept: no training is done twice.")
STOPPED = N_("The study was stopped.")
SHOW = N_("Show it")


class StudyPlace(ColumnPlace, Place):
    """Where a study is planned, run and read.

    Attributes
    ----------
    form, arms : StudyForm, ArmsForm
        Ask what is compared, for either question.
    results : ResultsPanel
        What came of the study that is shown.

    Signals
    -------
    noted(Message)
        Something is to be shown though another place is shown.
    """

    place_id = PlaceId.STUDY
    noted = Signal(object)

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state, self._jobs = state, state.jobs
        self._subject: StudySubject | None = None
        self._error: DataSelectError | None = None
        self._apart: object = None
        self._was_stopped = self._is_over_limit = False
        self._is_planning = self._is_stopping = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._begin_planning)
        self.error = Note("stop")
        self.results, self.form, self.arms = ResultsPanel(), StudyForm(), ArmsForm()
        # Each question has choices of a type of its own, which pass through this page unseen.
        self._questions: tuple[Question[Any], ...] = (LeavingOut(self.arms), ByScores(self.form))
        self._question: Question[Any] = self._questions[1]
        self.heading = Heading([_(question.name) for question in self._questions])
        self.plan = PlanPanel(_forms(self.form, self.arms))
        self.again, self.anew = Button(_("Work it out again")), Button(_("Begin anew"))
        self._build()
        self._show_question()
        self.heading.back.clicked.connect(state.go_back)
        self.heading.chosen.connect(self._on_question)
        self.again.clicked.connect(self._plan_again)
        self.anew.clicked.connect(self._begin_anew)
        for form in (self.form, self.arms):
            form.changed.connect(self._on_changed)
        self.plan.start_wanted.connect(self.start)
        self.plan.stop_requested.connect(self._stop)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.started.connect(self._on_jobs)
        self._jobs.finished.connect(self._on_jobs)

    @property
    def is_running(self) -> bool:
        """Whether a study runs."""
        return self._jobs.kind is JobKind.STUDY

    @property
    def is_working(self) -> bool:
        """Whether a plan is about to be made."""
        return self._timer.isActive()

    @property
    def _is_here(self) -> bool:
        return self._state.place is PlaceId.STUDY

    @property
    def _is_of_others(self) -> bool:
        return isinstance(self._error, OtherStudyError)

    def show_subject(self, subject: StudySubject) -> None:
        """Show the study of a subject, or that it may begin; one that runs stays on the page."""
        if self.is_running:
            return
        if subject != self._subject:
            self._question = self._usual_question(subject)
            self._show_question()
        self._show_study_of(subject)

    def _show_study_of(self, subject: StudySubject) -> None:
        """Show the study of a subject that answers the question in hand."""
        question = self._question
        is_known = subject == question.subject
        self._subject, self._was_stopped = None, False
        self._show_error(None)
        try:
            folder = question.folder if is_known else question.place(subject, by_form=False)
            study = question.at(folder)
            if not is_known:
                question.offer(subject, study)
        except DataSelectError as error:
            question.subject = None
            self._drop_plan()
            self._show_study(None)
            self._show_error(error)
        else:
            self._subject = question.subject = subject
            question.folder, self._apart = folder, question.kept_apart
            if not is_known:
                question.planned = None
            self._show_study(study)
            self._foresee()
        self.heading.show_subject(self._subject)
        self.plan.setVisible(self._subject is not None)

    def _usual_question(self, subject: StudySubject) -> Question[Any]:
        """Return the question of the newest study, or the one that the consortium's request answers."""
        leaving_out, by_scores = self._questions
        try:
            studies = workflow.studies_of(subject)
            if studies:
                is_of_arms = studies[-1] in workflow.studies_of(subject, "arms")
                return leaving_out if is_of_arms else by_scores
            return leaving_out if workflow.has_thresholds(subject) else by_scores
        except DataSelectError:  # It is told where the study is looked for.
            return by_scores

    def take_focus(self) -> None:
        """Give the focus to what a person wants next."""
        if self.is_running and not self._is_stopping:
            self.plan.stop.setFocus()
            # With the progress beside it, once that has its place.
            QTimer.singleShot(0, self, self._show_progress)
        elif self._question.is_finished():
            self.results.page.setFocus()
        elif self.plan.is_ready:
            self.plan.start.setFocus()
        elif self._subject is not None and not self.is_running:
            self._question.first.setFocus()
        else:
            self.heading.back.setFocus()

    def start(self) -> None:
        """Begin the study, or go on with it."""
        subject, question = self._subject, self._question
        if subject is None or not self.plan.is_ready:
            return
        folder, choices, limit = question.folder, question.read(subject), question.limit.value()
        if isinstance(choices, str):
            return

        def work(context: JobContext) -> Found[Any]:
            return question.run(subject, choices, folder, limit, context)

        self._drop_plan()
        self._show_error(None)
        question.planned = None  # What is done will be.
        self._is_stopping = False
        self._jobs.start(JobKind.STUDY, work, self._on_done, self._on_failed)
        question.form.setEnabled(False)
        self.heading.allow_choice(allowed=False)
        self.plan.show_running(f"{JobKind.STUDY.running}.")
        self.take_focus()  # The button that was pressed is hidden now.

    def entered(self) -> None:
        """Plan when somebody looks."""
        self._foresee()
        self.take_focus()

    def left(self) -> None:
        """Work nothing out that nobody sees; a study that runs goes on."""
        self._drop_plan()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Leave at Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self._state.go_back()
        else:
            super().keyPressEvent(event)

    # Planning

    def _on_question(self, place: int) -> None:
        """Ask another question of the same records."""
        subject = self._subject
        if self.is_running or self._questions[place] is self._question:
            return
        self._drop_plan()
        self._question = self._questions[place]
        self._show_question()
        if subject is not None:
            self._show_study_of(subject)

    def _show_question(self) -> None:
        for question in self._questions:
            question.form.setVisible(question is self._question)
        question = self._question
        place = self._questions.index(question)
        self.heading.show_question(place, _(question.text), _(question.explanation))

    def _on_changed(self) -> None:
        subject, question = self._subject, self._question
        if subject is None or self.is_running:
            return
        self._was_stopped = False
        self._show_error(None)
        if question.kept_apart != self._apart:  # Another study.
            self._apart = question.kept_apart
            self._show_folder(subject, anew=False)
        self._foresee()

    def _begin_anew(self) -> None:
        if self._subject is not None:
            self._show_error(None)
            self._show_folder(self._subject, anew=True)
            self._foresee()
            self.take_focus()  # The button that was pressed is hidden now.

    def _plan_again(self) -> None:
        self._show_error(None)
        self._foresee()
        self.take_focus()

    def _foresee(self) -> None:
        """Show what can be told at once, and have the time worked out."""
        if self._subject is None or self.is_running:
            return
        self._drop_plan()
        question = self._question
        choices, limit = question.read(self._subject), question.limit.value()
        self._is_over_limit = False
        if isinstance(choices, str):
            self.plan.show_nothing(choices)
            return
        count, done, by_question = question.count(self._subject, choices)
        self.plan.show_counts(count, done, by_question)
        self.plan.summary.setText(question.summary(choices))
        self.plan.show_limit(count, limit)
        self._is_over_limit = count > limit
        known = question.replan(choices)
        if question.is_finished(choices):
            self.plan.show_idle("", ready=False, text=_(DONE))
        elif known is not None:
            self._show_plan(known)
        elif self._error is not None:
            self._offer("")
        else:
            self._offer(_(WAITING if self._jobs.running else ESTIMATING))
            if self._is_here:
                self._timer.start(PAUSE_MILLISECONDS)

    def _offer(self, text: str, *, planned: bool = False) -> None:
        """Offer to begin, once the plan was seen, or to go on."""
        is_begun = self._question.folder.is_dir()
        is_known = (is_begun or planned) and not self._is_of_others
        parts = (_(STOPPED), _(KEPT), text) if self._was_stopped else (text,)
        self.plan.show_idle(
            _(CONTINUE if is_begun else START),
            ready=is_known and not self._is_over_limit and not self._jobs.running,
            text=" ".join(part for part in parts if part),
        )

    def _show_plan(self, plan: Forecast[Any]) -> None:
        self.plan.show_time(plan)
        self._offer("", planned=True)

    def _begin_planning(self) -> None:
        subject, question = self._subject, self._question
        if subject is None or self._jobs.running:
            return
        folder, choices, limit = question.folder, question.read(subject), question.limit.value()
        if isinstance(choices, str):
            return
        if self._jobs.has_thread and not self._is_planning:  # Something else that would give way.
            self._timer.start(PAUSE_MILLISECONDS)
            return

        def work(context: JobContext) -> Forecast[Any]:
            return question.plan(subject, choices, folder, limit, context)

        self._is_planning = True
        self._jobs.start(JobKind.STUDY_PLAN, work, self._on_planned, self._on_unplanned, gives_way=True)

    def _on_planned(self, plan: Forecast[Any]) -> None:
        self._is_planning = False
        question, subject = self._question, self._subject
        if subject is not None and plan.folder == question.folder and not self.is_running:
            question.planned = plan
            if plan.choices == question.read(subject):
                self._show_plan(plan)

    def _on_unplanned(self, error: DataSelectError) -> None:
        self._is_planning = False
        if not isinstance(error, InterruptedByPersonError) and not self.is_running:
            self._show_error(error)
            self.again.setVisible(not self._is_of_others)
            self._offer("")

    def _drop_plan(self) -> None:
        self._timer.stop()
        if self._is_planning:
            self._jobs.give_way()

    # The study

    def _stop(self) -> None:
        self._is_stopping = True
        self._jobs.stop()
        self.plan.show_stopping()

    def _on_progress(self, step: Progress) -> None:
        if self.is_running and not self._is_stopping:
            self.plan.show_running(step.sentence, step.share)

    def _on_done(self, study: Found[Any]) -> None:
        self._end()
        self._show_study(study)
        self._foresee()
        if self._is_here:
            self.verticalScrollBar().setValue(0)
            self.take_focus()
        else:
            self.noted.emit(
                Message(_("The study is done."), actions=((_(SHOW), self._come_here),), role="stay")
            )

    def _on_failed(self, error: DataSelectError) -> None:
        self._end()
        self._was_stopped = isinstance(error, InterruptedByPersonError)
        if not self._was_stopped:
            self._show_error(error)
            if not self._is_here:
                show = ((_(SHOW), self._come_here),)
                self.noted.emit(Message(error.what, error.why, _(KEPT), actions=show, role="stop"))
        self._foresee()
        if self._is_here:
            self.take_focus()

    def _come_here(self) -> None:
        self._state.show_place(PlaceId.STUDY)

    def _end(self) -> None:
        self._is_stopping = False
        self._question.form.setEnabled(True)
        self.heading.allow_choice(allowed=True)

    def _show_progress(self) -> None:
        self.ensureWidgetVisible(self.plan.status)

    def _on_jobs(self) -> None:
        """Plan when other work has ended, and say so while it has not."""
        if self._is_here:
            self._foresee()

    # What is shown

    def _show_folder(self, subject: StudySubject, *, anew: bool) -> None:
        question, study = self._question, None
        question.folder, question.planned = question.place(subject, by_form=True, anew=anew), None
        try:
            study = question.at(question.folder)
        except DataSelectError as error:
            self._show_error(error)
        self._show_study(study)

    def _show_study(self, study: Found[Any] | None) -> None:
        question = self._question
        question.shown = study
        is_finished = question.is_finished()
        self.heading.about.setVisible(not is_finished)
        self.results.setVisible(is_finished)
        self.anew.setVisible(is_finished)
        if is_finished:
            question.show(self.results)

    def _show_error(self, error: DataSelectError | None) -> None:
        self.again.hide()
        self.error.setVisible(error is not None)
        self._error = error
        if self._is_of_others:
            self.anew.show()
        if error is not None:
            do = _(KEPT) if isinstance(error, WorkerDiedError) else error.do
            self.error.set_text(f"{error.what} {error.why} {do}")

    def _build(self) -> None:
        foot = QHBoxLayout()
        for button in (self.again, self.anew):
            foot.addWidget(button)
        foot.addStretch()
        for part in (self.heading, self.error, self.results, self.plan):
            self.column.addWidget(part)
        self.column.addLayout(foot)
        self.column.addStretch(1)
        for hidden in (self.error, self.results, self.again, self.anew):
            hidden.hide()


def _forms(*forms: QWidget) -> QWidget:
    """Return a place for several forms, of which one is shown."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    for form in forms:
        column.addWidget(form)
    return box
