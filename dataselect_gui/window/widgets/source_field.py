"""A field for records: a folder or a file, chosen, or dropped on it."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, choose_file, choose_folder

_DROP = N_("none; drop a folder or a file here")


class SourceField(QWidget):
    """Holds the place of records, or none.

    Parameters
    ----------
    name : str
        What the records are.
    takes_drops : bool
        Whether what is dropped on it is taken, rather than left to the place that it stands in.

    Attributes
    ----------
    path : Path or None
        Where they are.

    Signals
    -------
    changed()
        Others were given, or none.
    """

    changed = Signal()

    def __init__(self, name: str, *, takes_drops: bool = True) -> None:
        super().__init__()
        self.path: Path | None = None
        self._name, self._nothing = name, _(_DROP) if takes_drops else _("none")
        self._shown = Elided(Qt.TextElideMode.ElideMiddle)
        self.folder, self.file = Button(_("Folder…")), Button(_("File…"))
        self.remove = Button(_("None"))
        for button in (self.folder, self.file, self.remove):
            button.setAccessibleName(visible(f"{name}: {button.text()}"))
        self.setAcceptDrops(takes_drops)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.SPACE[1])
        line.addWidget(self._shown, 1)
        for button in (self.folder, self.file, self.remove):
            line.addWidget(button)
        self.folder.clicked.connect(self._choose_folder)
        self.file.clicked.connect(self._choose_file)
        self.remove.clicked.connect(self._remove)
        self.show_path(None)

    def show_path(self, path: Path | None) -> None:
        """Hold records, without a word to others."""
        self.path = path
        self._shown.set_full_text(self._nothing if path is None else str(path))
        self.remove.setVisible(path is not None)

    def take(self, path: Path | None) -> None:
        """Hold records that were chosen; None for none."""
        if path != self.path:
            self.show_path(path)
            self.changed.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take one folder or file."""
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Hold what was dropped."""
        event.acceptProposedAction()
        self.take(Path(event.mimeData().urls()[0].toLocalFile()))

    def _choose_folder(self) -> None:
        self._take_chosen(choose_folder(self, self._name))

    def _choose_file(self) -> None:
        self._take_chosen(choose_file(self, self._name))

    def _remove(self) -> None:
        self.take(None)

    def _take_chosen(self, chosen: Path | None) -> None:
        if chosen is not None:
            self.take(chosen)
