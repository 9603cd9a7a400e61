"""Where the cut-off comes from: agreed, bought, or chosen after viewing."""

from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.release.prospect import WhenChosen
from dataselect_gui.window.release.sentences import BUYING
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.budget import read_amount
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import RadioButton
from dataselect_gui.window.widgets.term import Titled
from dataselect_gui.window.widgets.training_question import check_only
from dataselect_gui.workflow import Rule, ScoreCut, exact

_PRICE = "0.2"
_KEEP = {
    "threshold": N_("Keep mine, no promise"),
    "count": N_("Keep my number, no promise"),
    "fraction": N_("Keep my share, no promise"),
}


def _can_be_public(rule: Rule | None) -> bool:
    """Say whether what a rule cuts at can have been agreed: it is not one by count or share."""
    return rule is not None and not (isinstance(rule, ScoreCut) and rule.by != "threshold")


class CutOff(QWidget):
    """Asks where the cut-off comes from.

    A fraction or a count depends on everybody's scores: for these a private threshold is bought, unless
    the owner wants otherwise or there are no public bounds to buy it within. What needs another rule is
    asked for, and chosen once the rule is there.

    Signals
    -------
    changed()
        Another source, or another price.
    agreed_wanted()
        The rule is to become the request's.
    share_wanted()
        The rule is to become one by fraction, for which a threshold can be bought.
    """

    changed = Signal()
    agreed_wanted = Signal()
    share_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.from_request = RadioButton()
        self.from_agreed = RadioButton(_("Agreed before anybody saw scores"))
        self.bought = RadioButton(_("Pick one near mine, protected"))
        self.viewed = RadioButton(_(_KEEP["threshold"]))
        self.price = QLineEdit(_PRICE)
        self.price.setFixedWidth(72)
        self.price.setAccessibleName(visible(_("ε of the cut-off")))
        self._buying = QWidget()
        self._group = QButtonGroup(self)
        self._shown: Rule | None = None
        self._chosen: QAbstractButton | None = None
        self._is_agreed = self._wants_private = False
        self._chosen_when: WhenChosen = "open"
        self._build()

    @property
    def source(self) -> str | None:
        """Where it comes from, as `ReleaseRequest` has it; of a price that is no amount, nothing.

        None where it was decided before scores were shown: the project knows.
        """
        if self._chosen_when == "before":
            return None
        if self.from_request.isChecked():
            return "request"
        if self.bought.isChecked():
            price = self.read_price()
            return f"bought:{'' if price is None else exact(price)}"
        return "agreed" if self.from_agreed.isChecked() else "viewed"

    def read_price(self) -> Decimal | None:
        """Return what a private cut-off may cost; None where it is no amount."""
        return read_amount(self.price.text())

    def begin(self) -> None:
        """Begin anew: nothing of another project's cut-off stays, also where the rule is the same."""
        self._chosen = None
        self.blockSignals(True)
        self.price.setText(_PRICE)
        self.blockSignals(False)

    def show_rule(
        self,
        rule: Rule | None,
        agreed: str | None,
        *,
        is_agreed: bool,
        has_bounds: bool,
        chosen: WhenChosen,
    ) -> None:
        """Show what there is to choose for a rule; a new rule takes the source that is usual for it.

        Parameters
        ----------
        rule : Rule or None
            The rule.
        agreed : str or None
            The request's threshold of its score.
        is_agreed : bool
            Whether the rule is the request's.
        has_bounds : bool
            Whether public bounds of its score are known.
        chosen : str
            Whether the rule was decided ``before`` scores were shown, or chosen ``late`` against that.
        """
        self._is_agreed, self._chosen_when = is_agreed, chosen
        self.setVisible(rule is not None and chosen != "before")
        by_threshold, is_open = _can_be_public(rule), chosen == "open"
        self.from_request.setVisible(is_open and (agreed is not None or is_agreed))
        message = N_("From the request: {threshold}") if is_agreed else N_("Use the agreed {threshold}")
        self.from_request.setText(_(message, threshold=_("its rule") if agreed is None else agreed))
        self.from_agreed.setVisible(is_open and by_threshold)
        self.bought.setVisible(is_open and (rule is None or isinstance(rule, ScoreCut)))
        self.viewed.setText(_(_KEEP[rule.by if isinstance(rule, ScoreCut) else "threshold"]))
        if not is_open:
            self._choose(self.viewed)
        elif self._chosen is None or rule != self._shown:
            if is_agreed:
                self._choose(self.from_request)
            else:
                can_buy = rule is not None and not by_threshold and (has_bounds or self._wants_private)
                self._choose(self.bought if can_buy else self.viewed)
        self._shown, self._wants_private = rule, False

    def _choose(self, button: QAbstractButton) -> None:
        self._chosen = button
        check_only(self._group, button)
        self._buying.setVisible(button is self.bought)

    def _on_click(self, button: QAbstractButton) -> None:
        assert self._chosen is not None
        by_threshold = _can_be_public(self._shown)
        if button is self.from_request and not self._is_agreed:
            self._choose(self._chosen)
            self.agreed_wanted.emit()
        elif button is self.bought and by_threshold:
            self._choose(self._chosen)
            self._wants_private = True
            self.share_wanted.emit()
            self._wants_private = False
        else:
            self._choose(button)
            self.changed.emit()

    def _build(self) -> None:
        buying = QVBoxLayout(self._buying)
        buying.setContentsMargins(22, 0, 0, 0)
        buying.setSpacing(theme.SPACE[0])
        buying.addWidget(row(paragraph(_("It may use ε")), self.price))
        buying.addWidget(paragraph(_(BUYING), role="dim"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(Titled(_("Where the cut-off comes from"), Term.CUT_OFF))
        for button in (self.from_request, self.from_agreed, self.bought, self.viewed):
            self._group.addButton(button)
            column.addWidget(button)
        column.insertWidget(4, self._buying)
        self._group.buttonClicked.connect(self._on_click)
        self.price.textChanged.connect(self.changed)
