"""Whom the records are protected for: each record by itself, or each person that a column names."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.plain import ComboBox
from dataselect_gui.window.widgets.term import Titled

ALONE = N_("The records don't say whose they are, so each record is protected by itself.")
FIXED = N_("Chosen when these records were first scored.")
_HINT = N_(
    "Does a person have several records? Then protect the person: choose the column that names them."
)
_PROPOSED = N_(
    "Several records share a {column}, so each {column} is protected, not each record alone."
)
_CHOSEN = N_("Each {column} is protected, not each record alone.")
_NOT_WHOLE = N_(
    "Only each record by itself is protected. Several records share a {column}, and no {column} is "
    "protected as a whole."
)


class Protecting(QFrame):
    """Asks whom to protect, and says what that comes to.

    Attributes
    ----------
    choice : ComboBox
        Each record, or each person by a column.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.choice = ComboBox()
        self.choice.setAccessibleName(visible(_("Protect")))
        self.choice.setMinimumWidth(200)
        self.choice.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.choice.currentIndexChanged.connect(self._say_unit)
        self._hint = paragraph(role="dim")
        self._person: str | None = None
        self._known = ""
        form = QVBoxLayout(self)
        form.setContentsMargins(16, 6, 16, 16)  # The line of its “?” is higher than a line of text.
        form.setSpacing(theme.SPACE[1])
        form.addWidget(Titled(_("Protect"), Term.PERSON))
        form.addWidget(self.choice, 0, Qt.AlignmentFlag.AlignLeading)
        form.addWidget(self._hint)
        form.addStretch()

    @property
    def unit_column(self) -> str | None:
        """The column that names the person; None where each record is protected by itself."""
        return self.choice.chosen()

    def show_units(
        self,
        hint: str,
        columns: Sequence[str] = (),
        chosen: str | None = None,
        person: str | None = None,
    ) -> None:
        """Show whom a person can protect.

        Parameters
        ----------
        hint : str
            What is said of it; empty for what the choice comes to.
        columns : sequence of str
            Those that may name people; none where there is nothing to choose.
        chosen : str or None
            The column that is chosen; None for each record.
        person : str or None
            The column that plainly names people.
        """
        self._known, self._person = hint, person
        self.choice.clear()
        self.choice.add(_("each record"))
        for column in columns:
            self.choice.add(_("each {column}", column=column), column)
        if chosen is not None:
            self.choice.setCurrentIndex(1 + columns.index(chosen))
        self.choice.setEnabled(bool(columns))
        self._say_unit()

    def _say_unit(self) -> None:
        """Say whom the choice protects."""
        chosen, person = self.unit_column, self._person
        if self._known or self.choice.count() <= 1:
            hint = self._known
        elif chosen is not None:
            hint = _(_PROPOSED if chosen == person else _CHOSEN, column=chosen)
        else:
            hint = _(_HINT) if person is None else _(_NOT_WHOLE, column=person)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
