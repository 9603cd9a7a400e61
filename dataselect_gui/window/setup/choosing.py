"""Buttons that choose a file or folder of records, or a checkpoint."""

from PySide6.QtCore import Signal

from dataselect_gui.texts import _
from dataselect_gui.window.widgets.flow import Flow
from dataselect_gui.window.widgets.plain import Button, choose_file, choose_folder


class Chooser(Flow):
    """Two buttons, for a folder and for a file.

    Signals
    -------
    chosen(Path)
        Something was chosen; inspection finds what it is.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        self.folder = Button(_("Choose a folder…"))
        self.file = Button(_("Choose a file…"))
        super().__init__(self.folder, self.file)
        self.folder.clicked.connect(self._choose_folder)
        self.file.clicked.connect(self._choose_file)

    def _choose_file(self) -> None:
        path = choose_file(self, _("Choose a file"))
        if path is not None:
            self.chosen.emit(path)

    def _choose_folder(self) -> None:
        path = choose_folder(self, _("Choose a folder"))
        if path is not None:
            self.chosen.emit(path)
