"""What is released, and by which mechanism."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.release.kinds import is_unprotected, kind_named, mechanism_named
from dataselect_gui.window.release.sentences import UNPROMISED
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, paragraph
from dataselect_gui.window.widgets.plain import ComboBox, RadioButton
from dataselect_gui.window.widgets.training_question import check_only
from dataselect_gui.workflow import KINDS, MECHANISMS, mechanisms_of


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
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.kinds = ComboBox()
        self.kinds.setAccessibleName(visible(_("What leaves")))
        for name, kind in KINDS.items():
            self.kinds.add(_(kind.title), name)
        self._leaves, self._does = paragraph(role="dim"), paragraph(role="dim")
        self._how = paragraph(bold=True)
        self.mechanisms = {
            name: RadioButton(_(mechanism.title)) for name, mechanism in MECHANISMS.items()
        }
        self.unpromised = Note("warn", _(UNPROMISED))
        self._group = QButtonGroup(self)
        self._is_unknown = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(paragraph(_("What leaves"), bold=True))
        column.addWidget(self.kinds)
        column.addWidget(self._leaves)
        column.addSpacing(theme.SPACE[2])
        column.addWidget(self._how)
        for button in self.mechanisms.values():
            self._group.addButton(button)
            column.addWidget(button)
        column.addWidget(self._does)
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

    def set_unknown(self, is_unknown: bool) -> None:
        """Offer nothing but exact where no ε can be promised."""
        self._is_unknown = is_unknown
        self._adapt()

    def _on_kind(self) -> None:
        check_only(self._group, None)
        self._adapt()
        self.changed.emit()

    def _on_mechanism(self) -> None:
        self._adapt()
        self.changed.emit()

    def _adapt(self) -> None:
        """Offer what belongs to the kind, and choose its usual mechanism where none is chosen."""
        kind = kind_named(self.kind)
        offered = [mechanism.name for mechanism in mechanisms_of(kind)]
        for name, button in self.mechanisms.items():
            button.setVisible(name in offered)
            button.setEnabled(is_unprotected(name) or not self._is_unknown)
        if self._is_unknown and not is_unprotected(self.mechanism):
            check_only(self._group, None)  # Exact is never chosen for the owner.
        elif self.mechanism is None:
            check_only(self._group, self.mechanisms[offered[0]])
        self._leaves.setText(_(kind.explanation))
        self._how.setText(_(kind.question))
        mechanism = mechanism_named(self.mechanism)
        does = "" if mechanism is None else _(mechanism.explanation, leave=_(kind.verb))
        self._does.setText(does)
        self._does.setVisible(bool(does))
        self.unpromised.setVisible(self._is_unknown)
