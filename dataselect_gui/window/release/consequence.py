"""The middle column of the Release place: what would follow, and the owner's word on it."""

from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import (
    AFTER_EXACT,
    CHOOSE_EXACT,
    DISCLOSED,
    EVERYTHING,
    NO_PROTECTION,
    NOT_COVERED_LATER,
    SAME,
    WITHHELD,
    WITHHELD_HERE,
    as_sentence,
)
from dataselect_gui.window.release.expected import Expected
from dataselect_gui.window.release.left_out import LeftOutPanel
from dataselect_gui.window.release.pictures import Bars, Squares
from dataselect_gui.window.release.prospect import Prospect
from dataselect_gui.window.release.sentences import (
    CONSENT,
    IN_FULL,
    NO_RECALL,
    REPEAT,
    bars_sentence,
    budget_sentence,
    earlier_sentence,
    is_about_absence,
    least_chance,
    nearest_sentences,
    picture_sentence,
    usefulness_sentence,
    viewed_sentences,
)
from dataselect_gui.window.release.usefulness import Usefulness
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, StayPanel, paragraph
from dataselect_gui.window.widgets.column import Pair
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.layout import panel, row
from dataselect_gui.window.widgets.plain import Button, CheckBox
from dataselect_gui.window.widgets.term import TermButton
from dataselect_gui.workflow import Look, Rule, exact, leaving_warning, relabelled_sentence

FOR_OTHERS = N_(
    "A page for your data-protection officer: what would leave, what is promised, and, for the two "
    "of you alone, how many records. Saving it releases nothing and uses no budget."
)


_FIRST = N_(
    "Here you see how many records would leave, and what that reveals. One thing is missing first:"
)


def _unprotected() -> str:
    return f"{_(NO_PROTECTION)} {_(NOT_COVERED_LATER)}"


class Consequence(QWidget):
    """The middle column: what would follow, for the owner alone.

    Signals
    -------
    changed()
        The owner agreed to something, or no longer, or gave another reason.
    look_through()
        The owner wants to look through the candidates.
    people_wanted()
        The owner wants to withhold records by a list.
    page_wanted()
        The owner wants a page of what would leave.
    """

    changed = Signal()
    look_through = Signal()
    people_wanted = Signal()
    page_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.first, self.expected = paragraph(), Expected()
        self._squares, self._bars = Squares(), Bars()
        self.picture, self.bars = paragraph(step=1), paragraph(step=1)
        self.promise, self.with_earlier = paragraph(), paragraph()
        self.earlier_exact = paragraph(as_sentence(_(AFTER_EXACT)))
        self.usefulness, self.table, self.budget = paragraph(), Usefulness(), paragraph()
        self.repeat = paragraph(_(REPEAT), role="dim")
        self.viewed = Note("warn")
        self.exact = Note("stop", _unprotected())
        self.choose_exact = CheckBox(_(CHOOSE_EXACT))
        self.reason = QLineEdit()
        self.consent = CheckBox(_(CONSENT))
        self.warning, self._withheld = paragraph(), paragraph(role="dim")
        self.relabelled, self.left_out = paragraph(role="dim"), LeftOutPanel()
        self.save_page, self.saved = Button(_("Save what would leave…")), paragraph(role="dim")
        self._count_cost: Decimal | None = None
        self.uncovered = Fold(_("What ε does not cover"))
        self.drawn = Fold(_("How it works, exactly"))
        self.nearest = Fold(_("The most similar earlier release"))
        self._build()
        self.consent.toggled.connect(self.changed)
        self.choose_exact.toggled.connect(self.changed)
        self.reason.textChanged.connect(self.changed)

    def show_records(self, look: Look | None) -> None:
        """Say what leaves with records of a project's kind that a person may not think of."""
        self.warning.setText(leaving_warning(look))
        decision = None if look is None else look.decision
        is_drawn = decision is not None and decision.leave_out == "count" and not decision.is_waiting
        self._count_cost = decision.epsilon if decision is not None and is_drawn else None

    def forget_consent(self) -> None:
        """Take back the owner's ticks: they were given for other records."""
        self.consent.setChecked(False)
        self.choose_exact.setChecked(False)
        self.reason.clear()

    def show_saved(self, name: str | None) -> None:
        """Say what a page of what would leave is for, or that it was saved as a file of that name."""
        self.saved.setText(_(FOR_OTHERS) if name is None else _("Saved as {name}.", name=name))

    def show_prospect(self, prospect: Prospect, rule: Rule | None, *, after_exact: bool) -> None:
        """Show what would follow; what is being worked out anew is shown as not holding now.

        Parameters
        ----------
        prospect : Prospect
            The release under consideration.
        rule : Rule or None
            What picks its records.
        after_exact : bool
            Whether records of this source left without protection before.
        """
        self.exact.setVisible(prospect.is_exact)
        if prospect.is_everything:
            promise = _(EVERYTHING) if prospect.preview is None else prospect.preview.promise
            self.exact.set_text(promise, *self._count_sentences())
        else:
            self.exact.set_text(_unprotected())
        is_settled = prospect.foreseen is None or not prospect.foreseen.conditional
        self.exact.set_role("stop" if not prospect.is_everything else "stay" if is_settled else "warn")
        for asked in (self.choose_exact, self.reason):
            asked.setVisible(not prospect.is_everything)
        if not prospect.is_exact:  # The word is given anew each time.
            self.choose_exact.blockSignals(True)
            self.choose_exact.setChecked(False)
            self.choose_exact.blockSignals(False)
        is_viewed = prospect.asked.threshold_from == "viewed" and not prospect.is_exact
        self.viewed.setVisible(rule is not None and is_viewed)
        self.viewed.set_text(*viewed_sentences(rule))
        self._disclosing.setVisible(prospect.discloses)
        count = 0 if prospect.foreseen is None else prospect.foreseen.relabelled
        self.relabelled.setText(relabelled_sentence(count))
        self.relabelled.setVisible(count > 0)
        self._withheld.setText(_(WITHHELD if prospect.discloses else WITHHELD_HERE))
        if prospect.waiting:
            self.show_saved(None)  # That was of another release.
        self.save_page.setEnabled(prospect.preview is not None and not prospect.waiting)
        self.expected.show_preview(prospect.preview)
        is_foreseen = prospect.preview is not None and not prospect.is_exact
        self._keep_room(of_budget=is_foreseen)
        if is_foreseen:
            self._show_promise(prospect, after_exact=after_exact)
        for part in self._promised:
            part.setEnabled(not prospect.waiting)
            if not is_foreseen:
                part.hide()
        self.expected.setEnabled(not prospect.waiting)

    def show_first(self, answer: str) -> None:
        """Say what is shown here, and what has to be answered first; empty for nothing."""
        self.first.setText(_(_FIRST), answer)
        self.first.setVisible(bool(answer))

    def _keep_room(self, *, of_budget: bool) -> None:
        """Keep room for the budget while none is set, so that nothing moves under the pointer then."""
        policy = self.budget.sizePolicy()
        if policy.retainSizeWhenHidden() != of_budget:
            policy.setRetainSizeWhenHidden(of_budget)
            self.budget.setSizePolicy(policy)

    def _count_sentences(self) -> list[str]:
        """Say what a count cost that was drawn before; nothing where there was none."""
        if self._count_cost is None:
            return []
        return [
            _("The count itself spent ε {cost}: that is in the ledger.", cost=exact(self._count_cost))
        ]

    def _show_promise(self, prospect: Prospect, *, after_exact: bool) -> None:
        preview, foreseen, expected = prospect.preview, prospect.foreseen, prospect.expected
        assert preview is not None
        assert foreseen is not None
        has_pictures = prospect.kind.selects and expected is not None
        self._seen.setVisible(has_pictures)
        if has_pictures and expected is not None:
            share = expected["recall"]
            self._squares.show_share(share)
            self.picture.setText(picture_sentence(prospect, round(100 * share)))
        claimed = foreseen.epsilon
        self._belief.setVisible(claimed is not None)
        for label in (self._odds, self.with_earlier):
            label.setVisible(claimed is not None)
        if claimed is not None:
            least = least_chance(Decimal(claimed))
            chances = (50, least) if is_about_absence(prospect) else (least, 50, 100 - least)
            self._bars.show_chances(*chances)
            self.bars.setText(bars_sentence(prospect, least))
            self.promise.setText(preview.promise)
            self.with_earlier.setText(earlier_sentence(prospect))
        self.earlier_exact.setVisible(claimed is not None and after_exact)
        self.usefulness.setVisible(expected is not None)
        if expected is not None:
            self.usefulness.setText(usefulness_sentence(prospect, expected))
        self.table.show_prospect(prospect)
        self.budget.setVisible(prospect.budget is not None and not prospect.is_over)
        self.budget.setText(budget_sentence(prospect))
        self.uncovered.show()
        self.drawn.show()
        self.uncovered.set_text(*(f"· {item}" for item in preview.not_protected))
        self.drawn.set_text(preview.mechanism)
        self.nearest.setVisible(preview.nearest is not None and not preview.same)
        nearest = [] if preview.nearest is None else nearest_sentences(preview.nearest)
        self.nearest.set_text(*nearest)
        self.repeat.setText(_(SAME if preview.same else REPEAT))

    def _build(self) -> None:
        self._stay = StayPanel(_("What would follow"))
        body = self._stay.body
        for shown in (self.first, self.expected, self.exact, self.viewed):
            body.addWidget(shown)
        self._belief = row(self._bars, self.bars, spacing=16)
        self._seen = Pair(row(self._squares, self.picture, spacing=16), self._belief, least=460)
        self._odds = row(self.promise, TermButton(Term.ODDS), spacing=0)
        said = (self._seen, self._odds, self.with_earlier, self.earlier_exact, self.usefulness)
        folds = (self.uncovered, self.drawn, self.nearest)
        self._promised: tuple[QWidget, ...] = (*said, self.table, self.budget, *folds)
        for each in (*said, self.table, self.budget):
            body.addWidget(each)
        column = QVBoxLayout()
        column.setSpacing(0)
        for fold in folds:
            column.addWidget(fold)
        body.addLayout(column)
        own, word = panel()
        word.addWidget(paragraph(_("Before you release"), bold=True))
        word.addWidget(self._make_disclosing())
        word.addWidget(self._withheld)
        word.addWidget(self.relabelled)
        by_list = Button(_("Withhold by a list…"))
        by_list.setProperty("role", "link")
        by_list.clicked.connect(self.people_wanted)
        word.addWidget(by_list, 0, Qt.AlignmentFlag.AlignLeading)
        word.addWidget(self.repeat)
        word.addSpacing(theme.SPACE[1])
        word.addWidget(paragraph(_("Does somebody else have to agree?"), bold=True))
        word.addWidget(self.saved)
        word.addWidget(self.save_page, 0, Qt.AlignmentFlag.AlignLeading)
        self.save_page.clicked.connect(self.page_wanted)
        self.show_saved(None)
        self.reason.setPlaceholderText(visible(_("Reason, kept in the ledger")))
        self.reason.setAccessibleName(visible(_("Reason for a release without protection")))
        self.exact.body.addWidget(self.choose_exact)
        self.exact.body.addWidget(self.reason)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[2])
        for part in (self._stay, self.left_out, own):
            column.addWidget(part)
        column.addStretch()

    def _make_disclosing(self) -> QWidget:
        self._disclosing = QWidget()
        look = Button(_("Look through your records"))
        look.setProperty("role", "link")
        look.clicked.connect(self.look_through)
        column = QVBoxLayout(self._disclosing)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE[1])
        column.addWidget(paragraph(_(IN_FULL)))
        column.addWidget(paragraph(f"{_(DISCLOSED)} {_(NO_RECALL)}", role="dim"))
        column.addWidget(self.consent)
        column.addWidget(self.warning)
        column.addWidget(look, 0, Qt.AlignmentFlag.AlignLeading)
        return self._disclosing
