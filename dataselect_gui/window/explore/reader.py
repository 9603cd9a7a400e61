"""The current record where it is read, not seen: all of its text, or its cells."""

from math import ceil

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy

from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import Lines
from dataselect_gui.workflow import Lines as Record

_MOST_CHARACTERS, _MOST_CELLS = 20_000, 1000
_GAP, _LEAST_HEIGHT = 12, 48


class Reader(Lines):
    """Shows a text, or names with their texts in two columns; what has no room is scrolled to."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "reader")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(theme.font())
        self.setAccessibleName(visible(_("The record")))
        self._lines: Record | str | None = None
        self._most = 0

    def show_record(self, lines: Record | str) -> None:
        """Show a record, or why it cannot be shown."""
        if lines == self._lines:
            return  # Whoever scrolled stays there.
        self._lines = lines
        if isinstance(lines, str):
            self.show_lines([lines])
        elif any(name for name, _text in lines):
            pairs = list(lines[:_MOST_CELLS])
            metrics = self.fontMetrics()
            widest = max(metrics.horizontalAdvance(visible(name)) for name, _text in pairs)
            self.setTabStopDistance(min(widest, self.width() // 2) + _GAP)
            if more := len(lines) - len(pairs):
                pairs.append((ngettext("{count} more", "{count} more", more), ""))
            self.show_pairs(pairs)
        else:
            text = "\n".join(text for _name, text in lines)
            parts = text[:_MOST_CHARACTERS].splitlines()
            if more := len(text[_MOST_CHARACTERS:]):
                parts.append(
                    ngettext("… ({count:,} more character)", "… ({count:,} more characters)", more)
                )
            self.show_lines(parts)
        self._fit()

    def set_most(self, height: int) -> None:
        """Set how high it may be."""
        self._most = height
        self._fit()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a width that is used nowhere, and the height."""
        return QSize(240, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Be as high as the text takes."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _fit(self) -> None:
        text, block = 0.0, self.document().begin()
        while block.isValid():
            text += self.blockBoundingRect(block).height()
            block = block.next()
        around = self.height() - self.viewport().height() + 2 * self.document().documentMargin()
        self.setFixedHeight(max(_LEAST_HEIGHT, min(ceil(text + around), self._most)))
