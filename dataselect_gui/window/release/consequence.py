"""The middle column of the Release place: what would follow, and the owner's word on it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QLineEdit, QPushButton, QVBoxLayout, QWidget

from dataselect_gui.window import theme
from dataselect_gui.window.boundary import Note, StayPanel, paragraph
from dataselect_gui.window.release.layout import row
from dataselect_gui.window.release.pictures import Bars, Squares
from dataselect_gui.window.release.plan import Plan
from dataselect_gui.window.release.sentences import (
    BARS,
    CHOOSE_EXACT,
    CONSENT,
    DISCLOSED,
    EARLIER_EXACT,
    EXACT,
    NO_CLAIM,
    PIXELS,
    REPEAT,
    VIEWED,
    WITHHELD,
    budget_sentence,
    least_chance,
    person_sentence,
    picture_sentence,
    promise_sentence,
    usefulness_sentence,
)


class Consequence(QWidget):
    """The middle column: what would follow, for the owner alone.

    Signals
    -------
    changed()
        The owner agreed to something, or no longer, or gave another reason.
    look_through()
        The owner wants to look through the candidates.
    """

    changed = Signal()
    look_through = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._squares, self._bars = Squares(), Bars()
        self.picture, self.bars = paragraph(step=1), paragraph(step=1)
        self.promise, self.person = paragraph(), paragraph()
        self.earlier_exact = paragraph(EARLIER_EXACT)
        self.usefulness, self.budget = paragraph(), paragraph()
        self.repeat = paragraph(REPEAT, role="dim")
        self.viewed = Note("warn", f"{VIEWED}\n{NO_CLAIM}")
        self.exact = Note("stop", EXACT)
        self.choose_exact = QCheckBox(CHOOSE_EXACT)
        self.reason = QLineEdit()
        self.consent = QCheckBox(CONSENT)
        self._build()
        self.consent.toggled.connect(self.changed)
        self.choose_exact.toggled.connect(self.changed)
        self.reason.textChanged.connect(self.changed)

    def forget_consent(self) -> None:
        """Take back the owner's ticks: they were given for other records."""
        self.consent.setChecked(False)
        self.choose_exact.setChecked(False)
        self.reason.clear()

    def show_plan(self, plan: Plan, *, random: int, after_exact: bool) -> None:
        """Show what would follow.

        Parameters
        ----------
        plan : Plan
            The release under consideration.
        random : int
            How many times in 100 a random pick would be in the selection.
        after_exact : bool
            Whether records of this source left without protection before.
        """
        is_exact = plan.mechanism == "exact"
        is_promised = plan.epsilon is not None
        is_claimed = is_promised and plan.threshold_from != "viewed"
        self._pictures.setVisible(is_promised)
        self._belief.setVisible(is_claimed)
        self.promise.setVisible(is_claimed)
        self.person.setVisible(is_claimed and plan.by_person)
        self.earlier_exact.setVisible(is_claimed and after_exact)
        self.usefulness.setVisible(is_promised)
        self.budget.setVisible(is_promised and plan.budget is not None and not plan.is_over)
        self.repeat.setVisible(plan.mechanism is not None)
        self.viewed.setVisible(is_promised and not is_claimed)
        self.exact.setVisible(is_exact)
        if not is_exact:  # The word is given anew each time.
            self.choose_exact.blockSignals(True)
            self.choose_exact.setChecked(False)
            self.choose_exact.blockSignals(False)
        self._stay.setVisible(is_promised)
        if plan.epsilon is not None:
            self._squares.show_share(plan.share)
            self.picture.setText(picture_sentence(plan))
            self.usefulness.setText(usefulness_sentence(plan, random))
            least = least_chance(plan.epsilon)
            self._bars.show_least(least)
            self.bars.setText(BARS.format(least=least))
            self.promise.setText(promise_sentence(plan))
            self.person.setText(person_sentence(plan))
            self.budget.setText(budget_sentence(plan))

    def _build(self) -> None:
        self._stay = StayPanel()
        self._pictures = row(self._squares, self.picture, spacing=16)
        self._belief = row(self._bars, self.bars, spacing=16)
        body = self._stay.body
        body.addWidget(self._pictures)
        body.addSpacing(theme.SPACE[1])
        body.addWidget(self._belief)
        body.addSpacing(theme.SPACE[1])
        for label in (self.promise, self.person, self.earlier_exact, self.usefulness):
            body.addWidget(label)
        body.addWidget(self.budget)
        own = QFrame()
        own.setProperty("role", "panel")
        word = QVBoxLayout(own)
        word.setContentsMargins(16, 12, 16, 16)
        word.setSpacing(theme.SPACE[1])
        word.addWidget(paragraph("Before you release", bold=True))
        word.addWidget(paragraph(DISCLOSED))
        word.addWidget(self.consent)
        look = QPushButton("Look through candidates")
        look.setProperty("role", "link")
        look.clicked.connect(self.look_through)
        word.addWidget(paragraph(PIXELS))
        word.addWidget(look, 0, Qt.AlignmentFlag.AlignLeading)
        word.addWidget(paragraph(WITHHELD, role="dim"))
        word.addWidget(self.repeat)
        self.reason.setPlaceholderText("Reason, kept in the ledger")
        self.reason.setAccessibleName("Reason for a release without protection")
        self.exact.body.addWidget(self.choose_exact)
        self.exact.body.addWidget(self.reason)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[2])
        column.addWidget(self.exact)
        column.addWidget(self.viewed)
        column.addWidget(self._stay)
        column.addWidget(own)
        column.addStretch()
