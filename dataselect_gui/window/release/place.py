"""The Release place: decide, see the consequence, see the parcel, press one button.

Nothing here draws before the button. What is computed from records is shown to the owner alone.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.window import theme
from dataselect_gui.window.boundary import paragraph
from dataselect_gui.window.budget import BudgetBar, read_amount
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.release.answers import Answers
from dataselect_gui.window.release.consequence import Consequence
from dataselect_gui.window.release.layout import row
from dataselect_gui.window.release.missing import what_is_missing
from dataselect_gui.window.release.parcel import ParcelColumn
from dataselect_gui.window.release.plan import (
    Done,
    Plan,
    Releasing,
    agreed_threshold,
    earlier_per_unit,
    free_destination,
    make_plan,
)
from dataselect_gui.window.release.sentences import button_text
from dataselect_gui.window.state import State
from dataselect_gui.workflow import ReleaseRequest, exact

DEFAULT_BUDGET = "4"


class ReleasePlace(QWidget):
    """Where a release is decided and made.

    Signals
    -------
    look_through()
        The owner wants to look through the candidates.
    proposed(budget, spent, cost)
        The account changed, or what the release under consideration would cost: the arguments of
        `BudgetBar.show_budget`.
    ledger_changed()
        A release or a budget was written down.
    """

    look_through = Signal()
    proposed = Signal(object, object, object)
    ledger_changed = Signal()

    def __init__(self, state: State, jobs: Jobs) -> None:
        super().__init__()
        self._state, self._jobs = state, jobs
        self._statement: dict[str, Any] | None = None
        self._own_destination: Path | None = None
        self._last: ReleaseRequest | None = None
        self._missing: QWidget | None = None
        self.answers, self.consequence, self.parcel = Answers(), Consequence(), ParcelColumn()
        self.button = QPushButton()
        self.bar = BudgetBar()
        self.hint = paragraph()
        self._go = QPushButton("Take me there")
        self.budget, self.set_budget = QLineEdit(DEFAULT_BUDGET), QPushButton("Set budget")
        self._build()
        self._connect()
        self._on_opened()

    def refresh(self) -> None:
        """Read the ledger again; nothing that was answered changes."""
        look = self._state.look
        self._statement = None
        if look is not None:
            try:
                self._statement = workflow.ledger(look.folder)[0]
            except DataSelectError as error:
                self.parcel.show_error(str(error))
        self.answers.fix_per_unit(earlier_per_unit(self._statement))
        self._show()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Read the ledger again: the budget may have been raised elsewhere."""
        super().showEvent(event)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Stack the columns where they do not fit beside each other."""
        super().resizeEvent(event)
        self._arrange()

    # Building

    def _build(self) -> None:
        content = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
        self._columns.setContentsMargins(16, 16, 16, 16)
        self._columns.setSpacing(theme.SPACE[3])
        self._columns.addWidget(self.answers)
        self._columns.addWidget(self.consequence, 1)
        self._columns.addWidget(self.parcel)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(content)
        self.budget.setFixedWidth(64)
        self.budget.setAccessibleName("Budget, ε")
        self._first_budget = row(QLabel("Budget ε"), self.budget, self.set_budget)
        self.button.setProperty("role", "leave")
        self.button.setMinimumHeight(36)
        self._go.setProperty("role", "link")
        self._hints = QWidget()
        hints = QHBoxLayout(self._hints)
        hints.setContentsMargins(0, 0, 0, 0)
        hints.addWidget(self.hint, 1)
        hints.addWidget(self._go)
        foot = QFrame()
        foot.setProperty("role", "foot")
        foot.setMinimumHeight(64)
        self._foot = QGridLayout(foot)
        self._foot.setContentsMargins(16, 8, 16, 8)
        self._foot.setHorizontalSpacing(theme.SPACE[3])
        self._foot.addWidget(self.bar, 1, 0)
        self._foot.addWidget(self._first_budget, 1, 0)
        self._foot.addWidget(self.button, 1, 2)
        self._foot.setColumnStretch(1, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(foot)
        self._arrange()

    def _connect(self) -> None:
        self.answers.changed.connect(self._show)
        self.answers.training.answered.connect(self._on_answered)
        self.answers.use_agreed.connect(self._use_agreed)
        self.answers.change.clicked.connect(self._change_destination)
        self.consequence.changed.connect(self._show)
        self.consequence.look_through.connect(self.look_through)
        self.button.clicked.connect(self._release)
        self._go.clicked.connect(self._go_to_missing)
        self.set_budget.clicked.connect(self._set_budget)
        self.budget.returnPressed.connect(self._set_budget)
        self._state.opened.connect(self._on_opened)
        self._state.selection_changed.connect(self._on_selection)
        self._state.training_changed.connect(self._on_training)
        self._jobs.started.connect(self._show)
        self._jobs.finished.connect(self._show)

    def _arrange(self) -> None:
        is_narrow = self.width() < theme.NARROW
        direction = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._columns.setDirection(direction)
        for column, width in ((self.answers, 320), (self.parcel, 380)):
            column.setMinimumWidth(0 if is_narrow else width)
            column.setMaximumWidth(16_777_215 if is_narrow else width)
        if is_narrow:
            self._foot.addWidget(self._hints, 0, 0, 1, 3)
        else:
            self._foot.addWidget(self._hints, 1, 1)

    # What would be released

    def plan(self) -> Plan:
        """Return the release under consideration."""
        answers, look, rule = self.answers, self._state.look, self._state.rule
        by_person = look is not None and look.unit_column is not None
        is_threshold = rule is not None and rule.by == "threshold"
        return make_plan(
            self._statement,
            in_training=answers.training.answer,
            mechanism=answers.mechanism,
            epsilon=read_amount(answers.epsilon.text()),
            per_unit=answers.per_unit.value() if by_person else None,
            threshold_from=answers.threshold_from if is_threshold else "viewed",
        )

    def request(self) -> ReleaseRequest:
        """Return what the button would ask for."""
        plan = self.plan()
        is_exact = plan.mechanism == "exact"
        asked = ReleaseRequest(
            to=Path(),
            epsilon=None if plan.epsilon is None else exact(plan.epsilon),
            mechanism=plan.mechanism or "",
            per_unit=plan.per_unit if plan.by_person else None,
            threshold_from=plan.threshold_from,
            in_training=plan.in_training,
            acknowledge_exact=is_exact and self.consequence.choose_exact.isChecked(),
            reason=self.consequence.reason.text().strip() or None if is_exact else None,
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

    def _random(self) -> int:
        """Return how many times in 100 a random pick would be in the selection."""
        chosen, eligible = self._state.selection.chosen, self._state.eligible
        return round(100 * float(chosen.sum()) / max(1, int(eligible.sum())))

    def _agreed(self) -> str | None:
        return agreed_threshold(self._state.look, self._state.rule)

    # Showing

    def _show(self) -> None:
        """Show everything that follows from the answers; while it is hidden, nothing does."""
        if not self.isVisible():
            return  # The ledger may be another project's: it is read when the place is shown.
        look = self._state.look
        self._scroll.setEnabled(look is not None and not self._jobs.running)
        plan = self.plan()
        if look is not None:
            request = self.request()
            if self.parcel.done is not None and request != self._last:
                self.parcel.show_preview()
            self.answers.destination.setText(request.to.name)
            self.answers.destination.setToolTip(str(request.to))
        after_exact = bool((self._statement or {}).get("exact_releases"))
        self.consequence.show_plan(plan, random=self._random(), after_exact=after_exact)
        text, self._missing = what_is_missing(
            plan,
            self.answers,
            self.consequence,
            self.budget,
            has_rule=self._state.rule is not None,
            has_ledger=self._statement is not None,
        )
        if self._jobs.running:
            text, self._missing = self._jobs.title, None
        self.hint.setText(text)
        self._go.setVisible(self._missing is not None and not plan.is_over)
        self.button.setText(button_text(plan, again=self.parcel.done is not None))
        self.button.setEnabled(not text)
        has_budget = plan.budget is not None
        self.bar.setVisible(has_budget)
        self._first_budget.setVisible(not has_budget and self._statement is not None)
        account = (
            None if plan.budget is None else exact(plan.budget),
            exact(plan.spent),
            None if plan.mechanism is None else exact(plan.cost),
        )
        self.bar.show_budget(*account)
        self.proposed.emit(*account)

    # What happens

    def _on_opened(self) -> None:
        self._last = self._own_destination = None
        self.parcel.error.hide()
        self.parcel.show_preview()
        self.consequence.forget_consent()
        self.answers.training.show_answer(self._state.in_training)
        self.answers.show_project(self._state.look)
        self.answers.show_rule(self._state.rule, self._agreed())
        if self.isVisible():
            self.refresh()

    def _on_selection(self) -> None:
        self._last = None
        self.consequence.forget_consent()
        self.answers.show_rule(self._state.rule, self._agreed())
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
        look, agreed = self._state.look, self._agreed()
        if look is not None and agreed is not None:
            self._state.set_rule(workflow.make_rule(str(look.request.score), threshold=agreed))

    def _change_destination(self) -> None:
        now = str(self.request().to)
        chosen, _ = QFileDialog.getSaveFileName(self, "Where the bundle goes", now)
        if chosen:
            self._own_destination = Path(chosen)
            self._show()

    def _set_budget(self) -> None:
        look, amount = self._state.look, read_amount(self.budget.text())
        if look is None or amount is None:
            return
        try:
            workflow.ledger(look.folder, exact(amount), "Set before the first release.")
        except DataSelectError as error:
            self.parcel.show_error(str(error))
        self.ledger_changed.emit()
        self.refresh()

    def _go_to_missing(self) -> None:
        if self._missing is not None:
            self._scroll.ensureWidgetVisible(self._missing)
            self._missing.setFocus(Qt.FocusReason.OtherFocusReason)

    def _release(self) -> None:
        look = self._state.look
        if look is None:
            return
        self.parcel.error.hide()
        self._last = self.request()
        work = Releasing(look.folder, self._last)
        self._jobs.start("Writing the bundle", work, self._on_done, self._on_fault)

    def _on_done(self, done: Done) -> None:
        self.parcel.show_done(done)
        self.refresh()
        self._scroll.verticalScrollBar().setValue(self.parcel.y() - theme.SPACE[3])
        self.button.setFocus()  # It was disabled meanwhile, and lost it.
        self.ledger_changed.emit()

    def _on_fault(self, error: DataSelectError) -> None:
        self._last = None
        self.parcel.show_error(str(error))
        self._scroll.ensureWidgetVisible(self.parcel.error)
        self.refresh()
        self.button.setFocus()
        self.ledger_changed.emit()
