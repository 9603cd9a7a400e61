"""The first view of a source's scores, noted before it in the project and in the ledger.

A copy of a project, and another project of the same records, know of no view by themselves. What they
learn from the ledger counts as if it had happened in them: marks that are not those of the first view
were made late, and so was a decision, unless the ledger was asked after it and knew of no view.
"""

import contextlib

import msgspec
import numpy as np

from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.privacy.identity import content_marks
from dataselect_gui.privacy.ledger import Session
from dataselect_gui.privacy.statement import Statement
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Marks, StoredDecision
from dataselect_gui.selection.rules import Rule
from dataselect_gui.workflow.accounts import account_in, statement_in
from dataselect_gui.workflow.marks import eligible_then
from dataselect_gui.workflow.places import ledger_of


def note_shown(project: Project) -> None:
    """Note, before a score is shown for the first time, that it is.

    Raises
    ------
    UnusableError
        Where that cannot be noted in the project: then no score may be shown.
    """
    if project.settings.shown is not None:
        return
    try:
        with project.exclusive(0):
            settle(project)
            project.save()
    except (UnusableError, OSError):  # Another process scores into it, or the disk refuses.
        project.note_shown_unheld()


def settle(project: Project, session: Session | None = None) -> None:
    """Note that a score is shown, and the marks, in a project that the caller has locked and saves.

    Parameters
    ----------
    project : Project
        With records.
    session : Session or None
        The ledger's, where the caller has one. Where it cannot be opened, the project alone knows,
        and tells the ledger when its records are scored further, or released.
    """
    if session is not None:
        _compare(project, session, is_shown=True)
        return
    _compare_with_ledger(project, is_shown=True)
    _note_in_project(project)  # Where the ledger could not be opened.


def learn_of_view(project: Project) -> None:
    """Take over the first view that the ledger knows of, or tell it of the project's own.

    Where the ledger cannot be opened, nothing is learned.

    Parameters
    ----------
    project : Project
        With records; locked, and saved, by the caller.
    """
    _compare_with_ledger(project, is_shown=False)


def was_shown(project: Project) -> bool:
    """Say whether scores of a project's records were shown, as the project and the ledger know.

    What the ledger knows is taken over.

    Raises
    ------
    RefusedError, UnusableError
        Where the ledger cannot be read.
    """
    if project.settings.shown is None:
        with ledger_of(project).snapshot() as ledger:
            take_over_view(project, statement_in(ledger, project))
    return project.settings.shown is not None


def take_over_view(project: Project, statement: Statement) -> None:
    """Take over the first view that the ledger knows of, where the project knows of none.

    The settings are changed, and not saved.
    """
    settings = project.settings
    if settings.shown is None and statement.shown is not None and not settings.demo:
        settings.shown = Marks(_ineligible_then(project, statement.shown), [])
        settings.decision = _taken_late(settings.decision)
        for digest, kept in settings.other_checkpoints.items():
            settings.other_checkpoints[digest] = msgspec.structs.replace(
                kept, decision=_taken_late(kept.decision)
            )


def may_be_told(project: Project, rule: Rule) -> bool:
    """Say whether what a rule picks may be told: it reads no score, or scores were shown before."""
    return not rule.scores or project.settings.shown is not None


def _compare_with_ledger(project: Project, *, is_shown: bool) -> None:
    if project.settings.demo:
        return  # Whoever tries it again after its project was deleted has not seen it.
    with contextlib.suppress(RefusedError, UnusableError), ledger_of(project).session() as session:
        _compare(project, session, is_shown=is_shown)


def _compare(project: Project, session: Session, *, is_shown: bool) -> None:
    """Let project and ledger learn of each other's first view, which may be now."""
    settings = project.settings
    account = settings.account = account_in(session, project)
    statement = session.statement(account)
    take_over_view(project, statement)
    if settings.shown is None and settings.decision is not None:
        settings.decision = msgspec.structs.replace(settings.decision, is_settled=True)
    if is_shown:
        _note_in_project(project)
    if isinstance(settings.shown, Marks) and statement.shown is None:
        index = project.table.index
        rows = ~eligible_then(project, index.ids, settings.shown)
        session.note_shown(account, content_marks(index.content[rows]))


def _note_in_project(project: Project) -> None:
    settings = project.settings
    if settings.shown is None:
        settings.shown = Marks(list(settings.withheld), list(settings.opted_out))


def _ineligible_then(project: Project, marks: frozenset[bytes]) -> list[str]:
    """Return the ids of the records whose contents were not eligible at the first view."""
    if not marks:
        return []
    index = project.table.index
    rows = np.flatnonzero([mark in marks for mark in content_marks(index.content)])
    return [index.ids[row] for row in rows.tolist()]


def _taken_late(decision: StoredDecision | None) -> StoredDecision | None:
    """Return what is left of a decision after a view: a count that was not drawn decides nothing."""
    if decision is None or decision.is_settled:
        return decision
    if decision.leave_out == "none" or decision.decided_rule is None:
        return None
    return msgspec.structs.replace(decision, is_late=True)
