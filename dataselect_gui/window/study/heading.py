"""The top of the Try it page: its name, what is studied, the way back, and what it is for."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, RadioButton
from dataselect_gui.workflow import StudySubject


class Heading(QWidget):
    """Names the page and its subject, and explains it.

    Attributes
    ----------
    back : Button
        Leads to where the person was before.
    about : QWidget
        What is done here, and that it stays.
    questions : list of RadioButton
        What may be asked.

    Signals
    -------
    chosen(int)
        Another question is asked.
    """

    chosen = Signal(int)

    def __init__(self, questions: Sequence[str]) -> None:
        super().__init__()
        self.back = Button(_("Back"))
        self.about = QWidget()
        self._of = Elided(Qt.TextElideMode.ElideMiddle)
        self._of.setProperty("role", "dim")
        self._of.hide()
        self._question, self._explanation = paragraph(step=2, bold=True), paragraph()
        about = QVBoxLayout(self.about)
        about.setContentsMargins(0, 0, 0, 0)
        about.setSpacing(theme.SPACE[0])
        about.addWidget(self._question)
        about.addWidget(self._explanation)
        self.questions = [RadioButton(question) for question in questions]
        self._group, choice = QButtonGroup(self), QHBoxLayout()
        choice.setSpacing(theme.SPACE[2])
        for place, button in enumerate(self.questions):
            self._group.addButton(button, place)
            choice.addWidget(button)
        choice.addStretch()
        self._group.idClicked.connect(self.chosen)
        title, top, column = QVBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        title.setSpacing(0)
        title.addWidget(paragraph(_("Try it"), step=5, bold=True))
        title.addWidget(self._of)
        top.addLayout(title, 1)
        top.addWidget(self.back, 0, Qt.AlignmentFlag.AlignTop)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[3])
        column.addLayout(top)
        column.addLayout(choice)
        column.addWidget(self.about)

    def show_question(self, place: int, question: str, explanation: str) -> None:
        """Show which question is asked, and how it is answered."""
        self.questions[place].setChecked(True)
        self._question.setText(question)
        self._explanation.setText(explanation)

    def allow_choice(self, *, allowed: bool) -> None:
        """Say whether another question may be asked now."""
        for button in self.questions:
            button.setEnabled(allowed)

    def show_subject(self, subject: StudySubject | None) -> None:
        """Show what is studied; None where nothing can be."""
        if subject is not None:
            records, checkpoint = subject.source.name, subject.checkpoint.name
            self._of.set_full_text(
                _("{records}, with {checkpoint}", records=records, checkpoint=checkpoint)
            )
        self._of.setVisible(subject is not None)
