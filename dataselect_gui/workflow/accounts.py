"""What was released from a source and what is left."""

import json
from pathlib import Path
from typing import Any

from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.privacy.accounting import largest_one_sided, total_delta, totals
from dataselect_gui.privacy.amounts import exact, positive_amount
from dataselect_gui.privacy.chain import tampered
from dataselect_gui.privacy.home import home
from dataselect_gui.privacy.identity import source_marks
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.privacy.statement import Statement
from dataselect_gui.project.project import Project
from dataselect_gui.release.bundle import RELEASE
from dataselect_gui.release.places import sweep
from dataselect_gui.workflow.asking import check_reason
from dataselect_gui.workflow.places import ledger_of

_HIDDEN = frozenset({"key", "content"})
_BOOKKEEPING = frozenset({"extended", "sealed", "kept"})
"""Lines that hold only what the program needs to know again."""


def ledger(
    project_path: Path | None, set_budget: str | None = None, reason: str | None = None
) -> list[dict[str, Any]]:
    """Return the statement of a project's source, or of all; and change its budget.

    Raises
    ------
    UsageError
        Where a budget is given without a project or a reason.
    UnusableError
        Where the project was never scored.
    """
    if project_path is None:
        if set_budget is not None:
            raise UsageError(
                "Whose budget is meant is not clear.",
                "A budget belongs to the source of one project.",
                "Name the project.",
            )
        book = Ledger(home())
        return [_told(book.statement(account)) for account in book.accounts()]
    if set_budget is not None:
        change_budget(project_path, set_budget, reason)
    book, account = account_of(project_path)
    return [_told(book.statement(account))]


def change_budget(project_path: Path, budget: str, reason: str | None) -> None:
    """Set or change the budget of a project's source.

    Raises
    ------
    UsageError
        Where it is no amount, or has no reason.
    UnusableError
        Where the project was never scored.
    """
    if not (reason or "").strip():
        raise UsageError(
            "A budget needs a reason.",
            "It is kept in the ledger, for whoever asks later.",
            "Give one.",
        )
    check_reason(reason)
    book, account = account_of(project_path)
    book.set_budget(account, positive_amount(budget, "The budget"), str(reason))


def account(project_path: Path) -> dict[str, Any]:
    """Return the statement of a project's source as `ledger` does, at once: without composed totals.

    ``head`` is added: the hash that the account's last entry ends the chain with. Kept elsewhere, it
    shows by `knows_head` that the ledger was shortened, or put back.

    Raises
    ------
    UnusableError
        Where the project was never scored.
    """
    book, found = account_of(project_path)
    statement = book.statement(found)
    return {**_summed(statement), "head": statement.entries[-1].hash}


def knows_head(head: str, project_path: Path) -> bool:
    """Say whether the ledger of a project still holds the entry that a head was noted after."""
    return ledger_of(Project.open(project_path)).knows_head(head.strip().lower())


def hold_against(bundle: Path, project_path: Path | None = None) -> None:
    """Refuse a ledger that does not hold the entry that a bundle from here names.

    Raises
    ------
    RefusedError
        Where it does not: the ledger is older than the bundle, or was made anew.
    UnusableError
        Where there is no such bundle.
    """
    try:
        head = json.loads((bundle / RELEASE).read_text(encoding="utf-8"))["ledger_head"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UnusableError(
            f"“{bundle.name}” is not a bundle.",
            f"Its {RELEASE} cannot be read.",
            "Choose a bundle that was written on this machine.",
        ) from None
    book = Ledger(home()) if project_path is None else ledger_of(Project.open(project_path))
    if not book.knows_head(str(head)):
        raise tampered("It does not hold the release that this bundle was made by.")


def account_of(project_path: Path) -> tuple[Ledger, str]:
    """Return the ledger of a project, and its source's account there."""
    project = Project.open(project_path)
    index, book = project.table.index, ledger_of(project)
    sweep(book.home)
    return book, book.claim(source_marks(index.content, index.people))


def _of_threshold(body: dict[str, Any]) -> dict[str, Any]:
    """Tell a bought threshold in the words of a release: how, and by which score."""
    if "threshold_of" not in body:
        return {}
    return {"terms": {"mechanism": "a bought threshold", "score": body["threshold_of"]}}


def _told(statement: Statement) -> dict[str, Any]:
    sums = totals(statement.charges)
    return {
        **_summed(statement),
        "total_pld": sums.pld,
        "total_pld_loose": sums.pld_loose,
        "delta_loose": exact(sums.delta_loose),
    }


def _summed(statement: Statement) -> dict[str, Any]:
    """Tell what needs no library: sums of decimals, and the entries."""
    charges = statement.charges
    return {
        "id": statement.id,
        "budget": None if statement.budget is None else exact(statement.budget),
        "total_plain": exact(statement.spent),
        "delta": exact(total_delta(charges)),
        "one_sided": exact(largest_one_sided(charges)),
        "left": None if statement.left is None else exact(statement.left),
        "exact_releases": statement.exact,
        "entries": [
            {
                "seq": e.seq,
                "date": e.date,
                "kind": e.kind,
                **{k: v for k, v in e.body.items() if k not in _HIDDEN},
                **_of_threshold(e.body),
            }
            for e in statement.entries
            if e.kind not in _BOOKKEEPING
        ],
    }
