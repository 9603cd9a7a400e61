"""Words that give way where there is no room for them."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy

from dataselect_gui.plain import visible
from dataselect_gui.window.widgets.plain import Label, elided, tip


class Elided(Label):
    """One line of text that gives way, and is whole in its tool tip.

    Parameters
    ----------
    where : Qt.TextElideMode
        Where it gives way.
    """

    def __init__(self, where: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._where = where
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def words(self) -> str:
        """What it says, whole."""
        return self._words

    def set_words(self, words: str) -> None:
        """Show words, as far as there is room."""
        self._words = words
        self.setAccessibleName(visible(words))
        self.setToolTip(tip(words))
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Elide the words anew."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(elided(self.fontMetrics(), self._words, self._where, self.width()))
