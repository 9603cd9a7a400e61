"""Which values of a grey picture are black and which white: by window and level, as radiologists say.

The window is how far black and white lie apart, the level the middle between them.
"""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from dataselect_gui.errors import DataSelectError, UsageError
from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.explore.scores import short
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.numbers import in_local_form, stated_number
from dataselect_gui.window.widgets.plain import Button, Label, tip
from dataselect_gui.window.widgets.wheel import Slider
from dataselect_gui.workflow import WholePicture

_STEPS = 1000
_LEAST_SHARE = 0.001
"""The narrowest window of what are no whole numbers, as a share of all values."""
_DRAG = 400
"""So many pixels of a drag go over the whole range."""


class Levels(QWidget):
    """Sliders and fields for window and level.

    Parameters
    ----------
    refuse : callable
        Shows why what was typed is not taken.

    Attributes
    ----------
    black, white : float
        The values that are shown as black and white.
    window_slider, level_slider : Slider
    window_field, level_field : QLineEdit
    reset : Button
        Goes back to what the picture is shown with at first.

    Signals
    -------
    changed()
        Other values are black and white.
    """

    changed = Signal()

    def __init__(self, refuse: Callable[[DataSelectError], None]) -> None:
        super().__init__()
        self._refuse = refuse
        self.black, self.white = 0.0, 255.0
        self._usual = self._whole = self.black, self.white
        self._is_showing, self._least = False, 1.0
        window = _("How far black and white lie apart: a narrow window shows more contrast")
        level = _("The value halfway between black and white: a lower level is brighter")
        self.window_slider, self.window_field = self._make(_("Window"), window)
        self.level_slider, self.level_field = self._make(_("Level"), level)
        self.reset = Button(_("Reset"))
        self.reset.setToolTip(tip(_("Show the greys as they were at first")))
        self.reset.setAccessibleName(visible(_("Reset window and level")))
        self.reset.clicked.connect(self._on_reset)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE[1])
        for name, about, slider, field in (
            (_("Window"), window, self.window_slider, self.window_field),
            (_("Level"), level, self.level_slider, self.level_field),
        ):
            label = Label(name)
            label.setProperty("role", "dim")
            label.setToolTip(tip(about))
            row.addWidget(label)
            row.addWidget(slider, 1)
            row.addWidget(field)
        row.addWidget(self.reset)
        row.addStretch()
        for slider in (self.window_slider, self.level_slider):
            slider.valueChanged.connect(self._on_slider)
        self.window_field.editingFinished.connect(self._on_window_typed)
        self.level_field.editingFinished.connect(self._on_level_typed)

    @property
    def breadth(self) -> float:
        """How far black and white lie apart."""
        return self.white - self.black

    @property
    def level(self) -> float:
        """The middle between black and white."""
        return (self.black + self.white) / 2

    def show_picture(self, picture: WholePicture) -> None:
        """Take over a picture; what was set for one of the same range stays."""
        is_whole = np.issubdtype(picture.values.dtype, np.integer)
        self._least = 1.0 if is_whole else _LEAST_SHARE * (picture.white - picture.black)
        usual = picture.black, picture.white
        low, high = float(picture.values.min()), float(picture.values.max())
        self._whole = min(low, picture.black), max(high, picture.white)
        if usual != self._usual:
            self._usual = usual
            self.black, self.white = usual
        self._show()

    def set_brief(self, is_brief: bool) -> None:
        """Show the numbers alone, or the sliders with them."""
        for slider in (self.window_slider, self.level_slider):
            slider.setVisible(not is_brief)

    def drag(self, right: int, down: int) -> None:
        """Widen the window by a drag to the right, and darken by one upwards, as viewers do."""
        span = self._span / _DRAG
        self.set_window(self.breadth + right * span, self.level + down * -span)

    def set_window(self, window: float, level: float) -> None:
        """Set both."""
        window = min(max(window, self._least), 2 * self._span)
        level = min(max(level, self._whole[0]), self._whole[1])
        self.black, self.white = level - window / 2, level + window / 2
        self._show()

    @property
    def _span(self) -> float:
        return self._whole[1] - self._whole[0]

    def _make(self, name: str, about: str) -> tuple[Slider, QLineEdit]:
        slider, field = Slider(), QLineEdit()
        slider.setRange(0, _STEPS)
        slider.setPageStep(_STEPS // 10)
        slider.setMinimumWidth(48)
        field.setFixedWidth(56)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.setFont(theme.font())
        for widget in (slider, field):
            widget.setAccessibleName(visible(name))
            widget.setToolTip(tip(about))
        return slider, field

    def _show(self) -> None:
        """Show both, and whether they are those of the beginning."""
        self._is_showing = True
        self.window_slider.setValue(round(_STEPS * min(1, self.breadth / self._span)))
        self.level_slider.setValue(round(_STEPS * (self.level - self._whole[0]) / self._span))
        self.window_field.setText(in_local_form(short(self.breadth)))
        self.level_field.setText(in_local_form(short(self.level)))
        self._is_showing = False
        self.reset.setEnabled((self.black, self.white) != self._usual)
        self.changed.emit()

    def _on_slider(self) -> None:
        if self._is_showing:
            return
        if self.sender() is self.window_slider:
            self.set_window(self.window_slider.value() / _STEPS * self._span, self.level)
        else:
            whole = self._whole[0] + self.level_slider.value() / _STEPS * self._span
            self.set_window(self.breadth, whole)

    def _on_window_typed(self) -> None:
        typed = self._typed(self.window_field, self.breadth, _("The window"))
        if typed is not None:
            self.set_window(typed, self.level)

    def _on_level_typed(self) -> None:
        typed = self._typed(self.level_field, self.level, _("The level"))
        if typed is not None:
            self.set_window(self.breadth, typed)

    def _typed(self, field: QLineEdit, now: float, name: str) -> float | None:
        """Return a number that was typed; None where it is what was shown, or is none."""
        shown = in_local_form(short(now))
        if field.text() == shown:
            return None
        try:
            return float(stated_number(field.text(), name))
        except UsageError as error:
            field.setText(shown)
            self._refuse(error)
            return None

    def _on_reset(self) -> None:
        self.black, self.white = self._usual
        self._show()
