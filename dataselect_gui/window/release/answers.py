"""The left column of the Release place: everything that the owner answers."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.release.advanced import Advanced
from dataselect_gui.window.release.amount import Amount
from dataselect_gui.window.release.cutoff import CutOff
from dataselect_gui.window.release.decided import Decided
from dataselect_gui.window.release.kinds import (
    has_bounds,
    has_cut,
    is_of_everything,
    is_unprotected,
    mechanism_named,
    takes,
)
from dataselect_gui.window.release.parameters import Parameters, read_whole
from dataselect_gui.window.release.prospect import (
    agreed_threshold,
    is_agreed,
    known_bounds,
    when_chosen,
)
from dataselect_gui.window.release.what import What
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.numbers import read_number
from dataselect_gui.window.widgets.plain import Button
from dataselect_gui.window.widgets.term import Titled
from dataselect_gui.window.widgets.training_question import TrainingQuestion
from dataselect_gui.window.widgets.wheel import SpinBox
from dataselect_gui.workflow import (
    Everything,
    Look,
    RecordRule,
    ReleaseRequest,
    Rule,
    exact,
    rule_sentence,
    rule_sentences,
    short_number,
    spoken_name,
)

_SHORT = 120
"""Characters of a rule that is set larger than what stands below it."""


class Answers(QFrame):
    """The left column: everything that the owner answers.

    Signals
    -------
    changed()
        The owner answered something else.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.rule, self.decided = paragraph(step=2), Decided()
        self.numbers = Fold(_("The thresholds"))
        self.conditions = Button(_("More conditions…"))
        self.training = TrainingQuestion()
        self.what, self.amount, self.cut_off = What(), Amount(), CutOff()
        self.parameters, self.advanced = Parameters(), Advanced()
        self.max_contributions = SpinBox()
        self.destination = paragraph()
        self.change = Button(_("Change…"))
        self._has_people = False
        self._build()
        for part in (self.training, self.what, self.amount, self.cut_off, self.parameters):
            part.changed.connect(self._on_change)
        self.max_contributions.valueChanged.connect(self._on_change)
        self.advanced.changed.connect(self.changed)

    # What was answered

    def asked(self) -> ReleaseRequest:
        """Return what was answered, without a destination and without the owner's consent.

        A mechanism that was not chosen is the empty string, which no release has.
        """
        kind, mechanism, fields = self.what.kind, self.what.mechanism, self.parameters
        epsilon, delta = self.amount.read_epsilon(), self.amount.read_delta()
        taken = takes(kind, mechanism)
        return ReleaseRequest(
            to=Path(),
            kind=kind,
            mechanism=mechanism or "",
            epsilon=None if epsilon is None or "epsilon" not in taken else exact(epsilon),
            delta=None if delta is None or "delta" not in taken else exact(delta),
            max_contributions=self.max_contributions.value() if self._has_people else None,
            threshold_from=self.cut_off.source if self._has_cut() else None,
            in_training=self.training.answer,
            count=read_whole(fields.count) if "count" in taken else None,
            bounds=fields.bounds if has_bounds(kind, mechanism, buys=self._buys()) else None,
            pad_to=read_whole(fields.rows) if "pad_to" in taken else None,
            bins=fields.edges if "bins" in taken else None,
            by_class="by_class" in taken
            and fields.by_class.isEnabled()
            and fields.by_class.isChecked(),
            count_threshold=fields.beyond_threshold if "count_threshold" in taken else None,
            passing="passing" in taken and fields.passing.isChecked(),
            clip=read_number(fields.clip) if "clip" in taken else None,
            sign=self.advanced.key,
        )

    # Showing

    def show_project(self, look: Look | None, rule: Rule | None) -> None:
        """Begin anew with a project: records, one-sided, ε 1."""
        if look is not None:
            self.training.finding_out.show_checkpoint(look.checkpoint_digest, look.request.contact)
        self.blockSignals(True)
        self.what.begin()
        self.amount.begin()
        self.cut_off.begin()
        self.parameters.begin(look, rule)
        self.advanced.set_key(None)
        self.max_contributions.setValue(1)
        self._has_people = look is not None and look.unit_column is not None
        self._people.setVisible(self._has_people)
        self.blockSignals(False)
        self.adapt()

    def fix_max_contributions(self, max_contributions: int | None) -> None:
        """Hold m to that of the first release of the source, where there was one."""
        if max_contributions is not None:
            self.max_contributions.setValue(max_contributions)
        self.max_contributions.setEnabled(max_contributions is None)

    def show_rule(self, look: Look | None, rule: Rule | None) -> None:
        """Show the rule, and take its cut-off for the request's only where it is."""
        request = None if look is None else look.request
        if rule is not None and request is not None:
            text = rule_sentence(rule, request)
        elif look is not None and look.waits_for_count:
            text = _("A count with noise decides what is left out.")
        else:
            text = _("No cut-off yet.")
        self.rule.setText(text)
        self.rule.setFont(theme.font(2 if len(text) <= _SHORT else 0))
        numbers = (
            rule_sentences(rule, short_number, spoken_name) if isinstance(rule, RecordRule) else []
        )
        self.numbers.setVisible(bool(numbers) and text != " ".join(numbers))
        self.numbers.set_text(*numbers)
        self.decided.show_rule(look, rule)
        self.what.show_rule(is_of_all=isinstance(rule, Everything))
        agreed = agreed_threshold(look, rule)
        self.cut_off.show_rule(
            rule,
            agreed,
            is_agreed=is_agreed(look, rule, agreed),
            has_bounds=known_bounds(look, rule) is not None,
            chosen=when_chosen(look, rule),
        )
        self.parameters.show_rule(look, rule)
        self.adapt()

    def adapt(self) -> None:
        """Offer only what the answers leave open."""
        self.what.set_unknown(self.training.unknown.isChecked())
        kind, mechanism = self.what.kind, self.what.mechanism
        chosen = mechanism_named(mechanism)
        self.amount.setVisible(chosen is not None and not is_unprotected(mechanism))
        if chosen is not None:
            self.amount.adapt(_(chosen.epsilon_means), has_delta="delta" in chosen.takes)
        # Nothing depends on it where everything leaves, unless a count is still to be drawn.
        asks = not is_of_everything(mechanism) or not self.decided.draw.isHidden()
        self._training.setVisible(asks)
        self._cut.setVisible(self._has_cut())
        self.parameters.adapt(kind, mechanism, buys=self._buys())

    # Within

    def _has_cut(self) -> bool:
        passing = self.parameters.passing.isChecked()
        return has_cut(self.what.kind, self.what.mechanism, passing=passing)

    def _buys(self) -> bool:
        return self._has_cut() and self.cut_off.bought.isChecked()

    def _on_change(self) -> None:
        self.adapt()
        self.changed.emit()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(theme.SPACE[0])
        column.addWidget(paragraph(_("Your rule"), bold=True))
        column.addWidget(self.rule)
        column.addWidget(self.numbers)
        column.addWidget(self.decided)
        column.addWidget(self.conditions, 0, Qt.AlignmentFlag.AlignLeading)
        self._people, self._cut = self._make_people(), _apart(self.cut_off)
        self._training = _apart(self.training)
        for part in (
            self._training,
            _apart(self.what),
            self.amount,
            self._cut,
            self.parameters,
            self._people,
        ):
            column.addWidget(part)
        column.addSpacing(theme.SPACE[2])
        column.addWidget(paragraph(_("Where the bundle goes"), bold=True))
        place = QHBoxLayout()
        place.addWidget(self.destination, 1)
        place.addWidget(self.change)
        column.addLayout(place)
        column.addSpacing(theme.SPACE[1])
        column.addWidget(self.advanced)
        column.addStretch()

    def _make_people(self) -> QWidget:
        self.max_contributions.setRange(1, 10_000)
        self.max_contributions.setFixedWidth(72)
        self.max_contributions.lineEdit().setTextMargins(4, 0, 4, 0)  # The style gives it none.
        self.max_contributions.setAccessibleName(visible(_("Most records of one person")))
        text = _(
            "If a person has more, the others stay; chance decides which, once. The first "
            "release fixes this number."
        )
        box = _apart(Titled(_("Most records of one person"), Term.PERSON))
        layout = box.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.addWidget(self.max_contributions, 0, Qt.AlignmentFlag.AlignLeading)
        layout.addWidget(paragraph(text, role="dim"))
        return box


def _apart(part: QWidget) -> QWidget:
    """Return a part of the column with room above it."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, theme.SPACE[2], 0, 0)
    column.setSpacing(theme.SPACE[0])
    column.addWidget(part)
    return box
