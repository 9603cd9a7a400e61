"""What was decided about leaving records out, and what is chosen now instead."""

from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, paragraph
from dataselect_gui.window.widgets.plain import Button, Link, RadioButton, tip
from dataselect_gui.window.widgets.training_question import check_only
from dataselect_gui.workflow import (
    Decision,
    Everything,
    Look,
    Rule,
    ScoreCut,
    calibrated_rule,
    decision_sentences,
    exact,
    find_score,
    spoken_name,
    would_be_late,
)

_LATE = N_(
    "You chose this after scores were shown. The choice itself reveals something about your "
    "records, and no ε covers that. So no ε is claimed, and the bundle says so."
)
_OTHERWISE = N_("If you change this now, after scores were shown, no ε is claimed.")


class Decided(QWidget):
    """Shows the decision, draws a count that is still to decide, and offers the other choice.

    Signals
    -------
    rule_wanted(Rule)
        The selection is to go by this rule.
    count_wanted()
        The count is to be drawn.
    trial_wanted()
        A study is to show whether picking by a score helps.
    """

    rule_wanted = Signal(object)
    count_wanted = Signal()
    trial_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.decision = paragraph(role="dim")
        self.draw, self._missing = Button(), paragraph(role="dim")
        self.draw.setProperty("role", "primary")
        self.everything = RadioButton(_("Leave nothing out"))
        self.wrong = RadioButton(_("Leave out records that look wrong"))
        self.known = paragraph(role="dim")
        self.try_it = Link(_("Try it: does it help on your records?"))
        self.try_it.clicked.connect(self.trial_wanted)
        self._otherwise, self.late = paragraph(_(_OTHERWISE), role="dim"), Note("warn", _(_LATE))
        self._group = QButtonGroup(self)
        self._wrong: Rule | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        for part in (
            self.decision,
            self.draw,
            self._missing,
            self.everything,
            self.wrong,
            self.known,
            self._otherwise,
            self.late,
        ):
            column.addWidget(part)
        column.insertWidget(column.indexOf(self.known) + 1, self.try_it)
        for button in (self.everything, self.wrong):
            self._group.addButton(button)
        self._group.buttonClicked.connect(self._on_click)
        self.draw.clicked.connect(self.count_wanted)

    def show_rule(self, look: Look | None, rule: Rule | None) -> None:
        """Show what was decided about a project, and what its rule is now."""
        known = None if look is None else look.decision
        self._wrong = None if look is None else calibrated_rule(look.request)
        is_late = look is not None and rule is not None and would_be_late(known, look.request, rule)
        self.decision.setText("" if known is None else _in_words(known))
        self.decision.setVisible(known is not None)
        self.draw.setText(_("Let the count decide, spend ε {cost}", cost=_cost_of(known)))
        self.draw.setVisible(look is not None and look.waits_for_count)
        self.everything.setVisible(look is not None)
        self.wrong.setVisible(self._wrong is not None)
        is_wrong = rule is not None and rule == self._wrong
        check_only(
            self._group,
            self.everything if isinstance(rule, Everything) else self.wrong if is_wrong else None,
        )
        self.known.setText(_known_of(rule) if isinstance(rule, ScoreCut) else "")
        self.known.setVisible(isinstance(rule, ScoreCut))
        self.try_it.setVisible(isinstance(rule, ScoreCut))
        self._otherwise.setVisible(self._wrong is not None and not is_late)
        self.late.setVisible(is_late)

    def allow_trial(self, obstacle: str) -> None:
        """Offer a study of the pick, or say why there can be none; empty for no obstacle."""
        self.try_it.setEnabled(not obstacle)
        self.try_it.setToolTip(tip(obstacle))
        self.try_it.setAccessibleDescription(visible(obstacle))

    def show_missing(self, text: str) -> None:
        """Show what a count still needs; empty for nothing."""
        self.draw.setEnabled(not text)
        self._missing.setText(text)
        self._missing.setVisible(bool(text) and not self.draw.isHidden())

    def _on_click(self, button: QAbstractButton) -> None:
        rule = Everything() if button is self.everything else self._wrong
        assert rule is not None
        self.rule_wanted.emit(rule)


def _known_of(rule: ScoreCut) -> str:
    """Return what is known of picking by a score."""
    score = find_score(rule.score)
    return _("Picked by {score}: {known}", score=spoken_name(rule.score), known=_(score.known))


def _in_words(decision: Decision) -> str:
    first, when, *_changed = decision_sentences(decision)
    return f"{first} {when}"


def _cost_of(decision: Decision | None) -> str:
    epsilon = None if decision is None else decision.epsilon
    return exact(epsilon or Decimal(0))
