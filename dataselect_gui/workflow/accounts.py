"""What was released from a source and what is left."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.privacy.accounting import one_sided_total, total_delta, totals
from dataselect_gui.privacy.amounts import exact, positive_amount
from dataselect_gui.privacy.entry_forms import EntryKind
from dataselect_gui.privacy.entry_store import Entry
from dataselect_gui.privacy.home import home
from dataselect_gui.privacy.identity import source_marks
from dataselect_gui.privacy.ledger import Ledger, Session
from dataselect_gui.privacy.refusals import tampered
from dataselect_gui.privacy.snapshot import Snapshot
from dataselect_gui.privacy.statement import Statement
from dataselect_gui.project.project import Project
from dataselect_gui.release.bundle import RELEASE
from dataselect_gui.texts import _
from dataselect_gui.workflow.places import ledger_of
from dataselect_gui.workflow.release_request import check_reason

_HIDDEN = frozenset({"key", "content"})
_BOOKKEEPING: frozenset[EntryKind] = frozenset(
    {"extended", "sealed", "coins", "kept", "settled", "shown"}
)
"""Entries that only the program needs; statements leave them out."""


@dataclass(frozen=True)
class EntryTerms:
    """The terms of a release that a statement shows; None for those that the entry does not hold.

    Attributes
    ----------
    kind, mechanism : str or None
        Names of the kind of release and of the mechanism.
    score : str or None
        The score that records were selected by.
    threshold, threshold_from, bounds_from : str or None
        The rule's threshold, and the origins of the threshold and of the score's bounds.
    lowest, conditional : bool
        Whether the lowest scores were selected; whether no ε is claimed.
    """

    kind: str | None = None
    mechanism: str | None = None
    score: str | None = None
    threshold: str | None = None
    threshold_from: str | None = None
    bounds_from: str | None = None
    lowest: bool = False
    conditional: bool = False


@dataclass(frozen=True)
class AccountEntry:
    """An entry of an account; attributes that its kind does not have are None.

    Attributes
    ----------
    seq : int
        Its number in the ledger.
    date : str
        The day on which it was written.
    kind : str
        An `EntryKind`.
    epsilon, delta : str or None
        Amounts, as they are written.
    release : str or None
        The id of the release.
    terms : EntryTerms or None
        What the release is.
    max_contributions : int or None
        The most records of one unit that took part.
    threshold_of : str or None
        The score whose threshold was bought.
    decides : str or None
        Of a count that decided whether records that look wrong are left out: the rule's α.
    account : str or None
        The account that was joined.
    reason : str or None
        The owner's.
    document : mapping
        The whole entry, as JSON holds it.
    """

    seq: int
    date: str
    kind: EntryKind
    epsilon: str | None
    delta: str | None
    release: str | None
    terms: EntryTerms | None
    max_contributions: int | None
    threshold_of: str | None
    decides: str | None
    account: str | None
    reason: str | None
    document: Mapping[str, object]


@dataclass(frozen=True)
class Composed:
    """The composed privacy loss of all releases but the one-sided ones.

    Attributes
    ----------
    total_pld : float
        ε at the account's δ.
    total_pld_loose : float
        ε at `delta_loose`.
    delta_loose : Decimal
        A larger δ.
    """

    total_pld: float
    total_pld_loose: float
    delta_loose: Decimal


@dataclass(frozen=True)
class Account:
    """What was released from a source, and what is left.

    Attributes
    ----------
    id : str or None
        The account's id; None where the ledger has no account of the source yet.
    budget : Decimal or None
        None where no budget is set.
    total_plain, delta : Decimal
        The plain total, which the budget counts, and the sum of δ.
    one_sided : Decimal
        The largest ε of the one-sided releases, part of the plain total.
    left : Decimal or None
        The budget less the plain total.
    exact_releases : int
        How many releases had no protection.
    entries : tuple of AccountEntry
        In the ledger's order.
    head : str or None
        The hash of the account's last entry. A copy kept elsewhere shows, by `knows_head`, whether the
        ledger was truncated or restored from an older copy.
    composed : Composed or None
        None where it was not computed.
    """

    id: str | None
    budget: Decimal | None
    total_plain: Decimal
    delta: Decimal
    one_sided: Decimal
    left: Decimal | None
    exact_releases: int
    entries: tuple[AccountEntry, ...]
    head: str | None
    composed: Composed | None = None

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        document: dict[str, object] = {
            "id": self.id,
            "budget": None if self.budget is None else exact(self.budget),
            "total_plain": exact(self.total_plain),
            "delta": exact(self.delta),
            "one_sided": exact(self.one_sided),
            "left": None if self.left is None else exact(self.left),
            "exact_releases": self.exact_releases,
            "entries": [entry.document for entry in self.entries],
        }
        if self.composed is not None:
            document["total_pld"] = self.composed.total_pld
            document["total_pld_loose"] = self.composed.total_pld_loose
            document["delta_loose"] = exact(self.composed.delta_loose)
        return document


def ledger(
    project_path: Path | None, set_budget: str | None = None, reason: str | None = None
) -> list[Account]:
    """Return the account of a project's source, or all; and change its budget.

    Raises
    ------
    UsageError
        Where a budget is given without a project or a reason.
    UnusableError
        Where the project was never scored.
    """
    if project_path is not None:
        if set_budget is None:
            return [_composed(_statement(project_path))]
        return [_composed(_set_budget(project_path, set_budget, reason))]
    if set_budget is not None:
        raise UsageError(
            _("Whose budget is meant is not clear."),
            _("A budget belongs to the source of one project."),
            _("Name the project."),
        )
    with Ledger(home()).snapshot() as snapshot:
        statements = [snapshot.statement(account) for account in snapshot.accounts()]
    return [_composed(statement) for statement in statements]


def change_budget(project_path: Path, budget: str, reason: str | None) -> Account:
    """Set or change the budget of a project's source; return the account after it.

    Raises
    ------
    UsageError
        Where it is no amount, or has no reason.
    UnusableError
        Where the project was never scored.
    """
    return _account(_set_budget(project_path, budget, reason))


def account(project_path: Path) -> Account:
    """Return the account of a project's source without composed totals, which take long to compute.

    Raises
    ------
    UnusableError
        Where the project was never scored.
    """
    return _account(_statement(project_path))


def knows_head(head: str, project_path: Path) -> bool:
    """Say whether the ledger of a project holds the entry whose hash is `head`."""
    with ledger_of(Project.open(project_path)).snapshot() as snapshot:
        return snapshot.knows_head(head.strip().lower())


def hold_against(bundle: Path, project_path: Path | None = None) -> None:
    """Check that the ledger holds the entry that a bundle written on this machine names.

    Raises
    ------
    RefusedError
        Where it does not: the ledger is older than the bundle, or another one.
    UnusableError
        Where there is no such bundle.
    """
    try:
        head = json.loads((bundle / RELEASE).read_text(encoding="utf-8"))["ledger_head"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UnusableError(
            _("“{name}” is not a bundle.", name=bundle.name),
            _("Its {release} cannot be read.", release=RELEASE),
            _("Choose a bundle that was written on this machine."),
        ) from None
    ledger = Ledger(home()) if project_path is None else ledger_of(Project.open(project_path))
    with ledger.snapshot() as snapshot:
        if not snapshot.knows_head(str(head)):
            raise tampered(_("It does not hold the release that this bundle was made by."))


def marks_of(project: Project) -> set[bytes]:
    """Return the marks by which the ledger recognises a project's source."""
    index = project.table.index
    return source_marks(index.content, index.people, index.whole_rows)


def account_in(session: Session, project: Project) -> str:
    """Return the account of a project's source, which claims one where the project remembers none."""
    known = project.settings.account
    return known if known is not None and session.knows(known) else session.claim(marks_of(project))


def statement_in(snapshot: Snapshot, project: Project) -> Statement:
    """Return the statement of a project's source; empty where the ledger does not know it."""
    known = project.settings.account
    if known is not None and snapshot.knows(known):
        return snapshot.statement(known)
    return snapshot.statement_of(marks_of(project))


def _statement(project_path: Path) -> Statement:
    project = Project.open(project_path)
    marks = marks_of(project)
    with ledger_of(project).snapshot() as snapshot:
        return snapshot.statement_of(marks)


def _set_budget(project_path: Path, budget: str, reason: str | None) -> Statement:
    if not (reason or "").strip():
        raise UsageError(
            _("A budget needs a reason."),
            _("It is kept in the ledger, for whoever asks later."),
            _("Give one."),
        )
    check_reason(reason)
    project = Project.open(project_path)
    marks, amount = marks_of(project), positive_amount(budget, _("The budget"))
    with ledger_of(project).session() as session:
        account = session.claim(marks)
        session.set_budget(account, amount, str(reason))
        return session.statement(account)


def _account(statement: Statement, composed: Composed | None = None) -> Account:
    """Return the account of a statement."""
    return Account(
        id=statement.id,
        budget=statement.budget,
        total_plain=statement.spent,
        delta=total_delta(statement.charges),
        one_sided=one_sided_total(statement.charges),
        left=statement.left,
        exact_releases=statement.exact,
        entries=tuple(_line(e) for e in statement.entries if e.kind not in _BOOKKEEPING),
        head=statement.head,
        composed=composed,
    )


def _composed(statement: Statement) -> Account:
    sums = totals(statement.charges)
    return _account(statement, Composed(sums.pld, sums.pld_loose, sums.delta_loose))


def _line(entry: Entry) -> AccountEntry:
    document: dict[str, object] = {
        "seq": entry.seq,
        "date": entry.date,
        "kind": entry.kind,
        **{name: value for name, value in entry.body.items() if name not in _HIDDEN},
    }
    if "threshold_of" in entry.body:  # Shown like a release: mechanism and score.
        document["terms"] = {
            "mechanism": "a bought threshold",
            "score": entry.body["threshold_of"],
        }
    if "decides" in entry.body:
        document["terms"] = {"mechanism": "a noised count"}
    terms = document.get("terms")
    return AccountEntry(
        seq=entry.seq,
        date=entry.date,
        kind=entry.kind,
        epsilon=entry.body.get("epsilon"),
        delta=entry.body.get("delta"),
        release=entry.body.get("release"),
        terms=_terms(terms) if isinstance(terms, dict) else None,
        max_contributions=entry.body.get("per_unit"),
        threshold_of=entry.body.get("threshold_of"),
        decides=entry.body.get("decides"),
        account=entry.body.get("account"),
        reason=entry.body.get("reason"),
        document=document,
    )


def _terms(stated: Mapping[str, object]) -> EntryTerms:
    """Read the terms that a statement shows, for every kind and mechanism."""

    def text(name: str) -> str | None:
        value = stated.get(name)
        return None if value is None else str(value)

    return EntryTerms(
        kind=text("kind"),
        mechanism=text("mechanism"),
        score=text("score"),
        threshold=text("threshold"),
        threshold_from=text("threshold_from"),
        bounds_from=text("bounds_from"),
        lowest=bool(stated.get("lowest")),
        conditional=bool(stated.get("conditional")),
    )
