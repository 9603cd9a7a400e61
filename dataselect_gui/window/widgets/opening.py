"""A button that opens a folder or a page with the program that the system has for it."""

from pathlib import Path

from PySide6.QtCore import QUrl, qInstallMessageHandler
from PySide6.QtGui import QDesktopServices, QGuiApplication

from dataselect_gui.texts import _
from dataselect_gui.window.widgets.plain import Button, tip


class OpenButton(Button):
    """Opens what lies at a path; where no program does that, copies the path and says so.

    Parameters
    ----------
    name : str
        What the button says.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._name, self._path = name, Path()
        self.clicked.connect(self._open)

    def set_path(self, path: Path) -> None:
        """Set what it opens."""
        self._path = path
        self.setText(self._name)
        self.setToolTip(tip(str(path)))

    def _open(self) -> None:
        if not open_path(self._path):
            self.setText(_("No program opens it here. Its path is copied."))


def open_path(path: Path) -> bool:
    """Open what lies at a path; where no program does that, copy the path, and return False."""
    # Qt's warning names its own functions; what to do is said by the caller.
    heard = qInstallMessageHandler(_ignore)
    is_open = QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
    qInstallMessageHandler(heard)
    if not is_open:
        QGuiApplication.clipboard().setText(str(path))
    return is_open


def _ignore(*_message: object) -> None:
    """Take a message of Qt that nobody needs."""
