"""A label that is elided where there is no room."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy

from dataselect_gui.plain import visible
from dataselect_gui.window.widgets.plain import Label, elided, tip


class Elided(Label):
    """One line of text, elided to its width and in full in its tool tip.

    Parameters
    ----------
    where : Qt.TextElideMode
        Where it is elided.
    """

    def __init__(self, where: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._where = where
        self._full_text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def full_text(self) -> str:
        """Its text, not elided."""
        return self._full_text

    def set_full_text(self, text: str) -> None:
        """Set its text."""
        self._full_text = text
        self.setAccessibleName(visible(text))
        self.setToolTip(tip(text))
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Elide the text anew."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = elided(self.fontMetrics(), self._full_text, self._where, self.width())
        self.setText("" if shown == "…" else shown)
