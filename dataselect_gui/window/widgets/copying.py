"""A button that copies a text to the clipboard."""

from PySide6.QtGui import QGuiApplication

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.widgets.plain import Button


class CopyButton(Button):
    """Copies a text, and says so as long as it is what the clipboard holds.

    Parameters
    ----------
    name : str
        What the button says.
    content : str
        What it copies.
    """

    def __init__(self, name: str, content: str) -> None:
        super().__init__(name)
        self._name, self._content = name, content
        self.setMinimumWidth(self.sizeHint().width())
        self.clicked.connect(self._copy)
        QGuiApplication.clipboard().dataChanged.connect(self._show)

    def set_content(self, content: str) -> None:
        """Set what it copies."""
        self._content = content
        self._show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._content)

    def _show(self) -> None:
        holds = QGuiApplication.clipboard().text() == self._content
        self.setText(_("Copied") if holds else self._name)
        self.setAccessibleDescription(visible(_("Copied") if holds else ""))
