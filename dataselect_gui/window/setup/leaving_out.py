"""“What is left out?”, which Setup asks before any score is shown."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.budget import read_amount
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import Label, RadioButton
from dataselect_gui.window.widgets.training_question import check_only
from dataselect_gui.workflow import (
    COUNT_EPSILON,
    LEAVING_OUT_HELPS,
    CheckpointInspected,
    Decision,
    LeaveOut,
    decision_sentences,
    exact,
    why_no_count,
    why_not_wrong,
)

_WHY = N_(
    "Decide before you see any score. A study or another project of these records counts as seeing "
    "scores, too. What you decide afterwards reveals something about your records, and no ε covers "
    "that."
)
_COUNT = N_(
    "The program counts how many look wrong, and changes the count a little by chance. They are "
    "left out only if it is more than twice what clean records would give. You then see which of "
    "the two it chose."
)


class LeavingOut(QFrame):
    """Asks what is left out; everything that is eligible is preset.

    Signals
    -------
    changed()
        Something else was chosen or typed.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.everything = RadioButton(_("No: all records may leave"))
        self.wrong = RadioButton(_("Yes: those that look wrong"))
        self.count = RadioButton(_("Let the program decide, by a count with noise"))
        self.epsilon = QLineEdit(COUNT_EPSILON)
        self.epsilon.setFixedWidth(72)
        self.epsilon.setAccessibleName(visible(_("ε of the count")))
        self._group = QButtonGroup(self)
        self._price = row(
            Label(_("It may use ε")),
            self.epsilon,
            paragraph(_("This is taken from the budget."), role="dim"),
        )
        self._helps = paragraph(_(LEAVING_OUT_HELPS), role="dim")
        self._counts = paragraph(_(_COUNT), role="dim")
        self._why, self._obstacle = paragraph(_(_WHY), role="dim"), paragraph(role="dim")
        self._decided = paragraph()
        self._asked: str | None = None
        self._is_too_late = False
        self._build()
        self.begin()

    # What was answered

    @property
    def leave_out(self) -> LeaveOut | None:
        """What was chosen; None where it is not asked."""
        if self._asked is None or self._is_too_late or not self.wrong.isEnabled():
            return None
        return "wrong" if self.wrong.isChecked() else "count" if self.count.isChecked() else "none"

    @property
    def count_epsilon(self) -> str | None:
        """The ε of a count that decides; None where none does, or it is no amount."""
        amount = read_amount(self.epsilon.text()) if self.count.isChecked() else None
        return None if amount is None else exact(amount)

    @property
    def unfinished(self) -> str:
        """What is missing, as a sentence; empty for nothing."""
        is_missing = self.leave_out == "count" and self.count_epsilon is None
        return _("Enter the ε that the count may use, a number above 0.") if is_missing else ""

    # Showing

    def begin(self) -> None:
        """Ask nothing, and choose everything."""
        self._asked = None
        self.choose_everything()
        self.hide()

    def choose_everything(self) -> None:
        """Choose everything: nothing of earlier records stays."""
        self.epsilon.setText(COUNT_EPSILON)
        self._check(self.everything)

    def set_too_late(self, *, is_too_late: bool) -> None:
        """Ask nothing where scores of these records were shown already, as they were read before."""
        self._is_too_late = is_too_late
        self.setVisible(self._asked is not None and not is_too_late)

    def ask(self, checkpoint: CheckpointInspected) -> None:
        """Ask for a checkpoint; what was chosen for the same one stays.

        Parameters
        ----------
        checkpoint : CheckpointInspected
            What was found at it.
        """
        if checkpoint.digest != self._asked:
            self.begin()
        self._asked = checkpoint.digest
        obstacle = why_not_wrong(checkpoint.asks, checkpoint.labels)
        no_count = obstacle or why_no_count(checkpoint.asks)
        self.wrong.setEnabled(not obstacle)
        self.count.setEnabled(not no_count)
        if not (self.wrong.isEnabled() and (self.count.isEnabled() or not self.count.isChecked())):
            self._check(self.everything)
        self._obstacle.setText(obstacle or no_count)
        self._obstacle.setVisible(bool(obstacle or no_count))
        self._show(is_asked=True, is_offered=not obstacle)

    def show_decision(self, decision: Decision | None) -> None:
        """Show what was decided about the open project's records."""
        self.begin()
        if decision is not None:
            self._decided.setText(" ".join(decision_sentences(decision)))
            self._obstacle.setText(_("You can still choose otherwise in Release."))
            self._obstacle.show()
            self._show(is_asked=False, is_offered=False)

    # Within

    def _check(self, button: QAbstractButton) -> None:
        check_only(self._group, button)
        self.epsilon.setEnabled(button is self.count)

    def _show(self, *, is_asked: bool, is_offered: bool) -> None:
        for part in (self.everything, self.wrong, self.count, self._why):
            part.setVisible(is_asked)
        for explained in (self._helps, self._counts, self._price):
            explained.setVisible(is_offered)
        self._decided.setVisible(not is_asked)
        self.setHidden(is_asked and self._is_too_late)

    def _on_click(self, button: QAbstractButton) -> None:
        self._check(button)
        self.changed.emit()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(paragraph(_("Leave some records out?"), bold=True))
        for part in (self._why, self._decided, self.everything, self.wrong):
            column.addWidget(part)
        column.addWidget(_indented(self._helps))
        column.addWidget(self.count)
        column.addWidget(_indented(self._counts, self._price))
        column.addWidget(self._obstacle)
        for button in (self.everything, self.wrong, self.count):
            self._group.addButton(button)
        self._group.buttonClicked.connect(self._on_click)
        self.epsilon.textChanged.connect(self.changed)


def _indented(*parts: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(22, 0, 0, theme.SPACE[0])
    column.setSpacing(theme.SPACE[0])
    for part in parts:
        column.addWidget(part)
    return box
