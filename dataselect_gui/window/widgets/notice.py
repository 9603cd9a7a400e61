"""The strip under the header: what happened, why, what to do, and the buttons that do it.

There is one strip. A lasting message, such as a warning of the open project, stays until the problem is
solved; a passing one, such as an error, is shown in its place until it is closed. One that passes
goes by itself after a while, unless the mouse or the focus is on it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.plain import Button

_MILLISECONDS = 20_000
"""How long a message is shown that passes."""
_MOST_CHARACTERS = 1_000
"""Characters of each part that are shown: the strip leaves room to the place under it."""


@dataclass(frozen=True)
class Message:
    """A message of the notice strip.

    Attributes
    ----------
    what, why, do : str
        The three parts of an error; `why` and `do` may be empty.
    actions : tuple of (str, callable)
        Buttons and what they do; a bound method each.
    details : str
        What the Details button shows; empty for nothing.
    role : str
        ``stop`` for an error, ``warn`` for a warning, ``stay`` for what was done and stays here.
    passes : bool
        Whether it goes by itself after a while: it says what the person did a moment ago.
    """

    what: str
    why: str = ""
    do: str = ""
    actions: tuple[tuple[str, Callable[[], None]], ...] = ()
    details: str = ""
    role: str = "warn"
    passes: bool = False


def error_message(error: DataSelectError) -> Message:
    """Return the message of an error."""
    return Message(error.what, error.why, error.do, role="stop")


class NoticeStrip(QWidget):
    """Shows one message, or is hidden.

    Signals
    -------
    changed()
        Another message is shown, or none.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._lasting: Message | None = None
        self._passing: Message | None = None
        self._expiry = QTimer(self)
        self._expiry.setSingleShot(True)
        self._expiry.setInterval(_MILLISECONDS)
        self._expiry.timeout.connect(self._expire)
        self._frame = QFrame()
        self._what, self._why, self._do = paragraph(bold=True), paragraph(), paragraph()
        self._details = paragraph(role="dim")
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(theme.SPACE[1])
        inner = QVBoxLayout(self._frame)
        inner.setContentsMargins(16, 10, 16, 10)
        inner.setSpacing(theme.SPACE[0])
        for label in (self._what, self._why, self._do, self._details):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            inner.addWidget(label)
        inner.addSpacing(theme.SPACE[0])
        inner.addLayout(self._buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 12, 16, 0)
        outer.addWidget(self._frame)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(visible(_("Notice")))
        self.hide()

    @property
    def message(self) -> Message | None:
        """The message that is shown."""
        return self._passing or self._lasting

    def show_lasting(self, message: Message | None) -> None:
        """Set the lasting message; None for none."""
        self._lasting = message
        self._show()

    def show_message(self, message: Message | None) -> None:
        """Show a passing message in place of the lasting one; None to show that again."""
        self._passing = message
        if message is not None and message.passes:
            self._expiry.start()
        else:
            self._expiry.stop()
        self._show()

    def button(self, text: str) -> Button:
        """Return the button of that name.

        Raises
        ------
        KeyError
            Where there is none.
        """
        for place in range(self._buttons.count()):
            widget = self._buttons.itemAt(place).widget()  # type: ignore[union-attr]
            if isinstance(widget, Button) and widget.text() == text:
                return widget
        raise KeyError(text)

    def _show(self) -> None:
        clear(self._buttons)
        message = self.message
        if message is not None:
            for label, text in (
                (self._what, message.what),
                (self._why, message.why),
                (self._do, message.do),
                (self._details, message.details),
            ):
                label.setText(visible(text, _MOST_CHARACTERS))
                label.setVisible(bool(text) and label is not self._details)
            self._add_buttons(message)
            self._frame.setProperty("role", message.role)
            self._frame.style().unpolish(self._frame)
            self._frame.style().polish(self._frame)
        self.setVisible(message is not None)
        self.changed.emit()

    def _add_buttons(self, message: Message) -> None:
        for text, slot in message.actions:
            button = Button(text)
            button.setProperty("role", "primary")
            button.clicked.connect(slot)
            self._buttons.addWidget(button)
        if message.details:
            details = Button(_("Details"))
            details.setCheckable(True)
            details.toggled.connect(self._details.setVisible)
            self._buttons.addWidget(details)
        if self._passing is not None:
            close = Button(_("Close"))
            close.clicked.connect(self._close)
            self._buttons.addWidget(close)
        self._buttons.addStretch()

    def _expire(self) -> None:
        focused = self.window().focusWidget()
        if self.underMouse() or (focused is not None and self.isAncestorOf(focused)):
            self._expiry.start()
        else:
            self.show_message(None)

    def _close(self) -> None:
        self.show_message(None)
