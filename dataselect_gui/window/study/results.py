"""What came of a study: the answer in words, then table and figures, then the page with all of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import StayPanel, paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.opening import OpenButton

_LONG = 100
"""Characters of an answer that would fill the page in large letters."""
Part: TypeAlias = tuple[str, Sequence[QWidget]]
"""A title, and what stands below it."""


class ResultsPanel(StayPanel):
    """Shows a finished study."""

    def __init__(self) -> None:
        super().__init__()
        self.verdict, self._top = paragraph(step=5, bold=True), QVBoxLayout()
        self.headline = QVBoxLayout()
        self.headline.setSpacing(theme.SPACE[1])
        self.page, self.folder = OpenButton(_("Open the page")), OpenButton(_("Open folder"))
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
        self.page.set_path(page)
        self.folder.set_path(page.parent)
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
