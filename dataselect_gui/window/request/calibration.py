"""What is asked of clean rows: how many of them may be left out, by which scores, and how privately."""

import math
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from dataselect_gui import workflow
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.budget import read_amount
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.layout import row, stack
from dataselect_gui.window.widgets.numbers import read_number
from dataselect_gui.window.widgets.plain import CheckBox, Label, RadioButton
from dataselect_gui.window.widgets.source_field import SourceField
from dataselect_gui.window.widgets.term import TermButton, Titled
from dataselect_gui.window.widgets.training_question import check_only
from dataselect_gui.workflow import CalibrationOptions, SourceRef

ALPHA, EPSILON = "0.05", "1"
UNANSWERED = N_("Say whether the model was trained on these rows.")
NO_SCORE = N_("Choose loss, distance or both.")
NO_EPSILON = N_("Write ε as a number above 0, or untick “Make it private”.")
_ALPHA_HINT = N_(
    "of clean records at most, of every class. 0.05 is usual; 0.20 where owners' records are known to "
    "be very dirty."
)
_SCORES = {
    "loss": N_("The model finds the label unlikely: a wrong label, or a confusing picture."),
    "distance": N_("The record looks unlike its class: a foreign picture."),
}
_WHY = N_(
    "Whoever trained it knows. With rows that it was trained on, owners would leave out far too much."
)
_FIELD, _NAMES = 120, 120
_LARGEST_FACTOR = 1e6
_MORE = N_("For the score “{score}”. It needs the clip norm.")


class CalibrationForm(QFrame):
    """Asks for it; its answers are what is on the screen.

    Signals
    -------
    changed()
        Something else is wanted.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.alpha, self.epsilon, self.delta = QLineEdit(), QLineEdit(), QLineEdit()
        self.scores = {name: CheckBox(workflow.spoken_name(name)) for name in _SCORES}
        self.no, self.yes = RadioButton(_("No")), RadioButton(_("Yes"))
        self.unknown = RadioButton(_("I don't know"))
        self._answers = QButtonGroup(self)
        self.compare = Fold(_("Let the program check"))
        self.training = SourceField(_("Rows of the training"), takes_drops=False)
        self.validation_loss = QLineEdit()
        self.is_private = CheckBox(_("Make it private"))
        self.promise = paragraph()
        self.public = SourceField(_("Public rows"), takes_drops=False)
        self.directions = CheckBox(_("Also a direction for each class"))
        self._private, self._delta_row = QWidget(), QWidget()
        self._open = paragraph(
            _("Without it, what leaves is made of few of your rows, and can reveal some of them."),
            role="dim",
        )
        self._build()
        for field in (self.alpha, self.epsilon, self.delta, self.validation_loss):
            field.textChanged.connect(self._on_changed)
        for box in (*self.scores.values(), self.is_private, self.directions):
            box.toggled.connect(self._on_changed)
        for choice in (self.training, self.public):
            choice.changed.connect(self._on_changed)
        self._answers.buttonClicked.connect(self._on_changed)
        self.forget()

    def forget(self) -> None:
        """Ask from the start."""
        self.blockSignals(True)
        self.alpha.setText(ALPHA)
        self.epsilon.setText(EPSILON)
        for field in (self.delta, self.validation_loss):
            field.clear()
        for box in self.scores.values():
            box.setChecked(True)
        for box in (self.is_private, self.directions):
            box.setChecked(False)
        for choice in (self.training, self.public):
            choice.take(None)
        check_only(self._answers, None)
        self.compare.button.setChecked(False)
        self.blockSignals(False)
        self._adapt()

    @property
    def unanswered(self) -> str:
        """What is still to be said, as a sentence; empty for nothing."""
        if not any(box.isChecked() for box in self.scores.values()):
            return _(NO_SCORE)
        if self.is_private.isChecked() and read_amount(self.epsilon.text()) is None:
            return _(NO_EPSILON)
        has_answer = self._answers.checkedButton() is not None or self.training.path is not None
        return "" if has_answer or self.validation_loss.text().strip() else _(UNANSWERED)

    def options(self, rows: SourceRef) -> CalibrationOptions:
        """Return what is wanted; other rows are read as the clean ones are.

        Parameters
        ----------
        rows : SourceRef
            The clean ones.
        """
        answers = ((self.no, "no"), (self.yes, "yes"), (self.unknown, "unknown"))
        answer = next((text for button, text in answers if button.isChecked()), None)
        is_private, training, public = self.is_private.isChecked(), self.training.path, self.public.path
        has_delta = is_private and self.directions.isChecked()
        return CalibrationOptions(
            alpha=read_number(self.alpha) or "",
            scores=tuple(name for name, box in self.scores.items() if _is_wanted(box)),
            epsilon=read_number(self.epsilon) if is_private else None,
            delta=read_number(self.delta) if has_delta else None,
            directions=self.directions.isChecked(),
            in_training=answer,
            training_records=None if training is None else replace(rows, path=training, split=None),
            validation_loss=read_number(self.validation_loss),
            public_records=replace(rows, path=public, split=None)
            if is_private and public is not None
            else None,
        )

    # Within

    def _on_changed(self) -> None:
        self._adapt()
        self.changed.emit()

    def _adapt(self) -> None:
        """Show what follows from the answers."""
        is_private = self.is_private.isChecked()
        self._private.setVisible(is_private)
        self._open.setVisible(not is_private)
        self._delta_row.setVisible(is_private and self.directions.isChecked())
        # Its covariance would tell of single rows.
        self.scores["distance"].setEnabled(not is_private or self.public.path is not None)
        self.promise.setText(self._promise())

    def _promise(self) -> str:
        epsilon, delta = read_amount(self.epsilon.text()), read_amount(self.delta.text())
        if epsilon is None:
            return ""
        factor = math.exp(min(float(epsilon), 700))
        most = f"{factor:,.2f}" if factor < 10 else f"{factor:,.0f}"
        if factor > _LARGEST_FACTOR:
            return _(
                "An ε this large protects no row: the odds on it may change by a factor of a "
                "million and more."
            )
        if delta is not None and not self._delta_row.isHidden():
            return _(
                "The request can change what somebody thinks of any one of your rows, its label "
                "included: the odds by at most a factor of {most}, but for a chance of {delta}.",
                most=most,
                delta=self.delta.text().strip(),
            )
        return _(
            "The request can change what somebody thinks of any one of your rows, its label "
            "included: the odds by at most a factor of {most}.",
            most=most,
        )

    def _build(self) -> None:
        for field, name in (
            (self.alpha, _("Share of clean records that may be left out (α)")),
            (self.epsilon, _("ε of your rows")),
            (self.delta, _("δ of your rows")),
            (self.validation_loss, _("Recorded loss")),
        ):
            field.setAccessibleName(visible(name))
            field.setFixedSize(_FIELD, theme.TARGET)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(theme.SPACE[1])
        column.addWidget(
            Titled(_("From which score on a record looks wrong"), Term.CALIBRATION, step=2)
        )
        asked = _grid()
        _add(
            asked,
            _("Leave out (α)"),
            row(self.alpha, paragraph(_(_ALPHA_HINT), role="dim")),
            Term.ALPHA,
        )
        _add(asked, _("By"), self._score_boxes())
        _add(asked, _("Trained on them?"), self._training_question())
        _add(asked, _("Privacy"), self._privacy())
        more = paragraph(_(_MORE, score=workflow.spoken_name("clipped_alignment")), role="dim")
        self.directions.setAccessibleDescription(visible(more.text()))
        _add(asked, _("More"), stack(self.directions, row(more, TermButton(Term.CLIP), spacing=0)))
        column.addLayout(asked)

    def _score_boxes(self) -> QWidget:
        lines = []
        for name, box in self.scores.items():
            box.setMinimumSize(_FIELD, theme.TARGET)
            box.setAccessibleDescription(visible(_(_SCORES[name])))
            lines.append(row(box, paragraph(_(_SCORES[name]), role="dim")))
        return stack(*lines)

    def _training_question(self) -> QWidget:
        for button in (self.no, self.yes, self.unknown):
            self._answers.addButton(button)
        self.compare.body.addWidget(paragraph(_("Rows of the training, to compare byte for byte:")))
        self.compare.body.addWidget(self.training)
        recorded = _("mean loss recorded on rows that it was not trained on")
        self.compare.body.addWidget(row(self.validation_loss, paragraph(recorded, role="dim")))
        why = paragraph(_(_WHY), role="dim")
        return stack(row(self.no, self.yes, self.unknown, paragraph()), why, self.compare)

    def _privacy(self) -> QWidget:
        inner = QVBoxLayout(self._private)
        inner.setContentsMargins(22, 0, 0, 0)
        inner.setSpacing(theme.SPACE[1])
        delta = QVBoxLayout(self._delta_row)
        delta.setContentsMargins(0, 0, 0, 0)
        spent = paragraph(_("spent on the directions; at most 1 in the number of rows"), role="dim")
        delta.addWidget(row(Label("δ"), TermButton(Term.DELTA), self.delta, spent))
        inner.addWidget(row(Label("ε"), TermButton(Term.EPSILON), self.epsilon, self.promise))
        inner.addWidget(self._delta_row)
        inner.addWidget(paragraph(_(workflow.ONCE), role="dim"))
        inner.addWidget(
            paragraph(
                _("Without rows that everybody may see, to take means from, the distance is left out:")
            )
        )
        inner.addWidget(self.public)
        return stack(row(self.is_private, self._open), self._private)


def _is_wanted(box: CheckBox) -> bool:
    return box.isChecked() and box.isEnabled()


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.SPACE[3])
    grid.setVerticalSpacing(theme.SPACE[2])
    grid.setColumnMinimumWidth(0, _NAMES)
    grid.setColumnStretch(1, 1)
    return grid


def _add(grid: QGridLayout, name: str, content: QWidget, term: Term | None = None) -> None:
    label = Label(name)
    label.setProperty("role", "dim")
    label.setMinimumHeight(theme.TARGET)
    line = grid.rowCount()
    called = label if term is None else row(label, TermButton(term), spacing=0)
    grid.addWidget(called, line, 0, Qt.AlignmentFlag.AlignTop)
    grid.addWidget(content, line, 1)
