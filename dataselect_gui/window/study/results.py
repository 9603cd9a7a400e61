"""What came of a study: the answer in words, then table and figures, then the page with all of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import StayPanel, paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.plain import Button

_LONG = 100
"""Characters of an answer that would fill the page in large letters."""
Part: TypeAlias = tuple[str, Sequence[QWidget]]
"""A title, and what stands below it."""


class ResultsPanel(StayPanel):
    """Shows a finished study."""

    def __init__(self) -> None:
        super().__init__()
        self._page = Path()
        self.verdict, self._top = paragraph(step=5, bold=True), QVBoxLayout()
        self.headline = QVBoxLayout()
        self.headline.setSpacing(theme.SPACE[1])
        self.page, self.folder = Button(_("Open the page")), Button(_("Open folder"))
        self.figures = QVBoxLayout()
        self.figures.setSpacing(theme.SPACE[1])
        self._what = paragraph(role="dim")
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE[1])
        buttons.addWidget(self.page)
        buttons.addWidget(self.folder)
        buttons.addStretch()
        self._top.addWidget(self.verdict)
        self.body.addLayout(self._top)
        self.body.addLayout(self.headline)
        self.body.addLayout(buttons)
        self.body.addWidget(self._what)
        self.body.addLayout(self.figures)
        self.page.clicked.connect(self._open_page)
        self.folder.clicked.connect(self._open_folder)

    def show_result(
        self, page: Path, verdict: str, lines: Sequence[str], what: str, parts: Sequence[Part]
    ) -> None:
        """Show what came of a study.

        Parameters
        ----------
        page : Path
            All of it as one page, in the study's folder.
        verdict, lines : str, sequence of str
            The answer, and what else there is to say at once.
        what : str
            When, and what was compared.
        parts : sequence of tuple
            Titles with what stands below each.
        """
        self._page = page
        clear(self._top)
        self.verdict = paragraph(verdict, step=2 if len(verdict) > _LONG else 5, bold=True)
        self._top.addWidget(self.verdict)
        self._what.setText(what)
        for layout in (self.headline, self.figures):
            clear(layout)
        for line in lines:
            self.headline.addWidget(paragraph(line))
        for title, widgets in parts:
            self.figures.addSpacing(theme.SPACE[2])
            self.figures.addWidget(paragraph(title, step=2, bold=True))
            for widget in widgets:
                self.figures.addWidget(widget)

    def _open_page(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._page)))

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._page.parent)))
