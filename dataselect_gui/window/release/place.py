"""The Release place: decide, see the consequence, see the parcel, press one button.

Nothing here draws before the button. What is computed from records is shown to the owner alone. What a
release would come to is foreseen in another thread, whenever an answer changes.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.texts import _
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.release.answers import Answers
from dataselect_gui.window.release.consequence import Consequence
from dataselect_gui.window.release.foot import Foot
from dataselect_gui.window.release.foresight import Foresight
from dataselect_gui.window.release.jobs import Counting, Done, Releasing, SavingPage
from dataselect_gui.window.release.kinds import is_unprotected
from dataselect_gui.window.release.missing import (
    what_a_count_lacks,
    what_is_missing,
    what_is_unanswered,
)
from dataselect_gui.window.release.parcel import ParcelColumn
from dataselect_gui.window.release.prospect import (
    Prospect,
    agreed_threshold,
    earlier_max_contributions,
    free_destination,
)
from dataselect_gui.window.release.sentences import RAISE, TAKE, button_text
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.budget import read_amount
from dataselect_gui.window.widgets.column import Scrolled
from dataselect_gui.window.widgets.plain import choose_place, tip
from dataselect_gui.workflow import CountAnswers, JobKind, ReleaseRequest, exact

_PAGE = "leaving.html"


class ReleasePlace(QWidget, Place):
    """Where a release is decided and made.

    Signals
    -------
    raise_wanted()
        The owner wants to raise the budget.
    trial_wanted()
        The owner wants to see whether the pick helps.
    """

    place_id = PlaceId.RELEASE
    raise_wanted = Signal()
    trial_wanted = Signal()

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state, self._jobs = state, state.jobs
        self._own_destination: Path | None = None
        self._project: Path | None = None
        self._last: ReleaseRequest | None = None
        self._missing: QWidget | None = None
        self._after: Callable[[], None] | None = None
        self._follows_parcel = False
        self._foresight = Foresight(self)
        self.answers, self.consequence, self.parcel = Answers(), Consequence(), ParcelColumn()
        self.foot = Foot()
        self._build()
        self._connect()
        self._on_opened()

    @property
    def prospect(self) -> Prospect:
        """The release under consideration."""
        return self._foresight.prospect

    @property
    def is_working(self) -> bool:
        """Whether the ledger is being read, or worked out what the release would come to."""
        return self._state.accounts.waiting or self.prospect.waiting

    @property
    def has_threads(self) -> bool:
        """Whether its thread is running."""
        return self._foresight.running

    def close_threads(self) -> None:
        """Stop foreseeing and wait for the thread; the window calls this before it closes."""
        self._foresight.close()

    def entered(self) -> None:
        """Read the ledger again: the budget may have been raised elsewhere."""
        self._on_account()  # What is known already.
        self._state.read_account()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Stack the columns where they do not fit beside each other."""
        super().resizeEvent(event)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Keep what left in sight while what stands above it is laid out anew."""
        if event.type() == QEvent.Type.Move and self._follows_parcel:
            self._scroll_to_parcel()
        return super().eventFilter(watched, event)

    # Building

    def _build(self) -> None:
        content = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
        self._columns.setContentsMargins(16, 16, 16, 16)
        self._columns.setSpacing(theme.SPACE[3])
        self._columns.addWidget(self.answers)
        self._columns.addWidget(self.consequence, 1)
        self._columns.addWidget(self.parcel)
        self._scroll = Scrolled()
        self._scroll.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(self.foot)
        self._arrange()

    def _connect(self) -> None:
        self.parcel.installEventFilter(self)
        self._scroll.verticalScrollBar().actionTriggered.connect(self._let_go_of_parcel)
        self.answers.changed.connect(self._show)
        self.answers.training.answered.connect(self._on_answered)
        self.answers.cut_off.agreed_wanted.connect(self._use_agreed)
        self.answers.cut_off.share_wanted.connect(self._use_share)
        self.answers.what.everything_wanted.connect(self._use_everything)
        self.answers.decided.rule_wanted.connect(self._state.set_rule)
        self.answers.decided.count_wanted.connect(self._draw_count)
        self.answers.decided.trial_wanted.connect(self.trial_wanted)
        self.answers.change.clicked.connect(self._change_destination)
        self.answers.conditions.clicked.connect(self._show_conditions)
        self.consequence.changed.connect(self._show)
        self.consequence.look_through.connect(self._show_records)
        self.consequence.left_out.look_through.connect(self._show_left_out)
        self.consequence.people_wanted.connect(self._show_people)
        self.consequence.page_wanted.connect(self._save_leaving)
        self.foot.button.clicked.connect(self._release)
        self.foot.go.clicked.connect(self._go_to_missing)
        self.foot.budget_wanted.connect(self._set_budget)
        self._foresight.changed.connect(self._on_foresight)
        self._state.opened.connect(self._on_opened)
        self._state.account_changed.connect(self._on_account)
        self._state.accounts.refused.connect(self._on_refused)
        self._state.selection_changed.connect(self._on_selection)
        self._state.training_changed.connect(self._on_training)
        self._jobs.started.connect(self._show)
        self._jobs.finished.connect(self._show)

    def _arrange(self) -> None:
        is_narrow = self.width() < theme.NARROW
        direction = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._columns.setDirection(direction)
        room = self.width() - theme.NARROW  # The middle column needs all of it, up to here.
        for column, least, usual in ((self.answers, 290, 320), (self.parcel, 290, 380)):
            width = min(usual, least + room * (usual - least) // 120)
            column.setMinimumWidth(0 if is_narrow else width)
            column.setMaximumWidth(16_777_215 if is_narrow else width)
        self.foot.set_narrow(is_narrow)

    # What would be released

    def request(self) -> ReleaseRequest:
        """Return what the button would ask for."""
        asked, consequence = self.answers.asked(), self.consequence
        if is_unprotected(asked.mechanism):
            asked = replace(
                asked,
                acknowledge_exact=consequence.choose_exact.isChecked(),
                acknowledge_disclosure=consequence.consent.isChecked(),
                reason=consequence.reason.text().strip() or None,
            )
        return replace(asked, to=self._destination(asked))

    def _destination(self, asked: ReleaseRequest) -> Path:
        """Return the owner's folder, the last one for the same again, or the next free one."""
        if self._last is not None and replace(asked, to=self._last.to) == self._last:
            return self._last.to
        if self._own_destination is not None:
            return self._own_destination
        assert self._state.look is not None
        return free_destination(self._state.look)

    def _consider(self, request: ReleaseRequest) -> tuple[str, QWidget | None]:
        """Foresee a request, or return which answer that needs first and where it is given."""
        look = self._state.look
        unanswered = what_is_unanswered(
            Prospect(request, self._state.account),
            self.answers,
            has_rule=self._state.rule is not None,
            is_reading=self._state.account_fault is None,
        )
        if look is None or unanswered[0]:
            self._foresight.rest(request, self._state.account)
        elif not self._jobs.running:  # Meanwhile what was foreseen stays where it is.
            self._foresight.consider(look.folder, request, self._state.account)
        return unanswered

    # Showing

    def _show(self) -> None:
        """Show everything that follows from the answers; while another place is shown, nothing does."""
        if self._state.place is not PlaceId.RELEASE:
            return  # The ledger may be another project's: it is read when the place is shown.
        look = self._state.look
        self._scroll.setEnabled(look is not None and not self._jobs.running)
        if look is None:
            return
        request = self.request()
        if self.parcel.done is None or request != self._last:
            self.parcel.show_preview(request.kind, look)
            self._let_go_of_parcel()
        self.answers.destination.setText(request.to.name)
        self.answers.destination.setToolTip(tip(str(request.to)))
        text, self._missing = self._consider(request)
        prospect = self.prospect
        self.answers.decided.show_missing(what_a_count_lacks(prospect, self.answers))
        after_exact = self._state.account is not None and self._state.account.exact_releases > 0
        self.consequence.show_prospect(prospect, self._state.rule, after_exact=after_exact)
        if not text:
            text, self._missing = what_is_missing(
                prospect, self.answers, self.consequence, self.foot.budget
            )
        if self._jobs.running:
            text, self._missing = self._jobs.title, None
        is_over = prospect.is_over and not self._jobs.running
        self.foot.show_hint(text, _(RAISE) if is_over else _(TAKE) if self._missing is not None else "")
        self.foot.button.setText(button_text(prospect, again=self.parcel.done is not None))
        self.foot.show_account(
            prospect.budget,
            prospect.spent,
            prospect.cost,
            is_known=self._state.account is not None,
        )
        self._state.note_cost(prospect.cost)

    # What happens

    def _on_foresight(self) -> None:
        self._show()
        after, self._after = self._after, None
        if after is not None:
            after()

    def _on_opened(self) -> None:
        self._last = self._own_destination = self._after = None
        self._foresight.forget()
        project = None if self._state.look is None else self._state.look.folder
        if project != self._project:
            self._project = project
            self.foot.begin()
            self._let_go_of_parcel()
            self._scroll.verticalScrollBar().setValue(0)
        self.parcel.error.hide()
        self.parcel.show_preview("records", self._state.look)
        self.consequence.show_records(self._state.look)
        self.consequence.forget_consent()
        self.answers.training.show_answer(self._state.in_training)
        self.answers.show_project(self._state.look, self._state.rule)
        self._show_rule()

    def _on_account(self) -> None:
        """Foresee anew; nothing that was answered changes."""
        if self._state.place is not PlaceId.RELEASE:
            return
        self._foresight.doubt()
        if self._state.account_fault is not None:
            self.parcel.show_error(str(self._state.account_fault))
        self.answers.fix_max_contributions(earlier_max_contributions(self._state.account))
        self._show()

    def _show_left_out(self) -> None:
        figures = self.consequence.left_out.figures
        if figures is not None:
            self._state.sort_by(figures.score)
            self._state.show_only(figures.rows, by="left_out")
            self._state.show_place(PlaceId.EXPLORE)

    def _show_records(self) -> None:
        self._state.show_only(None)
        self._state.show_place(PlaceId.EXPLORE)

    def _show_people(self) -> None:
        self._state.show_place(PlaceId.PEOPLE)

    def _show_conditions(self) -> None:
        self._state.show_place(PlaceId.RULE)

    def _show_rule(self) -> None:
        is_of_all = isinstance(self._state.rule, workflow.Everything)
        self.consequence.left_out.show_project(
            self._state.look, self._state.eligible, is_of_all=is_of_all
        )
        self.answers.show_rule(self._state.look, self._state.rule)
        self.answers.decided.allow_trial(self._state.inputs.study_obstacle)

    def _on_selection(self) -> None:
        self._last = None
        self._foresight.doubt()
        self.consequence.forget_consent()
        self._show_rule()
        self._show()

    def _on_answered(self) -> None:
        answer = self.answers.training.answer
        if answer is not None:
            self._state.answer_training(answer)

    def _on_training(self) -> None:
        if self.answers.training.answer != self._state.in_training:
            self.answers.training.show_answer(self._state.in_training)
            self.answers.adapt()
            self._show()

    def _use_agreed(self) -> None:
        look = self._state.look
        agreed = agreed_threshold(look, self._state.rule)
        if look is not None and agreed is not None:
            self._state.set_rule(workflow.make_rule(str(look.request.score), threshold=agreed))

    def _use_everything(self) -> None:
        self._state.set_rule(workflow.Everything())

    def _draw_count(self) -> None:
        """Let the count decide that was decided on; the project then has another rule."""
        look = self._state.look
        if look is not None and look.decision is not None and look.decision.epsilon is not None:
            asked = self.answers.asked()
            answers = CountAnswers(asked.in_training, max_contributions=asked.max_contributions)
            self.parcel.error.hide()
            work = Counting(look.folder, exact(look.decision.epsilon), answers)
            self._jobs.start(JobKind.COUNT, work, self._on_counted, self._on_fault)
            self.foot.hint.setFocus()

    def _on_counted(self, folder: Path) -> None:
        self._state.open(folder)
        self._state.read_account()

    def _use_share(self) -> None:
        """Turn a cut-off into a share in whole hundredths: a private one is bought for a share."""
        rule, selection = self._state.cut, self._state.selection.chosen
        if rule is not None:
            share = round(100 * float(selection.sum()) / max(1, int(self._state.eligible.sum())))
            fraction = exact(Decimal(min(100, max(1, share))) / 100)
            self._state.set_rule(workflow.make_rule(rule.score, fraction=fraction, lowest=rule.lowest))

    def _change_destination(self) -> None:
        now = str(self.request().to)
        chosen = choose_place(self, _("Where the bundle goes"), now)
        if chosen is not None:
            self._own_destination = chosen
            self._show()

    def _save_leaving(self) -> None:
        look, foreseen = self._state.look, self.prospect.foreseen
        if look is None or foreseen is None:
            return
        to = choose_place(self, _("Save what would leave"), _PAGE, _("Pages (*.html)"))
        if to is not None:
            work = SavingPage(look.folder, self.prospect.asked, foreseen, to)
            self._jobs.start(JobKind.PAGE, work, self.consequence.show_saved, self._on_refused)

    def _set_budget(self) -> None:
        amount = read_amount(self.foot.budget.text())
        if amount is not None:
            self._state.set_budget(amount, _("Set before the first release."))

    def _on_refused(self, error: DataSelectError) -> None:
        if self._state.place is PlaceId.RELEASE:
            self.parcel.show_error(str(error))

    def _go_to_missing(self) -> None:
        if self.prospect.is_over:
            self.raise_wanted.emit()
        elif self._missing is not None:
            self._scroll.ensureWidgetVisible(self._missing)
            self._missing.setFocus(Qt.FocusReason.OtherFocusReason)

    def _release(self) -> None:
        look = self._state.look
        if look is None:
            return
        self.parcel.error.hide()
        self._last = self.request()
        work = Releasing(look.folder, self._last)
        self._jobs.start(JobKind.RELEASE, work, self._on_done, self._on_fault)
        # Where it says what is done: what had the focus is disabled, and the next key must do nothing.
        self.foot.hint.setFocus()

    def _on_done(self, done: Done) -> None:
        self.parcel.show_done(done)
        self._follows_parcel = True
        self._state.read_account()
        self._state.note_cost(None)  # It is spent; what the same again would cost is not known yet.
        # Not at 0, which would be before what has changed is laid out.
        QTimer.singleShot(1, self, self._scroll_to_parcel)

    def _scroll_to_parcel(self) -> None:
        self._scroll.verticalScrollBar().setValue(self.parcel.y() - theme.SPACE[3])

    def _let_go_of_parcel(self) -> None:
        """Let the owner scroll, or see to another release."""
        self._follows_parcel = False

    def _on_fault(self, error: DataSelectError) -> None:
        self._last = None
        self.parcel.show_error(str(error))
        self._scroll.ensureWidgetVisible(self.parcel.error)
        self._after = self.foot.button.setFocus  # It had the focus, and lost it while it was disabled.
        self._state.read_account()
