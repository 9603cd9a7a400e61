"""The bottom bar of the Release place: the budget after this release, what is missing, one button."""

from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import Button, Label
from dataselect_gui.workflow import exact

DEFAULT_BUDGET = "4"


class Foot(QFrame):
    """Stands below the columns.

    Attributes
    ----------
    left : Label
        What is left of the budget, now and after this release; hidden while there is none.
    budget, set_budget : QLineEdit, Button
        By which the first one is set.
    hint, go : Label, Button
        What is missing, and the way there.
    button : Button
        Releases.

    Signals
    -------
    budget_wanted()
        The first budget was given.
    """

    budget_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "foot")
        self.setMinimumHeight(64)
        self.left = Label()
        self.budget, self.set_budget = QLineEdit(DEFAULT_BUDGET), Button(_("Set budget"))
        self.hint, self.go = paragraph(), Button()
        self.button = Button()
        self.budget.setFixedWidth(64)
        self.budget.setAccessibleName(visible(_("Budget, ε")))
        self.button.setProperty("role", "leave")
        self.button.setMinimumHeight(36)
        self.go.setProperty("role", "link")
        self._first_budget = row(Label(_("Budget ε")), self.budget, self.set_budget)
        self._hints = QWidget()
        hints = QHBoxLayout(self._hints)
        hints.setContentsMargins(0, 0, 0, 0)
        hints.addWidget(self.hint, 1)
        hints.addWidget(self.go)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(16, 8, 16, 8)
        self._grid.setHorizontalSpacing(theme.SPACE[3])
        self._grid.addWidget(self.left, 1, 0)
        self._grid.addWidget(self._first_budget, 1, 0)
        self._grid.addWidget(self.button, 1, 2)
        self._grid.setColumnStretch(1, 1)
        self.set_budget.clicked.connect(self.budget_wanted)
        self.budget.returnPressed.connect(self.budget_wanted)
        self.set_narrow(False)

    def begin(self) -> None:
        """Begin anew: no budget that was typed for another project."""
        self.budget.setText(DEFAULT_BUDGET)

    def set_narrow(self, is_narrow: bool) -> None:
        """Give the hint a line of its own where there is little room."""
        self._is_narrow = is_narrow
        if is_narrow:
            self._grid.addWidget(self._hints, 0, 0, 1, 3)
        else:
            self._grid.addWidget(self._hints, 1, 1)
        self._hints.setVisible(bool(self.hint.text()) or not is_narrow)

    def show_hint(self, text: str, way: str) -> None:
        """Show what is missing, and the name of the way to mend it; either is empty for nothing."""
        self.hint.setText(text)
        self.go.setText(way)
        self.go.setVisible(bool(way))
        self.button.setEnabled(not text)
        self._hints.setVisible(bool(text) or not self._is_narrow)

    def show_button(self, text: str, *, is_repeat: bool) -> None:
        """Show what the button would do; where that was done already, it is not loud."""
        self.button.setText(text)
        theme.set_role(self.button, "" if is_repeat else "leave")

    def show_account(
        self, budget: Decimal | None, spent: Decimal, proposed: Decimal | None, *, is_known: bool
    ) -> None:
        """Show what is left of the budget, or ask for the first one; its bar stands in the header.

        Parameters
        ----------
        budget, spent, proposed : Decimal or None
            As `BudgetBar.show_budget` has them.
        is_known : bool
            Whether the ledger can be read.
        """
        self.left.setVisible(budget is not None)
        self._first_budget.setVisible(budget is None and is_known)
        if budget is not None:
            self.left.setText(_left_of(budget - spent, proposed or Decimal(0)))


def _left_of(left: Decimal, proposed: Decimal) -> str:
    """Say what is left of a budget, and after a release that it has room for."""
    if not 0 < proposed <= left:
        return _("ε {left} left", left=exact(left))
    return _(
        "ε {left} left, ε {after} after this release", left=exact(left), after=exact(left - proposed)
    )
