"""The top of the Try it page: its name, what is studied, the way back, and what it is for."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import StayPanel, paragraph
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button
from dataselect_gui.workflow import StudySubject

QUESTION = N_("Does picking by a score help, with your records?")
EXPLANATION = N_(
    "Small models are trained on the records that a score picks, and on as many random ones; then all "
    "are tested on records that none of them has seen. Nothing leaves this machine, nothing is "
    "released, and nothing is charged to the ledger."
)


class Heading(QWidget):
    """Names the page and its subject, and explains it.

    Attributes
    ----------
    back : Button
        Leads to where the person was before.
    about : QWidget
        What is done here, and that it stays.
    """

    def __init__(self) -> None:
        super().__init__()
        self.back = Button(_("Back"))
        self.about = StayPanel()
        self._of = Elided(Qt.TextElideMode.ElideMiddle)
        self._of.setProperty("role", "dim")
        self._of.hide()
        self.about.body.addWidget(paragraph(_(QUESTION), step=2, bold=True))
        self.about.body.addWidget(paragraph(_(EXPLANATION)))
        title, top, column = QVBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        title.setSpacing(0)
        title.addWidget(paragraph(_("Try it"), step=5, bold=True))
        title.addWidget(self._of)
        top.addLayout(title, 1)
        top.addWidget(self.back, 0, Qt.AlignmentFlag.AlignTop)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[3])
        column.addLayout(top)
        column.addWidget(self.about)

    def show_subject(self, subject: StudySubject | None) -> None:
        """Show what is studied; None where nothing can be."""
        if subject is not None:
            records, checkpoint = subject.source.name, subject.checkpoint.name
            self._of.set_full_text(
                _("{records}, with {checkpoint}", records=records, checkpoint=checkpoint)
            )
        self._of.setVisible(subject is not None)
