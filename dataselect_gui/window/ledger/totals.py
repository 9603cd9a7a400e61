"""The totals of a ledger: what the budget counts, what composes to less, and the one-sided line."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from dataselect_gui.texts import N_, _
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.term import TermButton, Titled
from dataselect_gui.workflow import (
    Account,
    composed_total,
    exact,
    one_sided_total,
    unprotected_releases,
)

_COMPOSING = N_("The others, counted more exactly (as privacy loss distributions): working it out…")
_ONE_SECRET = N_("They share one secret of each record.")


class Totals(QWidget):
    """Shows the sums of an account; the composed one when it has been worked out."""

    def __init__(self) -> None:
        super().__init__()
        left = Titled("", Term.BUDGET, step=5)
        self._left = left.label
        self.plain, self.composed, self.one_sided = paragraph(), paragraph(), paragraph()
        self.unprotected = paragraph(role="warning")
        self._others = row(self.composed, TermButton(Term.PLD), spacing=0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[1])
        for widget in (left, self.plain, self._others, self.one_sided, self.unprotected):
            column.addWidget(widget)

    def show_account(self, account: Account) -> None:
        """Show an account."""
        plain, one_sided = account.total_plain, account.one_sided
        left = account.left
        self._left.setText(
            _("No budget yet") if left is None else _("ε {amount} left", amount=exact(left))
        )
        self.plain.setText(
            _(
                "Your budget counts ε {total}: ε {one_sided} for one-sided releases, and ε "
                "{others} for all others.",
                total=exact(plain),
                one_sided=exact(one_sided),
                others=exact(plain - one_sided),
            )
        )
        self.one_sided.setText(f"{one_sided_total(account)} {_(_ONE_SECRET)}")
        self.unprotected.setText(unprotected_releases(account))
        self.unprotected.setVisible(bool(account.exact_releases))
        has_others = plain > one_sided
        self.composed.setText(_(_COMPOSING) if has_others else "")
        for part in (self.composed, self._others):
            part.setVisible(has_others)

    def show_composed(self, account: Account) -> None:
        """Show what the releases that are not one-sided come to, where that was worked out."""
        composed = account.composed
        if composed is not None:
            self.composed.setText(composed_total(composed, account.delta))
