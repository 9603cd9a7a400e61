"""Makes a filter the rule, where a rule can say it; a filter by itself never changes the selection."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.errors import UsageError
from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.state import State
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.plain import Button, tip
from dataselect_gui.window.widgets.term import TermButton
from dataselect_gui.workflow import Rule, rule_of_filter


class RuleOffer(QWidget):
    """Asks whether the filter is to be the rule, and says what follows from that.

    Parameters
    ----------
    state : State
        What the window shows.

    Attributes
    ----------
    ask : Button
        Begins; it stands beside the filter. Where no rule says the same, it says why.
    question : Label
        What the rule would be.
    yes, no : Button
        Make it the rule, or leave the rule as it is.
    """

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._rule: Rule | None = None
        self.ask = Button(_("Use as the rule…"))
        self.ask.clicked.connect(self._on_ask)
        self.question = paragraph(role="warn")
        self.yes, self.no = Button(_("Set this rule")), Button(_("Leave the rule"))
        self.question.setContentsMargins(8, 4, 8, 4)
        answers = QHBoxLayout()
        answers.setSpacing(theme.SPACE[1])
        answers.addStretch()
        answers.addWidget(TermButton(Term.CARD))
        answers.addWidget(self.yes)
        answers.addWidget(self.no)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(self.question)
        column.addLayout(answers)
        self.yes.clicked.connect(self._on_yes)
        self.no.clicked.connect(self.hide)
        state.opened.connect(self._follow)
        state.order_changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        """Offer what is shown now, or say why it is no rule."""
        look, text, why = self._state.look, self._state.filter, ""
        self._rule = None
        if look is not None and text:
            try:
                self._rule = rule_of_filter(text, list(look.scores))
            except UsageError as error:
                why = error.why
        self.ask.setVisible(bool(text))
        self.ask.setEnabled(self._rule is not None)
        about = why or _("What the filter finds becomes your selection")
        self.ask.setToolTip(tip(about))
        self.ask.setAccessibleDescription(visible(about))
        self.hide()

    def _on_ask(self) -> None:
        if self._rule is None or self._state.look is None:
            return
        rule, eligible = self._rule, self._state.eligible
        count = int(self._state.look.picked_by(rule, eligible).chosen.sum())
        self.question.setText(
            _(
                "Pick these {count:,} records by the rule “{filter}”?",
                filter=self._state.filter,
                count=count,
            ),
            _(
                "You chose this after seeing scores. A release by it comes with no privacy "
                "guarantee, unless these numbers were agreed before. The card will say so."
            ),
        )
        self.show()
        self.yes.setFocus()

    def _on_yes(self) -> None:
        if self._rule is not None:
            self._state.set_rule(self._rule, _("filter as the rule"))
        self.hide()
