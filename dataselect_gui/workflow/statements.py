"""A statement of account in words: for a terminal, and as a page to file or to print."""

from pathlib import Path

from dataselect_gui import __version__
from dataselect_gui.errors import file_refused
from dataselect_gui.permissions import replacing
from dataselect_gui.plain import Html
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.workflow.accounts import Account, AccountEntry, Composed, EntryTerms, ledger

NOT_OPENED = "(not opened yet)"
"""Instead of the id and the head of an account that holds nothing."""
_STYLE = Html(
    "body{font:16px/1.45 system-ui,sans-serif;max-width:54rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b2027}h1{font-size:1.5rem;margin:0}td,th{padding:.15rem .8rem .15rem 0;"
    "vertical-align:top;text-align:left}code{word-break:break-all}@media print{body{margin:0}}"
)
_PAGE = Html(
    """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Statement of a ledger</title>
<style>{style}</style></head><body>
<h1>Statement of a ledger</h1>
<p>Ledger <code>{ledger}</code>. The owner's own copy: it is not privatised.</p>
<ul>{totals}</ul>
<table><tr><th></th><th>Day</th><th>ε</th><th>What</th></tr>
{entries}</table>
<p>The chain of entries ends with <code>{head}</code>.</p>
<p>Written by DataSelect {version}.</p>
</body></html>
"""
)
_ENTRY = Html("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>")


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
    entries = (
        _ENTRY.format(entry.seq, entry.date, entry.epsilon or "", _entry_in_words(entry))
        for entry in account.entries
    )
    page = _PAGE.format(
        style=_STYLE,
        ledger=account.id or NOT_OPENED,
        totals=Html("").join(Html("<li>{}</li>").format(line) for line in _sums_in_words(account)),
        entries=Html("").join(entries),
        head=account.head or NOT_OPENED,
        version=__version__,
    )
    try:
        with replacing(to) as file:
            file.write(page.encode())
    except OSError as error:
        raise file_refused(to.name, error) from None
