"""A record that is read, not seen: all of its text, or all of its cells, on a page."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame

from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import Lines
from dataselect_gui.workflow import Lines as Record

_MOST_CHARACTERS = 100_000
"""Of a text: laying out more would hold the window."""
_MOST_SHOWN = 10 * _MOST_CHARACTERS
"""Where each has to be written as Python writes it."""
_WIDEST = 760
"""Lines of more pixels are hard to read."""
_SHORT = 60
"""Characters of a cell that has room beside its name."""
_GAP = 24
_LETS_PASS = frozenset(
    {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Escape}
)
"""Keys that are not the text's: they go to other records, and back."""


class Page(Lines):
    """Shows a record to read, and to copy from."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(theme.font(1))
        self.setMaximumWidth(_WIDEST)
        self.document().setDocumentMargin(16)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(visible(_("The record")))

    def show_record(self, record: Record | str) -> None:
        """Show a record from its beginning, or why it cannot be read."""
        if isinstance(record, str):
            self.show_lines([record])
        elif not any(name for name, _text in record):
            self._show_text("\n".join(text for _name, text in record))
        elif all(len(text) <= _SHORT and "\n" not in text for _name, text in record):
            metrics = self.fontMetrics()
            widest = max(metrics.horizontalAdvance(visible(name)) for name, _text in record)
            self.setTabStopDistance(min(widest, _WIDEST // 2) + _GAP)
            self.show_pairs(list(record))
        else:
            lines = [line for name, text in record for line in (f"{name}:", *text.splitlines(), "")]
            self.show_lines(lines, _MOST_SHOWN)
        self.moveCursor(self.textCursor().MoveOperation.Start)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the preferred size."""
        return QSize(640, 480)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Scroll and mark; keys that go to other records are not the text's."""
        if event.key() in _LETS_PASS and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _show_text(self, text: str) -> None:
        parts = text[:_MOST_CHARACTERS].splitlines()
        if more := len(text[_MOST_CHARACTERS:]):
            parts.append(
                ngettext("… ({count:,} more character)", "… ({count:,} more characters)", more)
            )
        self.show_lines(parts, _MOST_SHOWN)
