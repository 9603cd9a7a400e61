"""The totals of a ledger: what the budget counts, what composes to less, and the one-sided line."""

from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.budget import BudgetBar
from dataselect_gui.window.widgets.plain import Label
from dataselect_gui.workflow import exact

_COMPOSING = "The same releases composed as privacy loss distributions: working it out…"


class Totals(QWidget):
    """Shows the sums of an account; the composed one when it has been worked out."""

    def __init__(self) -> None:
        super().__init__()
        self._left = paragraph(step=5, bold=True)
        self._bar = BudgetBar()
        self.plain, self.composed, self.one_sided = paragraph(), paragraph(), paragraph()
        self._exact = paragraph(role="warning")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[1])
        for widget in self._lines():
            column.addWidget(widget)

    def show_account(self, account: dict[str, Any]) -> None:
        """Show an account, as `workflow.account` tells it."""
        budget, plain = account["budget"], Decimal(account["total_plain"])
        one_sided = Decimal(account["one_sided"])
        self._bar.show_budget(budget, account["total_plain"], None)
        self._bar.setVisible(budget is not None)
        self._left.setText(
            "No budget yet" if budget is None else f"ε {exact(Decimal(budget) - plain)} left"
        )
        others = exact(plain - one_sided)
        self.plain.setText(
            f"Plain total, which the budget counts: ε {exact(plain)}. That is ε {exact(one_sided)}, "
            f"the largest of one-sided releases, and ε {others} of all others together."
        )
        self.one_sided.setText(
            f"Of the one-sided releases only the largest counts: ε {exact(one_sided)}. One secret for "
            "each record serves them all."
        )
        unprotected = account["exact_releases"]
        noun = "release" if unprotected == 1 else "releases"
        self._exact.setText(
            f"{unprotected} {noun} without protection: these sums do not cover those records."
        )
        self._exact.setVisible(bool(unprotected))
        has_others = plain > one_sided
        self.composed.setText(_COMPOSING if has_others else "")
        self.composed.setVisible(has_others)

    def show_composed(self, statement: dict[str, Any]) -> None:
        """Show what the releases that are not one-sided come to, as `workflow.ledger` tells it."""
        self.composed.setText(
            "The same releases without the one-sided ones, composed as privacy loss distributions: ε "
            f"{statement['total_pld']:.3g} at δ {statement['delta']}, or ε "
            f"{statement['total_pld_loose']:.3g} at δ {statement['delta_loose']}."
        )

    def _lines(self) -> tuple[Label | BudgetBar, ...]:
        return self._left, self._bar, self.plain, self.composed, self.one_sided, self._exact
