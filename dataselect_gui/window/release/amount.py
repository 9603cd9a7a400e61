"""ε on its marks, or typed, and δ where there is one."""

from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.release.pictures import Ticks
from dataselect_gui.window.release.sentences import DELTA_MEANS
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.budget import read_amount
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.term import Titled
from dataselect_gui.window.widgets.wheel import Slider

MARKS = ("0.1", "0.25", "0.5", "1", "2", "4", "8")
_DELTA = "0.000001"


class Amount(QWidget):
    """Asks for ε, and for δ.

    Signals
    -------
    changed()
        Either is another one, perhaps not a number.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.slider = Slider()
        self.slider.setRange(0, len(MARKS) - 1)
        self.slider.setPageStep(1)
        self.slider.setTickPosition(Slider.TickPosition.TicksBelow)
        self.slider.setAccessibleName("ε")
        self.epsilon, self.delta = QLineEdit(), QLineEdit()
        self.epsilon.setFixedWidth(72)
        self.epsilon.setAccessibleName(visible(_("ε, typed")))
        self.delta.setFixedWidth(96)
        self.delta.setAccessibleName("δ")
        self._means = paragraph(role="dim")
        self._small = QWidget()
        small = QVBoxLayout(self._small)
        small.setContentsMargins(0, theme.SPACE[1], 0, 0)
        small.setSpacing(theme.SPACE[0])
        small.addWidget(row(Titled("δ", Term.DELTA), self.delta, paragraph()))
        small.addWidget(paragraph(_(DELTA_MEANS), role="dim"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(row(Titled("ε", Term.EPSILON), self.epsilon, paragraph()))
        column.addWidget(self.slider)
        column.addWidget(Ticks(self.slider, MARKS))
        column.addWidget(self._means)
        column.addWidget(self._small)
        self.epsilon.textChanged.connect(self._on_change)
        self.delta.textChanged.connect(self._on_change)
        self.slider.valueChanged.connect(self._on_slider)
        self.begin()

    def begin(self) -> None:
        """Begin anew: ε 1."""
        self.blockSignals(True)
        self.epsilon.setText("1")
        self.delta.setText(_DELTA)
        self.blockSignals(False)

    def read_epsilon(self) -> Decimal | None:
        """Return ε; None where it is no amount."""
        return read_amount(self.epsilon.text())

    def read_delta(self) -> Decimal | None:
        """Return δ; None where it is no probability."""
        delta = read_amount(self.delta.text())
        return delta if delta is not None and delta < 1 else None

    def adapt(self, means: str, *, has_delta: bool) -> None:
        """Say what ε does here, and ask for δ where it is needed."""
        self._means.setText(means)
        self._small.setVisible(has_delta)

    def _on_change(self) -> None:
        epsilon = self.read_epsilon()
        if epsilon is not None:
            distances = [abs(Decimal(mark) - epsilon) for mark in MARKS]
            self.slider.blockSignals(True)
            self.slider.setValue(distances.index(min(distances)))
            self.slider.blockSignals(False)
        self.changed.emit()

    def _on_slider(self, place: int) -> None:
        self.epsilon.setText(MARKS[place])
