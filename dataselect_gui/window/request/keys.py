"""What a request says beside its calibration: whom to ask, until when, how the model was trained."""

import json
from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QVBoxLayout

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.numbers import with_point
from dataselect_gui.window.widgets.plain import Label
from dataselect_gui.workflow import typed_value

_TEXTS = {
    "contact": (N_("Contact"), N_("Whom an owner may ask.")),
    "deadline": (N_("Deadline"), N_("Until when records are wanted.")),
}
_TRAINING = {
    "noise_multiplier": (N_("Noise multiplier"), N_("Noise over clip norm.")),
    "max_grad_norm": (N_("Clip norm"), N_("To which each record's gradient was clipped.")),
    "sample_rate": (N_("Sampling rate"), N_("The chance of a record to be in a batch.")),
    "steps": (N_("Steps"), N_("How many batches.")),
    "delta": (N_("δ"), N_("The chance that its promise fails.")),
    "epsilon": (N_("ε"), N_("What the training came to.")),
}
_PIXELS = "pixel_range"
_FIELD, _NAMES = 150, 120
COMPUTED_WITH = frozenset({*_TRAINING, _PIXELS})
"""The keys that change what is computed."""


class KeysForm(QFrame):
    """Asks for these, and says of each what is wrong with it.

    Signals
    -------
    changed()
        Something else was typed.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.fields = {key: QLineEdit() for key in (*_TEXTS, *_TRAINING)}
        self.black, self.white = QLineEdit(), QLineEdit()
        self.reasons = {key: paragraph(role="warning") for key in (*self.fields, _PIXELS)}
        self.training = Fold(_("How the model was trained under differential privacy"))
        self.pixels = Fold(_("Images of more than 8 bits"))
        self._known: dict[str, tuple[str, object]] = {}
        self._build()
        for field in (*self.fields.values(), self.black, self.white):
            field.textChanged.connect(self.changed)
        self.show_keys({})

    def values(self) -> dict[str, object]:
        """Return key → its value, None for none; what was not touched as it was written."""
        typed = {
            key: (field.text().strip() or None) if key in _TEXTS else _number(field.text())
            for key, field in self.fields.items()
        }
        typed[_PIXELS] = self._pixels()
        texts = self._texts()
        return {
            key: self._known[key][1]
            if key in self._known and texts[key] == self._known[key][0]
            else new
            for key, new in typed.items()
        }

    def show_keys(self, stated: Mapping[str, object]) -> None:
        """Show what a request states of these keys."""
        self.blockSignals(True)
        for key, field in self.fields.items():
            value = stated.get(key)
            field.setText(
                value if isinstance(value, str) else "" if value is None else json.dumps(value)
            )
            field.setCursorPosition(0)
        pair = stated.get(_PIXELS)
        low, high = map(json.dumps, pair) if isinstance(pair, list) and len(pair) == 2 else ("", "")
        self.black.setText(low)
        self.white.setText(high)
        self._known = {key: (text, stated.get(key)) for key, text in self._texts().items()}
        self.training.button.setChecked(any(key in stated for key in _TRAINING))
        self.pixels.button.setChecked(_PIXELS in stated)
        self.blockSignals(False)
        self.show_faults({})

    def show_faults(self, faults: Mapping[str, str]) -> None:
        """Show beside each field what is wrong with it."""
        for key, reason in self.reasons.items():
            reason.setText(faults.get(key, ""))
            reason.setVisible(key in faults)
            for field in self._fields_of(key):
                field.setAccessibleDescription(visible(faults.get(key, "")))

    # Within

    def _fields_of(self, key: str) -> list[QLineEdit]:
        return [self.black, self.white] if key == _PIXELS else [self.fields[key]]

    def _texts(self) -> dict[str, str]:
        texts = {key: field.text() for key, field in self.fields.items()}
        return texts | {_PIXELS: f"{self.black.text()}\0{self.white.text()}"}

    def _pixels(self) -> object:
        pair = [_number(field.text()) for field in (self.black, self.white)]
        return None if pair == [None, None] else pair

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(theme.SPACE[1])
        column.addWidget(paragraph(_("What owners should know"), step=2, bold=True))
        for names, into in ((_TEXTS, column), (_TRAINING, self.training.body)):
            grid = _grid()
            for line, (key, (name, about)) in enumerate(names.items()):
                field = self.fields[key]
                field.setAccessibleName(visible(_(name)))
                field.setMaximumWidth(_FIELD if names is _TRAINING else 16_777_215)
                self._add(grid, 2 * line, _(name), field, _(about))
                grid.addWidget(self.reasons[key], 2 * line + 1, 1, 1, 2)
            grid.setColumnStretch(1, 2 if names is _TEXTS else 0)
            into.addLayout(grid)
        pixels = _grid()
        self._add(pixels, 0, _("Black"), self.black, _("The value of black, in such images."))
        self._add(pixels, 1, _("White"), self.white, _("The value of white."))
        for field, name in ((self.black, _("Value of black")), (self.white, _("Value of white"))):
            field.setAccessibleName(visible(name))
            field.setMaximumWidth(_FIELD)
        pixels.addWidget(self.reasons[_PIXELS], 2, 1, 1, 2)
        self.pixels.body.addLayout(pixels)
        column.addWidget(self.training)
        column.addWidget(self.pixels)

    def _add(self, grid: QGridLayout, line: int, name: str, field: QLineEdit, about: str) -> None:
        label = Label(name)
        label.setProperty("role", "dim")
        field.setMinimumHeight(theme.TARGET)
        grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(field, line, 1)
        grid.addWidget(paragraph(about, role="dim"), line, 2)


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.SPACE[3])
    grid.setVerticalSpacing(theme.SPACE[1])
    grid.setColumnMinimumWidth(0, _NAMES)
    grid.setColumnStretch(2, 1)
    return grid


def _number(text: str) -> object:
    """Return a number as it was typed, with a point or a comma; a text that is none as it is."""
    return typed_value(with_point(text))
