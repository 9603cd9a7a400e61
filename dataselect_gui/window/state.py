"""The one state that all views read and through which all changes go.

Four sets are never mixed: *shown* records pass the filter, *marked* ones are highlighted, the
*selection* follows from the rule, and *withheld* ones are the owner's choice. Views hold no copies.
Records of people who opted out are not eligible either, and cannot be restored here.
"""

import contextlib
from collections.abc import Collection, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, UnusableError, disk_refused
from dataselect_gui.texts import _
from dataselect_gui.window.account import AccountReader
from dataselect_gui.window.arrangement import class_codes
from dataselect_gui.window.inputs import Inputs, ScoringRun
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.undo import opting, withholding
from dataselect_gui.window.view import View
from dataselect_gui.workflow import ScoreCut, Selection

if TYPE_CHECKING:
    from dataselect_gui.workflow import Account, Look, RecordClasses, Rule

_LEADS_BACK = frozenset({PlaceId.DELETION, PlaceId.STUDY, PlaceId.REQUEST, PlaceId.RULE})
"""Places that are left for the one where the person was before."""
_MANY, _PICTURES_FIRST = 20_000, 2000
"""Records of which to read the account takes longer than a moment; then, how long that is put off in
milliseconds."""


class State(View):
    """What the window shows.

    Attributes
    ----------
    jobs : Jobs
        The work away from this thread.
    place : PlaceId
        The place that is shown.
    inputs : Inputs
        The records and the checkpoint, also before they are a project.
    interrupted : ScoringRun or None
        The scoring run that can be continued.
    look : Look or None
        The open project.
    accounts : AccountReader
        Reads the ledger.
    account, account_fault : Account, DataSelectError or None
        What was released, and what is left; or why that cannot be read.
    cost : Decimal or None
        The ε that the release under consideration would cost; None where that is not known.
    class_names : list of str
        The labels that occur, sorted.
    class_codes : ndarray of int
        Each record's place in `class_names`; −1 where it has no label. Shape (n,).

    Signals
    -------
    place_changed(PlaceId)
        A place is to be shown after that one, which may be the same.
    inputs_changed()
        Something was given or forgotten, or scoring was interrupted.
    account_changed()
        The ledger was read anew.
    cost_changed()
        The release under consideration would cost something else.
    opened()
        Another project, or none, is open: everything changed.
    selection_changed()
        The rule, its cut or the withheld records changed.
    labels_changed()
        Records have other labels; what depends on these is not there until they are scored again.
    training_changed()
        The owner answered otherwise whether the records helped to train the checkpoint.
    """

    place_changed = Signal(object)
    inputs_changed = Signal()
    account_changed = Signal()
    cost_changed = Signal()
    opened = Signal()
    selection_changed = Signal()
    labels_changed = Signal()
    training_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = Jobs(self)
        self.place = PlaceId.START
        self._place_before = PlaceId.START
        self.inputs = Inputs()
        self.interrupted: ScoringRun | None = None
        self.look: Look | None = None
        self.accounts = AccountReader(self)
        self.accounts.arrived.connect(self._on_account)
        self.account: Account | None = None
        self.account_fault: DataSelectError | None = None
        self.cost: Decimal | None = None
        self.rule: Rule | None = None
        self.withheld = self.opted_out = self.eligible = np.empty(0, dtype=bool)
        self.opted_out_units: frozenset[str] = frozenset()
        self.selection = Selection(np.empty(0, dtype=bool), None)
        self.class_names: list[str] = []
        self.class_codes: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.in_training: str | None = None

    # Places

    def show_place(self, place: PlaceId) -> None:
        """Show a place."""
        before, self.place = self.place, place
        if before not in _LEADS_BACK:
            self._place_before = before
        self.place_changed.emit(before)

    def go_back(self) -> None:
        """Show the place that was shown before one that leads back."""
        self.show_place(self._place_before)

    # Inputs

    @property
    def is_begun(self) -> bool:
        """Whether there is anything to prepare or to score."""
        parts = (self.inputs.source, self.inputs.checkpoint, self.look, self.interrupted)
        return self.jobs.running or any(part is not None for part in parts)

    @property
    def can_score(self) -> bool:
        """Whether there is anything to score, or scoring to continue."""
        inputs = self.inputs
        has_both = inputs.source is not None and inputs.checkpoint is not None and not inputs.obstacle
        return has_both or self.look is not None or self.interrupted is not None

    def set_inputs(self, inputs: Inputs) -> None:
        """Take records, a checkpoint or both; what was stopped with others is not gone on with."""
        self.interrupted = self.interrupted if inputs.are_those_of(self.inputs) else None
        self.inputs = inputs
        self.inputs_changed.emit()

    def note_interrupted(self, run: ScoringRun | None) -> None:
        """Note which scoring run can be continued; None for none."""
        self.interrupted = run
        self.inputs_changed.emit()

    # Opening

    def open(self, project: Path) -> None:
        """Show a project.

        Raises
        ------
        UnusableError
            Where it is not a project.
        """
        try:
            look = workflow.look(project)
        except OSError as error:
            raise disk_refused(error) from None
        self.undo.clear()
        self.look = look
        self.inputs, self.interrupted = Inputs.of(look), None
        self.class_names, self.class_codes = class_codes(
            look.coded_labels if look.has_classes else [None] * len(look.labels)
        )
        self.rule = look.rule
        self.withheld, self.opted_out = look.withheld, look.opted_out
        self.opted_out_units, self.eligible = look.opted_out_units, look.eligible
        self.in_training = look.in_training
        self._begin_view(look, self.cut)
        if self.rule is None:
            self._propose_rule()
        self._select()
        self.account = self.account_fault = self.cost = None
        self.opened.emit()
        self.account_changed.emit()

    def close(self) -> None:
        """Show no project, and forget what was given."""
        self.undo.clear()
        self.inputs, self.interrupted = Inputs(), None
        self.look = self.rule = self.in_training = None
        self._end_view()
        self.class_names, self.class_codes = class_codes(())
        self.opted_out_units = frozenset()
        nothing = np.empty(0, dtype=bool)
        self.withheld = self.opted_out = self.eligible = nothing
        self.selection = Selection(nothing, None)
        self.account = self.account_fault = self.cost = None
        self.opened.emit()
        self.account_changed.emit()

    # The ledger

    def read_first_account(self) -> None:
        """Read the ledger of a project that was opened; of many records, after the first pictures.

        Both need the interpreter, of which each would take from the other for seconds.
        """
        is_many = self.look is not None and len(self.look.ids) > _MANY
        self.read_account(pause=_PICTURES_FIRST if is_many else None)

    def read_account(self, *, pause: int | None = None) -> None:
        """Read the ledger anew, away from this thread: it may have grown, here or elsewhere."""
        if self.look is not None and self.look.ids:
            self.accounts.read(self.look.folder, pause=pause)
        else:
            self.accounts.forget()

    def set_budget(self, amount: Decimal, reason: str) -> None:
        """Change the budget of the open project's account, away from this thread."""
        if self.look is not None:
            self.accounts.set_budget(self.look.folder, amount, reason)

    def _on_account(self, account: "Account | None", fault: DataSelectError | None) -> None:
        self.account, self.account_fault = account, fault
        self.account_changed.emit()

    def note_cost(self, cost: Decimal | None) -> None:
        """Note what the release under consideration would cost."""
        self.cost = cost
        self.cost_changed.emit()

    def answer_training(self, answer: str | None) -> None:
        """Remember whether the records helped to train the checkpoint, as `ReleaseRequest` has it."""
        if answer == self.in_training:
            return
        try:
            if self.look is not None and answer is not None:
                workflow.answer_training(self.look.folder, answer)
        except DataSelectError as error:
            self.failed.emit(error)
        except OSError as error:
            self.failed.emit(disk_refused(error))
        else:
            self.in_training = answer
        self.training_changed.emit()

    # Changes, each one step of undo

    @property
    def cut(self) -> ScoreCut | None:
        """The rule where it is a cut of one score; None where it is another, or there is none."""
        return self.rule if isinstance(self.rule, ScoreCut) else None

    def set_rule(self, rule: "Rule", change: str = "") -> None:
        """Replace the rule; undo names the change by what it is called."""
        if rule != (before := self.rule):
            name = change or _("change of the rule")
            self._push(name, lambda: self._rule_now(rule), lambda: self._rule_now(before))

    def note_classes(self, classes: "RecordClasses") -> None:
        """Note the class of each record, which rules may read."""
        self.look = None if self.look is None else self.look.with_classes(classes)

    def show_labels(self, look: "Look", names: list[str], codes: NDArray[np.int64]) -> None:
        """Show the project with other labels of some records, and the names and codes of classes."""
        self.look, self.class_names, self.class_codes = look, names, codes
        self._renew_view(look)
        self._select()
        self.labels_changed.emit()
        self.selection_changed.emit()

    def preview_rule(self, rule: "Rule") -> None:
        """Show what a rule would select, without storing it: while a cut-off is dragged."""
        self._select(rule)
        self.selection_changed.emit()

    def end_preview(self) -> None:
        """Show what the project's own rule selects again."""
        self._select()
        self.selection_changed.emit()

    def withhold(self, rows: Sequence[int]) -> None:
        """Withhold records: they will never leave."""
        self._set_withheld([row for row in rows if not self.withheld[row]], value=True)

    def restore(self, rows: Sequence[int]) -> None:
        """Withhold records no longer; those of people who opted out stay ineligible."""
        self._set_withheld([row for row in rows if self.withheld[row]], value=False)

    def opt(self, units: Collection[str], *, out: bool) -> None:
        """Put units on the list of those who opted out, or take them off it."""
        before = self.opted_out_units
        after = before | frozenset(units) if out else before - frozenset(units)
        if after != before:
            changed = np.flatnonzero(self._of_units(before) ^ self._of_units(after)).tolist()
            self._push(
                opting(len(changed), out=out),
                lambda: self._opted_out_now(after),
                lambda: self._opted_out_now(before),
                changed,
            )

    # Within

    def _set_withheld(self, rows: Sequence[int], *, value: bool) -> None:
        if rows:
            self._push(
                withholding(len(rows), value=value),
                lambda: self._withheld_now(rows, value=value),
                lambda: self._withheld_now(rows, value=not value),
                rows,
            )

    def _rule_now(self, rule: "Rule | None") -> None:
        assert self.look is not None
        workflow.put_selection(self.look.folder, rule, self._names(self.withheld))
        self.rule = rule
        self._select()
        self.selection_changed.emit()

    def _withheld_now(self, rows: Sequence[int], *, value: bool) -> None:
        assert self.look is not None
        withheld = self.withheld.copy()
        withheld[list(rows)] = value
        workflow.put_selection(self.look.folder, self.rule, self._names(withheld))
        self.withheld, self.eligible = withheld, ~(withheld | self.opted_out)
        self._select()
        self.selection_changed.emit()

    def _opted_out_now(self, units: frozenset[str]) -> None:
        assert self.look is not None
        workflow.put_opted_out(self.look.folder, units)
        self.opted_out_units, self.opted_out = units, self._of_units(units)
        self.eligible = ~(self.withheld | self.opted_out)
        self._select()
        self.selection_changed.emit()

    def _of_units(self, units: frozenset[str]) -> NDArray[np.bool_]:
        assert self.look is not None
        return np.array([unit in units for unit in self.look.units or self.look.ids], dtype=bool)

    def _names(self, rows: NDArray[np.bool_]) -> list[str]:
        assert self.look is not None
        return [self.look.ids[row] for row in np.flatnonzero(rows).tolist()]

    def _propose_rule(self) -> None:
        """Set the rule that a project begins with."""
        assert self.look is not None
        look = self.look
        rule = workflow.usual_rule(look.decision, look.request, look.scores, len(look.ids))
        # A project that cannot be written now is shown without a rule.
        with contextlib.suppress(UnusableError, OSError):
            workflow.put_selection(look.folder, rule, self._names(self.withheld))
            self.rule = rule

    def _select(self, rule: "Rule | None" = None) -> None:
        """Find what the rule selects, or the one that is previewed."""
        if self.look is not None and self.columns is not None:
            self.selection = self.look.picked_by(rule or self.rule, self.eligible)
            self.columns.note(self.selection.chosen, self.withheld, self.opted_out)
