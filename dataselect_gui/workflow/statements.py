"""A statement of account in words: for a terminal, and as a page to file or to print."""

from pathlib import Path

from dataselect_gui.errors import file_refused
from dataselect_gui.pages import render
from dataselect_gui.permissions import replacing
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.workflow.accounts import Account, AccountEntry, Composed, EntryTerms, ledger

NOT_OPENED = "(not opened yet)"
"""Instead of the id and the head of an account that holds nothing."""


def statement_in_words(account: Account) -> list[str]:
    """Write a statement of account, as `ledger` gives it, line by line."""
    lines = [f"Ledger {account.id or NOT_OPENED}", *(f"  {line}" for line in _sums_in_words(account))]
    for entry in account.entries:
        when = f"{entry.seq:>4} {entry.date}"
        lines.append(f"  {when}  {entry.epsilon or '':<6} {_entry_in_words(entry)}")
    return lines


def _sums_in_words(account: Account) -> list[str]:
    budget = "not set" if account.budget is None else exact(account.budget)
    left = "–" if account.left is None else exact(account.left)
    lines = [
        f"Budget: ε {budget}. Spent: {exact(account.total_plain)}. Left: {left}.",
        f"Of the one-sided releases only the largest counts: ε {exact(account.one_sided)}.",
    ]
    if account.composed is not None:
        lines.append(_composed_in_words(account.composed, exact(account.delta)))
    if account.exact_releases:
        noun = "release" if account.exact_releases == 1 else "releases"
        lines.append(
            f"{account.exact_releases} {noun} had no protection; these totals do not cover them."
        )
    return lines


def _composed_in_words(composed: Composed, delta: str) -> str:
    """Say what the releases that are not one-sided come to together."""
    return (
        f"The others together, composed as privacy loss distributions: ε {composed.total_pld:.4g} at "
        f"δ {delta}, or ε {composed.total_pld_loose:.4g} at δ {exact(composed.delta_loose)}."
    )


def _entry_in_words(entry: AccountEntry) -> str:
    """Say what one entry of a statement is."""
    terms, release = entry.terms or EntryTerms(), entry.release or ""
    match entry.kind:
        case "opened":
            text = "The ledger of these records was opened"
        case "joined":
            text = f"Joined with ledger {entry.account}, which shares records or people"
        case "budget":
            text = "Budget set"
        case "training":
            text = f"Training under differential privacy used these records (δ {entry.delta})"
        case "reserved" if entry.threshold_of is not None:
            text = f"Threshold {release} of {entry.threshold_of} bought"
        case "reserved":
            claim = "" if entry.epsilon is not None else ", no protection"
            claim = ", none claimed" if terms.conditional else claim
            text = f"Release {release}: {terms.kind} by {terms.mechanism}, {terms.score}{claim}"
        case "drawn":
            text = f"Release {release} was drawn"
        case "published":
            text = f"Release {release} was written"
        case kind:
            text = kind
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
        ledger=account.id or NOT_OPENED,
        totals=_sums_in_words(account),
        entries=[
            (entry.seq, entry.date, entry.epsilon or "", _entry_in_words(entry))
            for entry in account.entries
        ],
        head=account.head or NOT_OPENED,
    )
    try:
        with replacing(to) as file:
            file.write(page.encode())
    except OSError as error:
        raise file_refused(to.name, error) from None
