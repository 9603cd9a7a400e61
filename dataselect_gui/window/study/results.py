"""What came of a study: the answer in words, then table and figures, then the page with all of it."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.texts import N_, _
from dataselect_gui.window.study.choices import summary
from dataselect_gui.window.study.figure import Figure
from dataselect_gui.window.study.picks import Picks
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import StayPanel, paragraph
from dataselect_gui.window.widgets.column import clear
from dataselect_gui.window.widgets.plain import Button
from dataselect_gui.workflow import StudyFigure, StudyResult

INTERVALS = N_("In brackets: the interval that holds the expected difference 95 times in 100.")
NO_FIGURE = N_("The figure is not there any more; the page still holds it.")


class ResultsPanel(StayPanel):
    """Shows a finished study."""

    def __init__(self) -> None:
        super().__init__()
        self._page = Path()
        self.verdict = paragraph(step=5, bold=True)
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
        self.body.addWidget(self.verdict)
        self.body.addLayout(self.headline)
        self.body.addLayout(buttons)
        self.body.addWidget(self._what)
        self.body.addLayout(self.figures)
        self.page.clicked.connect(self._open_page)
        self.folder.clicked.connect(self._open_folder)

    def show_result(self, result: StudyResult) -> None:
        """Show what came of a study."""
        self._page = result.page
        self.verdict.setText(result.verdict)
        self._what.setText(
            _(
                "Finished on {date}. {summary}",
                date=result.finished,
                summary=summary(result.choices),
            )
        )
        for layout in (self.headline, self.figures):
            clear(layout)
        for line in (*result.headline, result.tally):
            self.headline.addWidget(paragraph(line))
        for place, figure in enumerate(result.figures):
            self.figures.addSpacing(theme.SPACE[2])
            self.figures.addWidget(paragraph(_(figure.question), step=2, bold=True))
            self.figures.addWidget(paragraph(figure.sentence))
            self.figures.addWidget(_figure(figure))
            if place == 0:
                self.figures.addWidget(Picks(result.lines))
                self.figures.addWidget(paragraph(_(INTERVALS), role="dim"))

    def _open_page(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._page)))

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._page.parent)))


def _figure(figure: StudyFigure) -> QWidget:
    try:
        return Figure(figure.path, _(figure.question), figure.sentence)
    except OSError:
        return paragraph(_(NO_FIGURE), role="dim")
