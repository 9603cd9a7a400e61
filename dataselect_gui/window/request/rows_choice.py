"""A file or folder of rows that may be given beside the clean ones."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, choose_file, choose_folder


class RowsChoice(QWidget):
    """Chooses rows, or none.

    Parameters
    ----------
    name : str
        What they are called, for accessibility.

    Signals
    -------
    changed()
        Others were chosen, or none.
    """

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._path: Path | None = None
        self._name = Elided(Qt.TextElideMode.ElideMiddle)
        self.folder, self.file = Button(_("Choose a folder…")), Button(_("Choose a file…"))
        self.none = Button(_("None"))
        self.folder.clicked.connect(self._choose_folder)
        self.file.clicked.connect(self._choose_file)
        self.none.clicked.connect(self.forget)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.SPACE[1])
        for button in (self.folder, self.file, self.none):
            button.setAccessibleName(visible(f"{name}: {button.text()}"))
            line.addWidget(button)
        line.addWidget(self._name, 1)
        self.show_path(None)

    @property
    def path(self) -> Path | None:
        """What was chosen; None for nothing."""
        return self._path

    def show_path(self, path: Path | None) -> None:
        """Show what is chosen; None for nothing."""
        self._path = path
        self._name.set_full_text("" if path is None else str(path))
        self.none.setVisible(path is not None)

    def forget(self) -> None:
        """Choose nothing."""
        self.take(None)

    def take(self, path: Path | None) -> None:
        """Choose a folder or file; None chooses nothing."""
        self.show_path(path)
        self.changed.emit()

    def _choose_folder(self) -> None:
        path = choose_folder(self, _("Choose a folder"))
        if path is not None:
            self.take(path)

    def _choose_file(self) -> None:
        path = choose_file(self, _("Choose a file"))
        if path is not None:
            self.take(path)
