"""Statements of account as text for a terminal, and as an HTML page."""

from pathlib import Path
from typing import assert_never

from dataselect_gui.errors import file_refused
from dataselect_gui.pages import render
from dataselect_gui.permissions import replacing
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.workflow.accounts import Account, AccountEntry, Composed, EntryTerms, ledger

NOT_OPENED = N_("(not opened yet)")
"""Instead of the id and the head of an account that holds nothing."""

_RELEASED = N_("Release {release}: {kind} by {mechanism}, {score}")
_UNPROTECTED = N_("Release {release}: {kind} by {mechanism}, {score}, no protection")
_UNCLAIMED = N_("Release {release}: {kind} by {mechanism}, {score}, none claimed")


def statement_in_words(account: Account) -> list[str]:
    """Return an account as lines of text."""
    lines = [_("Ledger {account}", account=account.id or _(NOT_OPENED))]
    lines += [f"  {line}" for line in _sums_in_words(account)]
    for entry in account.entries:
        when = f"{entry.seq:>4} {entry.date}"
        lines.append(f"  {when}  {entry.epsilon or '':<6} {_entry_in_words(entry)}")
    return lines


def _sums_in_words(account: Account) -> list[str]:
    budget = _("not set") if account.budget is None else exact(account.budget)
    left = "–" if account.left is None else exact(account.left)
    lines = [
        _(
            "Budget: ε {budget}. Spent: {spent}. Left: {left}.",
            budget=budget,
            spent=exact(account.total_plain),
            left=left,
        ),
        _(
            "Of the one-sided releases only the largest counts: ε {epsilon}.",
            epsilon=exact(account.one_sided),
        ),
    ]
    if account.composed is not None:
        lines.append(_composed_in_words(account.composed, exact(account.delta)))
    if account.exact_releases:
        lines.append(
            ngettext(
                "{count} release had no protection; these totals do not cover them.",
                "{count} releases had no protection; these totals do not cover them.",
                account.exact_releases,
            )
        )
    return lines


def _composed_in_words(composed: Composed, delta: str) -> str:
    """Return a sentence on the composed totals."""
    return _(
        "The others together, composed as privacy loss distributions: ε {epsilon:.4g} at δ {delta}, or "
        "ε {loose:.4g} at δ {loose_delta}.",
        epsilon=composed.total_pld,
        delta=delta,
        loose=composed.total_pld_loose,
        loose_delta=exact(composed.delta_loose),
    )


def _entry_in_words(entry: AccountEntry) -> str:
    """Describe an entry.

    Raises
    ------
    ValueError
        Where its kind is one that statements leave out.
    """
    terms, release = entry.terms or EntryTerms(), entry.release or ""
    match entry.kind:
        case "opened":
            text = _("The ledger of these records was opened")
        case "joined":
            text = _(
                "Joined with ledger {account}, which shares records or people", account=entry.account
            )
        case "budget":
            text = _("Budget set")
        case "training":
            text = _(
                "Training under differential privacy used these records (δ {delta})", delta=entry.delta
            )
        case "reserved" if entry.threshold_of is not None:
            text = _(
                "Threshold {threshold} of {release} bought",
                threshold=release,
                release=entry.threshold_of,
            )
        case "reserved":
            message = _UNPROTECTED if entry.epsilon is None else _RELEASED
            text = _(
                _UNCLAIMED if terms.conditional else message,
                release=release,
                kind=terms.kind,
                mechanism=terms.mechanism,
                score=terms.score,
            )
        case "drawn":
            text = _("Release {release} was drawn", release=release)
        case "published":
            text = _("Release {release} was written", release=release)
        case "extended" | "sealed" | "kept":
            raise ValueError(f"an entry of kind {entry.kind!r} has no line in a statement")
        case kind:
            assert_never(kind)
    return f"{text}: {entry.reason}" if entry.reason else text


def write_statement(project_path: Path, to: Path) -> None:
    """Write the statement of a project's source as one page: HTML that loads nothing.

    Raises
    ------
    UnusableError
        Where the page cannot be written.
    """
    (account,) = ledger(project_path)
    page = render(
        "statement.html",
        ledger=account.id or _(NOT_OPENED),
        totals=_sums_in_words(account),
        entries=[
            (entry.seq, entry.date, entry.epsilon or "", _entry_in_words(entry))
            for entry in account.entries
        ],
        head=account.head or _(NOT_OPENED),
    )
    try:
        with replacing(to) as file:
            file.write(page.encode())
    except OSError as error:
        raise file_refused(to.name, error) from None
