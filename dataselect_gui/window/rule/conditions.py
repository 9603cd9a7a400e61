"""One condition on one score: the lowest and the highest value, for all classes or for each."""

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.arrangement import title_of
from dataselect_gui.window.explore.scores import meaning_of
from dataselect_gui.window.rule.by_class import ClassGrid, NumberField
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import Button, CheckBox, ComboBox, Label
from dataselect_gui.workflow import Bound, ByClass, Condition, exact

_NAMES, _FIELD = 72, 120


class BoundField(QWidget):
    """The lowest or the highest value that a score may have; empty for none.

    Parameters
    ----------
    name : str
        What it is called.

    Signals
    -------
    changed()
        Something else was typed.
    """

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.field, self.by_class = NumberField(), CheckBox(_("for each class"))
        self.grid = ClassGrid(name)
        self._classes: Sequence[str] = ()
        self.field.setAccessibleName(visible(name))
        self.field.setFixedSize(_FIELD, theme.TARGET)
        label = Label(name)
        label.setProperty("role", "dim")
        label.setMinimumWidth(_NAMES)
        line = QHBoxLayout()
        line.setSpacing(theme.SPACE[2])
        for widget in (label, self.field, self.by_class):
            line.addWidget(widget)
        line.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addLayout(line)
        column.addWidget(self.grid)
        self.field.textChanged.connect(self.changed)
        self.by_class.toggled.connect(self._on_toggled)
        self.grid.changed.connect(self.changed)
        self._adapt()

    def show_bound(self, bound: Bound | None, classes: Sequence[str]) -> None:
        """Show a bound; None for none."""
        self._classes = classes
        table = {n: exact(number) for n, number in bound.numbers} if isinstance(bound, ByClass) else {}
        self.blockSignals(True)
        self.field.show_number(exact(bound) if isinstance(bound, Decimal) else "")
        self.grid.show_classes(classes if table else (), table)
        self.by_class.setChecked(bool(table))
        self.by_class.setVisible(bool(table) or len(classes) > 1)
        self.blockSignals(False)
        self._adapt()

    def offer_classes(self, classes: Sequence[str]) -> None:
        """Offer a number for each class, where there are several."""
        self._classes = classes
        self.by_class.setVisible(self.by_class.isChecked() or len(classes) > 1)
        if self.by_class.isChecked():
            self.grid.show_classes(classes, self.grid.numbers())

    def form(self) -> object:
        """Return the bound as a rule has it; None for none."""
        if self.by_class.isChecked():
            return self.grid.numbers() or None
        return self.field.number() or None

    def _on_toggled(self) -> None:
        if self.by_class.isChecked() and not self.grid.fields:
            text = self.field.number()
            self.grid.show_classes(self._classes, dict.fromkeys(self._classes, text) if text else {})
        self._adapt()
        self.changed.emit()

    def _adapt(self) -> None:
        self.field.setVisible(not self.by_class.isChecked())
        self.grid.setVisible(self.by_class.isChecked())


class ConditionPanel(QFrame):
    """A condition: its score, its bounds, and what becomes of a record that has no such value.

    Signals
    -------
    changed()
        It says something else.
    unwanted()
        It is to be removed.
    """

    changed = Signal()
    unwanted = Signal()

    def __init__(self, scores: Sequence[str]) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.score, self.otherwise = ComboBox(), ComboBox()
        self.remove = Button(_("Remove"))
        self.least, self.most = BoundField(_("At least")), BoundField(_("At most"))
        for name in scores:
            self.score.add(title_of(name), name, meaning_of(name))
        self.otherwise.add(_("left out"), "leave")
        self.otherwise.add(_("kept"), "keep")
        self.score.setAccessibleName(visible(_("Score")))
        self.score.setMinimumWidth(160)
        unknown = Label(_("Without that number:"))
        unknown.setProperty("role", "dim")
        self.otherwise.setAccessibleName(visible(unknown.text()))
        top = QHBoxLayout()
        top.addWidget(self.score)
        top.addStretch()
        top.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(theme.SPACE[1])
        column.addLayout(top)
        column.addWidget(self.least)
        column.addWidget(self.most)
        column.addWidget(row(unknown, self.otherwise, paragraph(), spacing=theme.SPACE[2]))
        self.score.activated.connect(self.changed)
        self.otherwise.activated.connect(self.changed)
        for bound in (self.least, self.most):
            bound.changed.connect(self.changed)
        self.remove.clicked.connect(self.unwanted)

    def show_condition(self, condition: Condition, classes: Sequence[str]) -> None:
        """Show a condition; of a score that was not computed, its name."""
        if self.score.findData(condition.score) < 0:
            self.score.add(title_of(condition.score), condition.score)
        self.score.choose(condition.score)
        self.least.show_bound(condition.least, classes)
        self.most.show_bound(condition.most, classes)
        self.otherwise.choose(condition.otherwise)

    def offer_classes(self, classes: Sequence[str]) -> None:
        """Offer bounds for each class, where there are several."""
        for bound in (self.least, self.most):
            bound.offer_classes(classes)

    def form(self) -> dict[str, object]:
        """Return the condition as a rule has it."""
        bounds = {"least": self.least.form(), "most": self.most.form()}
        return {
            "score": self.score.chosen(),
            **{name: bound for name, bound in bounds.items() if bound is not None},
            "otherwise": self.otherwise.chosen(),
        }
