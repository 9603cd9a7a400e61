"""The page “More conditions”: a rule on one record, in plain words, with what it picks."""

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, UsageError, disk_refused
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.latest import PAUSE_MILLISECONDS, Latest
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.release.prospect import when_chosen
from dataselect_gui.window.rule.conditions import ConditionPanel
from dataselect_gui.window.rule.share import ShareForm
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, StayPanel, paragraph
from dataselect_gui.window.widgets.column import ColumnPlace, clear
from dataselect_gui.window.widgets.flow import Flow
from dataselect_gui.window.widgets.fold import Fold
from dataselect_gui.window.widgets.layout import panel, row
from dataselect_gui.window.widgets.plain import Button, choose_file
from dataselect_gui.workflow import (
    Condition,
    Everything,
    FixedRule,
    JobContext,
    JobKind,
    Look,
    RecordClasses,
    RecordRule,
    Rule,
    ScoreCut,
    requested_rule,
    rule_sentence,
)

EXPLANATION = N_(
    "The rule looks at one record at a time, and at limits that anybody may know. It picks a"
    " record that meets all conditions."
)
CHOSEN_AFTER = N_(
    "You are choosing this after seeing scores. A release by it comes with no privacy "
    "guarantee, but still uses budget. If it was agreed before anybody saw scores, say so in"
    " Release."
)
LATE = N_(
    "You are choosing this after seeing scores, not before. A release by it comes with no "
    "privacy guarantee, but still uses budget."
)
IS_RULE = N_("This is your rule.")
NO_RULE = N_("None yet.")
NO_CLASSES = N_("Conditions for each class are not possible now: {why}")
OTHER_CLASSES = N_("This rule needs the class of each record, and the classes are not known now.")
_JSON = N_("Rules (*.json)")


class RulePlace(ColumnPlace, Place):
    """Where a rule of several conditions is put together; it becomes the project's by one button.

    Signals
    -------
    failed(DataSelectError)
        A rule cannot be used.
    """

    place_id = PlaceId.RULE
    failed = Signal(object)

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._reading = Latest(self)
        self._classes: RecordClasses | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MILLISECONDS)
        self._timer.timeout.connect(self._show_candidate)
        self._began_with: Rule | None = None
        self.conditions: list[ConditionPanel] = []
        self.back, self.use = Button(_("Back")), Button(_("Use this rule"))
        self.use_asked = Button(_("Use the consortium's rule"))
        self.add, self.load = Button(_("Add a condition")), Button(_("Load a rule file…"))
        self.everything = Button(_("All records that may leave"))
        self.share = ShareForm()
        self.now, self.asked, self.in_full = paragraph(), paragraph(), Fold(_("In full"))
        self.sentences, self.count, self.error = QVBoxLayout(), paragraph(bold=True), Note("stop")
        self.late = paragraph(_(LATE), role="warning")
        self.viewed, self.no_classes = Note("warn"), paragraph(role="warning")
        self._list = QVBoxLayout()
        self._build()
        self._connect()

    @property
    def is_working(self) -> bool:
        """Whether classes are being read, or what a rule picks is about to be shown."""
        return self._reading.waiting or self._timer.isActive()

    @property
    def has_threads(self) -> bool:
        """Whether its thread is running."""
        return self._reading.running

    def close_threads(self) -> None:
        """Stop reading and wait for the thread."""
        self._reading.close()

    def entered(self) -> None:
        """Begin with the rule that there is."""
        self._classes = None
        self.no_classes.hide()
        self._show_rules()
        self._read_classes()
        self.add.setFocus()

    def left(self) -> None:
        """Keep nothing that was not used."""
        self._timer.stop()
        self._reading.drop()

    def show_rule(self, rule: Rule | None) -> None:
        """Show a rule to be changed: none, one cut-off, or conditions."""
        start = _as_conditions(rule)
        self._clear()
        for condition in start.conditions:
            self._add_panel(condition)
        self.share.show_keep(start.keep, self._scores(), self._names())
        self._show_candidate()

    def load_file(self, path: Path) -> None:
        """Show the rule of a file, as `select --rule` reads it."""
        try:
            rule = workflow.read_rule_file(path)
        except DataSelectError as error:
            self._show_error(str(error))
        else:
            self.show_rule(rule)

    # Building

    def _build(self) -> None:
        self.use.setProperty("role", "primary")
        top = QHBoxLayout()
        top.addWidget(paragraph(_("More conditions"), step=5, bold=True), 1)
        top.addWidget(self.back)
        self.column.addLayout(top)
        self.column.addWidget(paragraph(_(EXPLANATION), role="dim"))
        self._asked_panel, asked = panel()
        asked.addWidget(paragraph(_("The consortium's rule"), bold=True))
        asked.addWidget(self.asked)
        asked.addWidget(self.in_full)
        asked.addWidget(self.late)
        asked.addWidget(self.use_asked, 0, Qt.AlignmentFlag.AlignLeading)
        self._now_panel, now = panel()
        now.addWidget(paragraph(_("Your rule now"), bold=True))
        now.addWidget(self.now)
        self._list.setSpacing(theme.SPACE[2])
        for part in (self._now_panel, self._asked_panel, self.no_classes):
            self.column.addWidget(part)
        self.column.addLayout(self._list)
        self.column.addWidget(Flow(self.add, self.load, self.everything))
        self.column.addWidget(self.share)
        self.picked = picked = StayPanel()
        picked.body.addWidget(paragraph(_("What this picks"), step=2, bold=True))
        self.sentences.setSpacing(theme.SPACE[0])
        picked.body.addLayout(self.sentences)
        picked.body.addWidget(self.count)
        self.column.addWidget(picked)
        self.column.addWidget(self.viewed)
        self.column.addWidget(self.error)
        self.column.addWidget(row(self.use, paragraph()))
        self.column.addStretch(1)
        self.error.hide()

    def _connect(self) -> None:
        self.back.clicked.connect(self._state.go_back)
        self.add.clicked.connect(self._add_condition)
        self.load.clicked.connect(self._choose_file)
        self.everything.clicked.connect(self._show_everything)
        self.use.clicked.connect(self._use)
        self.use_asked.clicked.connect(self._use_asked)
        self.share.changed.connect(self._timer.start)
        self._state.selection_changed.connect(self._on_selection)

    # The conditions on the screen

    def _scores(self) -> list[str]:
        look = self._state.look
        return [] if look is None else list(look.scores)

    def _names(self) -> list[str]:
        return [] if self._classes is None else list(self._classes.names)

    def _clear(self) -> None:
        self.conditions = []
        clear(self._list)

    def _add_panel(self, condition: Condition) -> ConditionPanel:
        panel = ConditionPanel(self._scores())
        panel.show_condition(condition, self._names())
        panel.changed.connect(self._timer.start)
        panel.unwanted.connect(self._remove)
        self.conditions.append(panel)
        self._list.addWidget(panel)
        return panel

    def _add_condition(self) -> None:
        scores = self._scores()
        used = {panel.score.chosen() for panel in self.conditions}
        score = next((name for name in scores if name not in used), scores[0] if scores else "")
        panel = self._add_panel(Condition(score, None, None))
        panel.most.field.setFocus()
        self._timer.start()

    def _remove(self) -> None:
        panel = self.sender()
        assert isinstance(panel, ConditionPanel)
        self.conditions.remove(panel)
        self._list.removeWidget(panel)
        panel.hide()
        panel.deleteLater()
        self.add.setFocus()
        self._timer.start()

    def _show_everything(self) -> None:
        self.show_rule(Everything())

    def _choose_file(self) -> None:
        path = choose_file(self, _("A file with a rule"), _(_JSON))
        if path is not None:
            self.load_file(path)

    def candidate(self) -> FixedRule:
        """Return the rule that is on the screen.

        Raises
        ------
        UsageError
            Where it is none, or none that this project can select by.
        """
        look, keep = self._state.look, self.share.form()
        assert look is not None
        if not self.conditions and keep is None:
            return Everything()
        conditions = [panel.form() for panel in self.conditions]
        try:
            rule = workflow.read_rule({"conditions": conditions, "keep": keep})
        except ValueError as error:
            raise UsageError(str(error), "", "") from None
        listed = rule.classes if isinstance(rule, RecordRule) else frozenset()
        if not (look.scores.keys() >= set(rule.scores) and listed <= set(self._names())):
            self._check(look, rule)
        if isinstance(rule, RecordRule) and rule.reads_classes and look.classes is None:
            raise UsageError(_(OTHER_CLASSES), "", "")
        return rule

    def _check(self, look: Look, rule: Rule) -> None:
        try:
            workflow.check_rule(look.folder, rule)
        except OSError as error:
            raise disk_refused(error) from None

    # Showing

    def _show_rules(self) -> None:
        look, rule, asked = self._state.look, self._state.rule, self._asked()
        self._began_with = rule
        if look is None:
            return
        # What conditions can say stands below in full.
        self._now_panel.setVisible(not isinstance(rule, RecordRule | Everything))
        self.now.setText(_(NO_RULE) if rule is None else rule_sentence(rule, look.request))
        self._asked_panel.setVisible(asked is not None)
        if asked is not None:
            is_rule = asked == rule
            self.asked.setText(_(IS_RULE) if is_rule else rule_sentence(asked, look.request))
            self.in_full.setVisible(not is_rule and isinstance(asked, RecordRule))
            self.in_full.set_text(
                *workflow.rule_sentences(asked, workflow.short_number, workflow.spoken_name)
                if isinstance(asked, RecordRule)
                else ()
            )
            self.use_asked.setVisible(not is_rule)
            self.late.setVisible(not is_rule and when_chosen(look, asked) == "late")
        self.show_rule(rule)

    def _asked(self) -> Rule | None:
        look = self._state.look
        return None if look is None else requested_rule(look.request, look.scores, len(look.ids))

    def _show_candidate(self) -> None:
        """Show the words of what is on the screen, and how many it picks."""
        self._timer.stop()
        clear(self.sentences)
        self.viewed.hide()
        self._show_error("")
        look = self._state.look
        if look is None:
            return
        try:
            rule = self.candidate()
        except DataSelectError as error:
            self.use.setEnabled(False)
            self.use.setText(_("Use this rule"))
            self.picked.hide()
            self._show_error(str(error).strip())
            return
        self.picked.show()
        for sentence in workflow.rule_sentences(rule, workflow.short_number, workflow.spoken_name):
            self.sentences.addWidget(paragraph(sentence))
        picked = look.picked_by(rule, self._state.eligible)
        eligible = int(self._state.eligible.sum())
        self.count.setText(
            ngettext(
                "{picked:,} of {count:,} record that may leave",
                "{picked:,} of {count:,} records that may leave",
                eligible,
                picked=int(picked.chosen.sum()),
            )
        )
        consequence = self._consequence(rule)
        self.viewed.set_text(consequence)
        self.viewed.setVisible(bool(consequence))
        is_rule = rule == self._state.rule
        self.use.setEnabled(not is_rule)
        self.use.setText(_(IS_RULE) if is_rule else _("Use this rule"))

    def _consequence(self, rule: FixedRule) -> str:
        """Return why a release by a rule would claim no ε, as sentences; empty where it may."""
        match when_chosen(self._state.look, rule):
            case "before":
                return ""
            case "late":
                return _(LATE)
            case "open":
                is_public = isinstance(rule, Everything) or rule == self._asked()
                return "" if is_public else _(CHOSEN_AFTER)

    def _show_error(self, text: str) -> None:
        self.error.set_text(text)
        self.error.setVisible(bool(text))

    # What happens

    def _read_classes(self) -> None:
        look = self._state.look
        if look is None:
            return
        folder = look.folder

        def work(context: JobContext) -> tuple[Path, RecordClasses]:
            del context
            return folder, workflow.read_classes(folder)

        self._reading.ask(JobKind.LABEL_MATCHING, work, self._on_classes, self._on_no_classes)

    def _on_classes(self, result: tuple[Path, RecordClasses]) -> None:
        look, (folder, classes) = self._state.look, result
        if look is None or look.folder != folder:
            return
        self._classes = classes
        if classes.names:
            self._state.note_classes(classes)
        for conditions in self.conditions:  # What was typed meanwhile stays.
            conditions.offer_classes(classes.names)
        self.share.offer_classes(classes.names)
        self._show_candidate()

    def _on_no_classes(self, error: DataSelectError) -> None:
        why = f"{error.what} {error.why}"
        self.no_classes.setText(_(NO_CLASSES, why=why))
        self.no_classes.show()

    def _on_selection(self) -> None:
        if self._state.place is PlaceId.RULE and self._state.rule != self._began_with:
            self._show_rules()

    def _use(self) -> None:
        look = self._state.look
        assert look is not None
        try:
            rule = self.candidate()
            self._check(look, rule)
        except DataSelectError as error:
            self._show_error(str(error).strip())
            return
        if isinstance(rule, Everything):
            change = _("rule: everything that may leave")
        else:
            number = len(rule.conditions)
            change = ngettext("rule of {count} condition", "rule of {count} conditions", number)
        self._leave_with(rule, change)

    def _use_asked(self) -> None:
        look, asked = self._state.look, self._asked()
        if look is None or asked is None:
            return
        try:
            self._check(look, asked)
        except DataSelectError as error:
            self._show_error(str(error))
            return
        self._leave_with(asked, _("the consortium's rule"))

    def _leave_with(self, rule: Rule, change: str) -> None:
        self._state.go_back()  # First: what is shown there follows the selection.
        self._state.set_rule(rule, change)


def _as_conditions(rule: Rule | None) -> RecordRule:
    """Return a rule as conditions to begin with; of a number or a share of records there is none."""
    if isinstance(rule, RecordRule):
        return rule
    if isinstance(rule, ScoreCut) and rule.by == "threshold":
        least, most = (None, rule.value) if rule.lowest else (rule.value, None)
        return RecordRule((Condition(rule.score, least, most),))
    return RecordRule(())
