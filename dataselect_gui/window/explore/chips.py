"""The terms of a filter as chips: a press on one takes it away."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import Button, Label, elided, tip

_MOST_WIDTH = 340
_FRAME = 40
"""What a button needs beside its text."""


class Chips(QWidget):
    """One line of terms; those for which there is no room are counted.

    Attributes
    ----------
    buttons : list of Button
        One for each term, in their order.

    Signals
    -------
    removed(str)
        A term is to be taken away.
    """

    removed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: list[Button] = []
        self._terms: list[str] = []
        self._more = Label()
        self._more.setProperty("role", "dim")
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(theme.SPACE[1])
        self._line.addWidget(self._more)
        self._line.addStretch()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(visible(_("Conditions of the filter")))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the height of a line."""
        return QSize(0, theme.TARGET)

    def show_terms(self, terms: Sequence[str]) -> None:
        """Show these terms."""
        if list(terms) != self._terms:
            self._terms = list(terms)
            self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Show as many as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fill(self) -> None:
        while len(self.buttons) > len(self._terms):
            self.buttons.pop().deleteLater()
        while len(self.buttons) < len(self._terms):
            button = Button()
            place = len(self.buttons)
            button.clicked.connect(lambda _checked=False, place=place: self._on_clicked(place))
            self._line.insertWidget(place, button)
            self.buttons.append(button)
        for button, term in zip(self.buttons, self._terms, strict=True):
            shown = elided(self.fontMetrics(), term, Qt.TextElideMode.ElideMiddle, _MOST_WIDTH - _FRAME)
            button.setText(f"{shown}  ✕")
            button.setToolTip(tip(term, _("Click to remove this condition")))
            button.setAccessibleName(visible(_("Remove: {condition}", condition=term)))
        self._fit()

    def _fit(self) -> None:
        room, hidden = self.width() - 40, 0
        for button in self.buttons:
            room -= button.sizeHint().width() + self._line.spacing()
            hidden += room < 0
            button.setVisible(room >= 0)
        self._more.setText(_("and {count} more", count=hidden))
        self._more.setVisible(hidden > 0)

    def _on_clicked(self, place: int) -> None:
        self.removed.emit(self._terms[place])
