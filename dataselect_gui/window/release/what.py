"""What is released, and by which mechanism."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.texts.promises import UNPROMISED
from dataselect_gui.window.release.kinds import (
    is_of_everything,
    is_unprotected,
    kind_named,
    mechanism_named,
)
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, paragraph
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import ComboBox, RadioButton
from dataselect_gui.window.widgets.term import TermButton, Titled
from dataselect_gui.window.widgets.training_question import check_only
from dataselect_gui.workflow import KINDS, MECHANISMS, mechanisms_of

_NOISY = {"noisy-top-k", "laplace", "discrete-laplace", "discrete-gaussian"}


class What(QWidget):
    """Asks for the kind of a release and for its mechanism.

    Attributes
    ----------
    kinds : ComboBox
        What can leave.
    mechanisms : dict of str to RadioButton
        How it can; those of other kinds are hidden.

    Signals
    -------
    changed()
        Another kind or mechanism was chosen.
    everything_wanted()
        Everything that is eligible is to be selected, which is what that release goes by.
    """

    changed = Signal()
    everything_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.kinds = ComboBox()
        self.kinds.setAccessibleName(visible(_("What leaves")))
        for name, kind in KINDS.items():
            self.kinds.add(_(kind.title), name)
        self._leaves, self._does = paragraph(role="dim"), paragraph(role="dim")
        how = Titled("", Term.MECHANISM)
        self._how = how.label
        self.mechanisms = {
            name: RadioButton(_(mechanism.title)) for name, mechanism in MECHANISMS.items()
        }
        self.noise = TermButton(Term.NOISE)
        self._said = row(self._does, self.noise, spacing=0)
        self.unpromised = Note("warn", _(UNPROMISED))
        self._group = QButtonGroup(self)
        self._is_unknown = self._is_of_all = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(paragraph(_("What leaves"), bold=True))
        column.addWidget(self.kinds)
        column.addWidget(self._leaves)
        column.addSpacing(theme.SPACE[2])
        column.addWidget(how)
        for button in self.mechanisms.values():
            self._group.addButton(button)
            column.addWidget(button)
        column.addWidget(self._said)
        column.addWidget(self.unpromised)
        self.kinds.currentIndexChanged.connect(self._on_kind)
        self._group.buttonClicked.connect(self._on_mechanism)
        self.begin()

    @property
    def kind(self) -> str:
        """What leaves."""
        return str(self.kinds.chosen())

    @property
    def mechanism(self) -> str | None:
        """How; None where nothing is chosen."""
        chosen = self._group.checkedButton()
        return next((name for name, button in self.mechanisms.items() if button is chosen), None)

    @property
    def unprotected(self) -> RadioButton:
        """What is left where no ε can be promised."""
        return next(button for name, button in self.mechanisms.items() if is_unprotected(name))

    def begin(self) -> None:
        """Begin anew: records, one-sided."""
        self.blockSignals(True)
        self.kinds.setCurrentIndex(0)
        check_only(self._group, None)
        self._adapt()
        self.blockSignals(False)

    def show_rule(self, *, is_of_all: bool) -> None:
        """Offer what goes by a rule: everything that is eligible goes by itself alone."""
        if is_of_all != self._is_of_all:
            self._is_of_all = is_of_all
            check_only(self._group, None)
            self._adapt()

    def set_unknown(self, is_unknown: bool) -> None:
        """Offer nothing but exact where no ε can be promised."""
        self._is_unknown = is_unknown
        self._adapt()

    def _on_kind(self) -> None:
        check_only(self._group, None)
        self._adapt()
        self.changed.emit()

    def _on_mechanism(self) -> None:
        if is_of_everything(self.mechanism) and not self._is_of_all:
            self.everything_wanted.emit()
        self._adapt()
        self.changed.emit()

    def _adapt(self) -> None:
        """Offer what belongs to the kind, and choose its usual mechanism where none is chosen."""
        kind = kind_named(self.kind)
        offered = [mechanism.name for mechanism in mechanisms_of(kind)]
        if self._is_of_all and any(map(is_of_everything, offered)):
            offered = [name for name in offered if is_of_everything(name)]
        for name, button in self.mechanisms.items():
            button.setVisible(name in offered)
            button.setEnabled(is_unprotected(name) or not self._is_unknown)
        if self._is_unknown and self.mechanism is not None and not is_unprotected(self.mechanism):
            check_only(self._group, None)  # Exact is never chosen for the owner.
        elif self.mechanism is None and not (self._is_unknown and not is_of_everything(offered[0])):
            check_only(self._group, self.mechanisms[offered[0]])
        self._leaves.setText(_(kind.explanation))
        self._how.setText(_(kind.question))
        mechanism = mechanism_named(self.mechanism)
        does = "" if mechanism is None else _(mechanism.explanation, leave=_(kind.verb))
        self._does.setText(does)
        self._said.setVisible(bool(does))
        self.noise.setVisible(self.mechanism in _NOISY)
        self.unpromised.setVisible(self._is_unknown)
