"""A number for each class, in a grid of fields."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import ngettext
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.numbers import with_point
from dataselect_gui.window.widgets.plain import Label, tip
from dataselect_gui.workflow import decimal_of, short_number

MOST_SHOWN, _MOST_NAME, _FIELD = 100, 40, 132


class NumberField(QLineEdit):
    """A number, shown to few digits; as long as nothing else is typed it keeps all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = self._whole = ""

    def show_number(self, text: str) -> None:
        """Show a number, which may have any number of digits; empty for none."""
        known = decimal_of(text)
        self._whole, self._shown = text, text if known is None else short_number(known)
        self.setToolTip(tip("" if self._shown == text else text))
        self.setText(self._shown)
        self.setCursorPosition(0)

    def number(self) -> str:
        """Return the number in full, or what was typed instead; empty for nothing."""
        return self._whole if self.text() == self._shown else typed_number(self)


class ClassGrid(QWidget):
    """Fields for the classes, two beside each other; numbers of classes that have no field are kept.

    Parameters
    ----------
    name : str
        What the numbers are, for accessibility.

    Signals
    -------
    changed()
        Something else was typed.
    """

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.fields: dict[str, NumberField] = {}
        self._others: dict[str, str] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.SPACE[2])
        self._grid.setVerticalSpacing(theme.SPACE[0])
        self._more = paragraph(role="dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addLayout(self._grid)
        column.addWidget(self._more)
        self.show_classes((), {})

    def show_classes(self, names: Sequence[str], numbers: Mapping[str, str]) -> None:
        """Show a field for each class, with the numbers that some of them have."""
        clear(self._grid)
        listed = [*names, *(name for name in numbers if name not in names)]
        self.fields = {}
        for place, name in enumerate(listed[:MOST_SHOWN]):
            line, side = divmod(place, 2)
            field = NumberField()
            field.show_number(numbers.get(name, ""))
            field.setFixedSize(_FIELD, theme.TARGET)
            field.setAccessibleName(visible(f"{self._name}, {name}"))
            field.textChanged.connect(self.changed)
            self._grid.addWidget(
                Label(visible(name, _MOST_NAME)), line, 2 * side, Qt.AlignmentFlag.AlignVCenter
            )
            self._grid.addWidget(field, line, 2 * side + 1)
            self.fields[name] = field
        self._grid.setColumnStretch(4, 1)
        hidden = listed[MOST_SHOWN:]
        self._others = {name: numbers[name] for name in hidden if name in numbers}
        self._more.setText(
            ngettext(
                "{count:,} more class does not fit here. A rule file has room for all.",
                "{count:,} more classes do not fit here. A rule file has room for all.",
                len(hidden),
            )
        )
        self._more.setVisible(bool(hidden))

    def numbers(self) -> dict[str, str]:
        """Return class → what was typed for it, without those for which nothing was."""
        typed = {name: field.number() for name, field in self.fields.items()}
        return {name: text for name, text in typed.items() if text} | self._others


def typed_number(field: QLineEdit) -> str:
    """Return a number as it was typed, with a point or a comma; empty for nothing."""
    return with_point(field.text())
