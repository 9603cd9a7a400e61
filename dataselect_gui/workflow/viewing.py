"""Views of scores: what was settled before them, by the ledger, and what came after.

Before scores of a source are shown, the ledger notes who is eligible, what is decided about leaving
records out, and the view. So the order in which things happened is known to every project of these
records, and to one that is made later. What a project settled holds as long as

- the same records are eligible as then, of those that were known then,
- the owner gave them the same labels here as then, and
- the last decision before each view is the project's own: that for its checkpoint, or that for any
  other one where none was taken for it. So a decision holds for checkpoints that come later, too.

Of records that nobody saw, nothing is late.
"""

import contextlib
import hashlib
import json
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.privacy.identity import known_records, labelling, population, source_marks
from dataselect_gui.privacy.ledger import Session
from dataselect_gui.privacy.snapshot import Snapshot
from dataselect_gui.privacy.statement import Statement
from dataselect_gui.privacy.views import Settled
from dataselect_gui.project.project import MOMENT_SECONDS, Project
from dataselect_gui.project.settings import StoredDecision
from dataselect_gui.workflow.accounts import account_in, statement_in
from dataselect_gui.workflow.decisions import wrong_decision
from dataselect_gui.workflow.marks import eligible_records
from dataselect_gui.workflow.places import ledger_of


@dataclass(frozen=True)
class Standing:
    """How a project stands to the views of its records.

    Attributes
    ----------
    checkpoint : str
        The digest of the project's checkpoint.
    was_shown : bool
        Whether scores of some of the records were shown.
    is_noted : bool
        Whether the ledger knows of a view of each record.
    are_marks_late : bool
        Whether other records are eligible than at some view.
    are_labels_late : bool
        Whether the owner gave eligible records other labels than those that they had at some view.
    before : tuple of Settled or None
        For each view, what was settled before it for this checkpoint; None where nothing was.
    may_differ : bool
        Whether there was a view that this ledger does not know of, and marks may have changed since.
    """

    checkpoint: str
    was_shown: bool = False
    is_noted: bool = False
    are_marks_late: bool = False
    are_labels_late: bool = False
    before: tuple[Settled | None, ...] = ()
    may_differ: bool = False

    def was_leaving_out(self, request: Request) -> bool:
        """Whether it was decided before some view that records are left out, or a count decides.

        For a checkpoint that came later that means something only where its request has such a rule.
        """
        has_rule = wrong_decision(request) is not None
        return any(
            settled is not None
            and settled.leave_out in {"wrong", "count"}
            and (has_rule or settled.checkpoint == self.checkpoint)
            for settled in self.before
        )

    def is_before(self, decision: StoredDecision) -> bool:
        """Say whether a decision is the one that was taken before every view."""
        return all(settled is not None and self._is(settled, decision) for settled in self.before)

    def decision(self, request: Request) -> StoredDecision | None:
        """Return the decision that was taken before every view, by the request's rule.

        None where there was none, or the request brings no rule that it could be about.
        """
        first = self.before[0] if self.before else None
        if first is None or not first.leave_out:
            return None
        wrong = wrong_decision(request)
        decision = StoredDecision("none") if first.leave_out == "none" else wrong
        if decision is not None and first.leave_out == "count":
            decision = msgspec.structs.replace(decision, leave_out="count", epsilon=first.epsilon)
        return decision if decision is not None and self.is_before(decision) else None

    def _is(self, settled: Settled, decision: StoredDecision) -> bool:
        stated = _settled(self.checkpoint, "", decision)
        if (settled.leave_out, settled.epsilon) != (stated.leave_out, stated.epsilon):
            return False
        # The rule of a checkpoint that came later is its request's, which the consortium fixed.
        return settled.rule == stated.rule or settled.checkpoint != self.checkpoint


def standing_of(project: Project, snapshot: Snapshot, statement: Statement) -> Standing:
    """Return how a project stands to the views that the ledger knows of.

    Parameters
    ----------
    project : Project
        With records.
    snapshot : Snapshot
        The ledger.
    statement : Statement
        The statement of the project's source.
    """
    index, checkpoint = project.table.index, project.settings.checkpoint.digest
    eligible = eligible_records(project, index.ids)
    if project.settings.demo:  # Who tries it again, after its project was deleted, has not seen it.
        is_late = project.was_shown and not eligible.all()
        is_relabelled = project.was_shown and bool(_labels_given(project, eligible))
        return Standing(checkpoint, project.was_shown, project.is_view_noted, is_late, is_relabelled)
    seen, is_late, before = ~index.content.any(axis=1), False, list[Settled | None]()
    is_relabelled = False
    unsettled = seen.copy()
    for view in snapshot.views(statement):
        known = known_records(index.content, index.whole_rows, view.known)
        if known.any():
            settled = view.settled_for(checkpoint)
            now = population(index.content, index.people, index.whole_rows, eligible & known)
            is_late |= settled is None or settled.population != now
            labels = "" if settled is None else settled.labels
            is_relabelled |= labels != _labels_given(project, eligible & known)
            before.append(settled)
            seen |= known
            if settled is None:
                unsettled |= known
    is_from_elsewhere = project.was_shown and not snapshot.knows(project.first_shown_in)
    if is_from_elsewhere or not (project.was_shown or project.settings.notes_views):
        # What was settled before the first view is not known.
        may_differ = is_from_elsewhere or not eligible.all()
        is_noted = is_from_elsewhere and bool(before and unsettled.all())
        is_late |= may_differ
        is_relabelled |= bool(_labels_given(project, eligible))
        views = (None, *before)
        return Standing(checkpoint, True, is_noted, is_late, is_relabelled, views, may_differ)
    is_noted = bool(before and seen.all())
    return Standing(checkpoint, bool(before), is_noted, is_late, is_relabelled, tuple(before))


def _labels_given(project: Project, taken: NDArray[np.bool_]) -> str:
    """Return the digest of the labels that the owner gave some records in the project."""
    given, index = project.settings.relabelled, project.table.index
    if not given:
        return ""
    rows = {row: given[name] for row, name in enumerate(index.ids) if taken[row] and name in given}
    return labelling(index.content, index.people, index.whole_rows, rows)


def standing_now(project: Project) -> Standing:
    """Return how a project stands to the views of its records.

    Raises
    ------
    RefusedError, UnusableError
        Where the ledger cannot be read.
    """
    with ledger_of(project).snapshot() as ledger:
        return standing_of(project, ledger, statement_in(ledger, project))


def was_shown(project: Project) -> bool:
    """Say whether scores of some records of a project were shown, as far as can be known now."""
    if project.was_shown or not project.settings.notes_views:
        return True
    with contextlib.suppress(RefusedError, UnusableError):
        return standing_now(project).was_shown
    return False


def note_view(project: Project, session: Session | None = None) -> None:
    """Note, before scores of a project are shown, that they are, and what is settled.

    Parameters
    ----------
    project : Project
        With records; another process may hold it.
    session : Session or None
        The ledger's, where the caller has one.

    Raises
    ------
    RefusedError, UnusableError
        Where that cannot be noted: then no score may be shown.
    """
    if session is None and project.is_view_noted:
        return
    if project.settings.demo:
        project.mark_view_noted("")
        return
    with contextlib.ExitStack() as held:
        ledger = session or held.enter_context(ledger_of(project).session(MOMENT_SECONDS))
        account = account_in(ledger, project)
        standing = standing_of(project, ledger, ledger.statement(account))
        if not standing.is_noted:
            if not standing.may_differ:
                _write_settled(project, ledger, account, standing)
            index = project.table.index
            marks = source_marks(index.content, None, index.whole_rows)
            ledger.note_shown(account, marks, elsewhere=standing.may_differ)
    project.mark_view_noted(account)


def note_settled(project: Project, request: Request) -> None:
    """Note in the ledger what is settled as long as nobody saw the scores, and learn what is late.

    Where the ledger cannot be written, nothing is: what is settled is noted before the first view.

    Parameters
    ----------
    project : Project
        With records; locked, and saved, by the caller.
    request : Request
        The consortium's.
    """
    if project.settings.demo:
        return
    with (
        contextlib.suppress(RefusedError, UnusableError),
        ledger_of(project).session(MOMENT_SECONDS) as ledger,
    ):
        account = project.settings.account = account_in(ledger, project)
        standing = standing_of(project, ledger, ledger.statement(account))
        follow_ledger(project, standing, request)
        if not standing.is_noted and None not in standing.before:
            _write_settled(project, ledger, account, standing)


def follow_ledger(project: Project, standing: Standing, request: Request) -> None:
    """Make a project's decision the one that was taken before every view, or say that it is late.

    The settings are changed, and not saved.
    """
    settings, known = project.settings, project.settings.decision
    if not standing.before:
        return
    decided = standing.decision(request)
    if decided is None:
        settings.decision = _taken_late(known)
    elif known is None or known.is_late or not standing.is_before(known):
        settings.decision = decided


def _write_settled(project: Project, ledger: Session, account: str, standing: Standing) -> None:
    """Note what a project settles: who is eligible, and a decision that came before every view."""
    index, decision = project.table.index, project.settings.decision
    eligible = eligible_records(project, index.ids)
    taken = population(index.content, index.people, index.whole_rows, eligible)
    if decision is not None and not standing.is_before(decision):
        decision = None
    settled = _settled(standing.checkpoint, taken, decision)
    ledger.note_settled(account, replace(settled, labels=_labels_given(project, eligible)))


def _settled(checkpoint: str, taken: str, decision: StoredDecision | None) -> Settled:
    if decision is None or decision.is_late:
        return Settled(checkpoint, taken)
    rule = ""
    if decision.leave_out != "none":
        stated = json.dumps([decision.rule, decision.alpha], sort_keys=True)
        rule = hashlib.sha256(stated.encode()).hexdigest()
    epsilon = "" if decision.epsilon is UNSET else decision.epsilon
    return Settled(checkpoint, taken, decision.leave_out, rule, epsilon)


def _taken_late(decision: StoredDecision | None) -> StoredDecision | None:
    """Return what is left of a decision after a view: a count that was not drawn decides nothing."""
    if decision is None or decision.leave_out == "none" or decision.decided_rule is None:
        return None
    return msgspec.structs.replace(decision, is_late=True)
