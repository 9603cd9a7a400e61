"""The totals of a ledger: what the budget counts, what composes to less, and the one-sided line."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.budget import BudgetBar
from dataselect_gui.window.widgets.plain import Label
from dataselect_gui.workflow import Account, exact

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

    def show_account(self, account: Account) -> None:
        """Show an account."""
        plain, one_sided = account.total_plain, account.one_sided
        self._bar.show_budget(account.budget, plain)
        self._bar.setVisible(account.budget is not None)
        left = account.left
        self._left.setText("No budget yet" if left is None else f"ε {exact(left)} left")
        others = exact(plain - one_sided)
        self.plain.setText(
            f"Plain total, which the budget counts: ε {exact(plain)}. That is ε {exact(one_sided)}, "
            f"the largest of one-sided releases, and ε {others} of all others together."
        )
        self.one_sided.setText(
            f"Of the one-sided releases only the largest counts: ε {exact(one_sided)}. One secret for "
            "each record serves them all."
        )
        unprotected = account.exact_releases
        noun = "release" if unprotected == 1 else "releases"
        self._exact.setText(
            f"{unprotected} {noun} without protection: these sums do not cover those records."
        )
        self._exact.setVisible(bool(unprotected))
        has_others = plain > one_sided
        self.composed.setText(_COMPOSING if has_others else "")
        self.composed.setVisible(has_others)

    def show_composed(self, account: Account) -> None:
        """Show what the releases that are not one-sided come to, where that was worked out."""
        composed = account.composed
        if composed is not None:
            self.composed.setText(
                "The same releases without the one-sided ones, composed as privacy loss "
                f"distributions: ε {composed.total_pld:.3g} at δ {exact(account.delta)}, or ε "
                f"{composed.total_pld_loose:.3g} at δ {exact(composed.delta_loose)}."
            )

    def _lines(self) -> tuple[Label | BudgetBar, ...]:
        return self._left, self._bar, self.plain, self.composed, self.one_sided, self._exact
