"""The left column of the Release place: everything that the owner answers."""

from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui.window import theme
from dataselect_gui.window.boundary import Note, paragraph
from dataselect_gui.window.budget import read_amount
from dataselect_gui.window.release.pictures import Ticks
from dataselect_gui.window.release.sentences import EPSILON, UNPROMISED, rule_sentence
from dataselect_gui.window.training_question import TrainingQuestion, check_only
from dataselect_gui.workflow import Look, Rule

MARKS = ("0.1", "0.25", "0.5", "1", "2", "4", "8")


class Answers(QFrame):
    """The left column: everything that the owner answers.

    Signals
    -------
    changed()
        The owner answered something else.
    use_agreed()
        The owner wants the request's cut-off.
    """

    changed = Signal()
    use_agreed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.rule = paragraph(step=2)
        self.training = TrainingQuestion()
        self.one_sided = QRadioButton("One-sided: chance decides")
        self.exact = QRadioButton("Exact: everything, no protection")
        self.unpromised = Note("warn", UNPROMISED)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.epsilon = QLineEdit()
        self.from_request = QRadioButton()
        self.from_agreed = QRadioButton("Agreed before anybody saw scores")
        self.from_viewed = QRadioButton("Chosen after viewing scores")
        self.per_unit = QSpinBox()
        self.destination = paragraph()
        self.change = QPushButton("Change…")
        self._mechanism = self._group(self.one_sided, self.exact)
        self._source = self._group(self.from_request, self.from_agreed, self.from_viewed)
        self._build()
        self.training.changed.connect(self._on_change)
        self.epsilon.textChanged.connect(self._on_change)
        self.slider.valueChanged.connect(self._on_slider)
        self.per_unit.valueChanged.connect(self._on_change)

    # What was answered

    @property
    def mechanism(self) -> str | None:
        """The mechanism; None where none is chosen."""
        if self.one_sided.isChecked():
            return "one-sided"
        return "exact" if self.exact.isChecked() else None

    @property
    def threshold_from(self) -> str:
        """Where the cut-off comes from."""
        if self.from_request.isChecked():
            return "request"
        return "agreed" if self.from_agreed.isChecked() else "viewed"

    # Showing

    def show_project(self, look: Look | None) -> None:
        """Begin anew with a project: one-sided, ε 1."""
        self.blockSignals(True)
        check_only(self._mechanism, self.one_sided)
        self.epsilon.setText("1")
        self.per_unit.setValue(1)
        self._people.setVisible(look is not None and look.unit_column is not None)
        self.blockSignals(False)
        self.adapt()

    def fix_per_unit(self, per_unit: int | None) -> None:
        """Hold m to that of the first release of the source, where there was one."""
        if per_unit is not None:
            self.per_unit.setValue(per_unit)
        self.per_unit.setEnabled(per_unit is None)

    def show_rule(self, rule: Rule | None, agreed: str | None) -> None:
        """Show the rule, and take its cut-off for the request's only where it is."""
        self.rule.setText("No cut-off yet." if rule is None else rule_sentence(rule))
        threshold = rule.value if rule is not None and rule.by == "threshold" else None
        is_agreed = (
            rule is not None and agreed is not None and not rule.lowest and threshold == Decimal(agreed)
        )
        self.from_request.setText(f"The request: {agreed}")
        self.from_request.setVisible(agreed is not None)
        self.from_request.setEnabled(is_agreed)
        self.from_agreed.setEnabled(threshold is not None)
        self.use.setText(f"Use the agreed {agreed}")
        self.use.setVisible(agreed is not None and not is_agreed)
        self.blockSignals(True)
        check_only(self._source, self.from_request if is_agreed else self.from_viewed)
        self.blockSignals(False)

    def adapt(self) -> None:
        """Offer only what the answers leave open."""
        is_unknown = self.training.unknown.isChecked()
        self.one_sided.setEnabled(not is_unknown)
        if is_unknown and self.one_sided.isChecked():
            check_only(self._mechanism, None)  # Exact is never chosen for the owner.
        elif not is_unknown and self.mechanism is None:
            check_only(self._mechanism, self.one_sided)
        self.unpromised.setVisible(is_unknown)
        self._amount.setVisible(self.mechanism == "one-sided")
        epsilon = read_amount(self.epsilon.text())
        if epsilon is not None:
            distances = [abs(Decimal(mark) - epsilon) for mark in MARKS]
            self.slider.blockSignals(True)
            self.slider.setValue(distances.index(min(distances)))
            self.slider.blockSignals(False)

    # Within

    def _on_change(self) -> None:
        self.adapt()
        self.changed.emit()

    def _on_slider(self, place: int) -> None:
        self.epsilon.setText(MARKS[place])

    def _group(self, *buttons: QAbstractButton) -> QButtonGroup:
        group = QButtonGroup(self)
        for button in buttons:
            group.addButton(button)
        group.buttonClicked.connect(self._on_change)
        return group

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(theme.SPACE[0])
        _head(column, "Your rule")
        column.addWidget(self.rule)
        column.addSpacing(theme.SPACE[2])
        column.addWidget(self.training)
        _head(column, "How records leave")
        column.addWidget(self.one_sided)
        column.addWidget(self.exact)
        column.addWidget(self.unpromised)
        self._amount = self._make_amount()
        column.addWidget(self._amount)
        _head(column, "Where the cut-off comes from")
        for source in (self.from_request, self.from_agreed, self.from_viewed):
            column.addWidget(source)
        self.use = QPushButton()
        self.use.setProperty("role", "link")
        self.use.clicked.connect(self.use_agreed)
        column.addWidget(self.use, 0, Qt.AlignmentFlag.AlignLeading)
        self._people = self._make_people()
        column.addWidget(self._people)
        _head(column, "Where the bundle goes")
        place = QHBoxLayout()
        place.addWidget(self.destination, 1)
        place.addWidget(self.change)
        column.addLayout(place)
        column.addStretch()

    def _make_amount(self) -> QWidget:
        box = QWidget()
        self.slider.setRange(0, len(MARKS) - 1)
        self.slider.setPageStep(1)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setAccessibleName("ε")
        self.epsilon.setFixedWidth(72)
        self.epsilon.setAccessibleName("ε, typed")
        top = QHBoxLayout()
        top.addWidget(paragraph("ε", bold=True), 1)
        top.addWidget(self.epsilon)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addLayout(top)
        column.addWidget(self.slider)
        column.addWidget(Ticks(self.slider, MARKS))
        column.addWidget(paragraph(EPSILON, role="dim"))
        return box

    def _make_people(self) -> QWidget:
        box = QWidget()
        self.per_unit.setRange(1, 10_000)
        self.per_unit.setFixedWidth(72)
        self.per_unit.lineEdit().setTextMargins(4, 0, 4, 0)  # The style gives it none.
        self.per_unit.setAccessibleName("At most so many records of a person")
        column = QVBoxLayout(box)
        column.setContentsMargins(0, theme.SPACE[2], 0, 0)
        column.setSpacing(theme.SPACE[0])
        _head(column, "Records of a person, at most")
        column.addWidget(self.per_unit, 0, Qt.AlignmentFlag.AlignLeading)
        text = "The others stay, by one random choice. It is fixed with the first release."
        column.addWidget(paragraph(text, role="dim"))
        return box


def _head(column: QVBoxLayout, text: str) -> None:
    if column.count():
        column.addSpacing(theme.SPACE[2])
    column.addWidget(paragraph(text, bold=True))
