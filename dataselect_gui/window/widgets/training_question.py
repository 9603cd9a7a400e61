"""“Did these records help to train this checkpoint?” as Setup and Release ask it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.budget import read_amount
from dataselect_gui.window.widgets.finding_out import FindingOut
from dataselect_gui.window.widgets.numbers import in_local_form
from dataselect_gui.window.widgets.plain import Label, RadioButton
from dataselect_gui.window.widgets.term import TermButton
from dataselect_gui.workflow import exact

QUESTION = N_("Did these records help to train this checkpoint?")
WHY = N_("Your answer decides what can be promised. Whoever trained the checkpoint knows.")


class TrainingQuestion(QWidget):
    """Asks whether the records helped to train the checkpoint; its answer is what is on the screen.

    Signals
    -------
    changed()
        The answer on the screen changed; it may be incomplete.
    answered()
        A complete answer was given.
    """

    changed = Signal()
    answered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.no = RadioButton(_("No"))
        self.private = RadioButton(_("Yes, with differential privacy"))
        self.unknown = RadioButton(_("Yes otherwise, or I don't know"))
        self.epsilon, self.delta = QLineEdit(), QLineEdit()
        self.epsilon.setAccessibleName(visible(_("The training's ε")))
        self.delta.setAccessibleName(visible(_("The training's δ")))
        self.delta.setPlaceholderText("0.00001")
        self.finding_out = FindingOut()
        self._group = QButtonGroup(self)
        self._amounts = QWidget()
        amounts = QHBoxLayout(self._amounts)
        amounts.setContentsMargins(22, 0, 0, 0)
        amounts.setSpacing(theme.SPACE[1])
        for name, field in (("ε", self.epsilon), ("δ", self.delta)):
            amounts.addWidget(Label(name))
            amounts.addWidget(field)
            field.textChanged.connect(self.changed)
            field.editingFinished.connect(self._on_typed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(paragraph(_(QUESTION), bold=True))
        column.addWidget(paragraph(_(WHY), role="dim"))
        for button in (self.no, self.private, self.unknown):
            self._group.addButton(button)
            if button is self.private:
                column.addLayout(_with_term(button))
                column.addWidget(self._amounts)
            else:
                column.addWidget(button)
        column.addWidget(self.finding_out)
        self._group.buttonClicked.connect(self._on_click)
        self.show_answer(None)

    @property
    def answer(self) -> str | None:
        """The answer, as `ReleaseRequest` has it; None while it is incomplete."""
        if self.no.isChecked():
            return "no"
        if self.unknown.isChecked():
            return "unknown"
        epsilon, delta = read_amount(self.epsilon.text()), read_amount(self.delta.text())
        if self.private.isChecked() and epsilon is not None and delta is not None and delta < 1:
            return f"dp:{exact(epsilon)},{exact(delta)}"
        return None

    def show_answer(self, answer: str | None) -> None:
        """Show a remembered answer; None for none."""
        kind, _colon, amounts = (answer or "").partition(":")
        epsilon, _comma, delta = amounts.partition(",")
        self.blockSignals(True)
        self.epsilon.setText(in_local_form(epsilon))
        self.delta.setText(in_local_form(delta))
        check_only(
            self._group,
            {"no": self.no, "dp": self.private, "yes": self.unknown, "unknown": self.unknown}.get(kind),
        )
        self.blockSignals(False)
        self._show_more()

    def _show_more(self) -> None:
        self._amounts.setVisible(self.private.isChecked())
        self.finding_out.setVisible(self.unknown.isChecked())

    def _on_click(self) -> None:
        self._show_more()
        self.changed.emit()
        self._on_typed()

    def _on_typed(self) -> None:
        if self.answer is not None:
            self.answered.emit()


def _with_term(button: RadioButton) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(0)
    line.addWidget(button)
    line.addWidget(TermButton(Term.DP))
    line.addStretch(1)
    return line


def check_only(group: QButtonGroup, button: QAbstractButton | None) -> None:
    """Check one button of a group, or none."""
    group.setExclusive(False)
    for each in group.buttons():
        each.setChecked(each is button)
    group.setExclusive(True)
