"""Statements of account as text for a terminal, and as an HTML page."""

from decimal import Decimal
from pathlib import Path
from typing import assert_never

from dataselect_gui.errors import file_refused
from dataselect_gui.pages import render
from dataselect_gui.permissions import replacing
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.release.registry import KINDS
from dataselect_gui.scoring.catalog import spoken_name
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.workflow.accounts import Account, AccountEntry, Composed, EntryTerms, ledger

NOT_OPENED = N_("(not opened yet)")
"""Instead of the id and the head of an account that holds nothing."""


def statement_in_words(account: Account) -> list[str]:
    """Return an account as lines of text."""
    lines = [_("Ledger {account}", account=account.id or _(NOT_OPENED))]
    lines += [f"  {line}" for line in _totals(account)]
    for number, entry in enumerate(account.entries, start=1):
        when = f"{number:>4} {entry.date}"
        lines.append(f"  {when}  {entry.epsilon or '':<6} {_line_of(entry)}")
    return lines


def one_sided_total(account: Account) -> str:
    """Return what the one-sided releases come to, as a sentence."""
    return _(
        "All one-sided releases together: ε {epsilon}. Of those that read the same columns, only "
        "the largest counts.",
        epsilon=exact(account.one_sided),
    )


def composed_total(composed: Composed, delta: Decimal) -> str:
    """Return what the releases that are not one-sided come to together, as a sentence.

    Parameters
    ----------
    composed : Composed
        What was worked out.
    delta : Decimal
        The account's sum of δ.
    """
    return _(
        "The others together, counted more exactly (as privacy loss distributions): ε "
        "{epsilon:.4g} at δ {delta}, or ε {loose:.4g} at δ {loose_delta}.",
        epsilon=composed.total_pld,
        delta=exact(delta),
        loose=composed.total_pld_loose,
        loose_delta=exact(composed.delta_loose),
    )


def unprotected_releases(account: Account) -> str:
    """Return how many releases the totals do not cover, as a sentence."""
    return ngettext(
        "{count} release had no protection; these totals do not cover it.",
        "{count} releases had no protection; these totals do not cover them.",
        account.exact_releases,
    )


def entry_description(entry: AccountEntry) -> str:
    """Return what an entry of an account is, without the release's id, ε and the owner's reason.

    Raises
    ------
    ValueError
        Where its kind is one that statements leave out.
    """
    match entry.kind:
        case "opened":
            return _("The ledger of these records was opened")
        case "joined":
            return _(
                "Joined with ledger {account}, which shares records or people", account=entry.account
            )
        case "budget":
            return _("Budget set to ε {epsilon}", epsilon=entry.epsilon)
        case "training":
            return _(
                "Training under differential privacy used these records (δ {delta})", delta=entry.delta
            )
        case "reserved" if entry.threshold_of is not None:
            return _(
                "A cut-off of {score} was picked with protection", score=spoken_name(entry.threshold_of)
            )
        case "reserved" if entry.decides is not None:
            return _("A count with noise decided whether records that look wrong are left out")
        case "reserved":
            return _release_description(entry.terms or EntryTerms())
        case "drawn":
            return _("The release was drawn")
        case "published":
            return _("The bundle was written")
        case "extended" | "sealed" | "coins" | "kept" | "settled" | "shown":
            raise ValueError(f"an entry of kind {entry.kind!r} has no line in a statement")
        case kind:
            assert_never(kind)


def missing_claim(entry: AccountEntry) -> str:
    """Return why the ε of a release claims nothing; empty where it does, or there is no release."""
    if entry.kind != "reserved" or entry.threshold_of is not None or entry.decides is not None:
        return ""
    if entry.terms is not None and entry.terms.conditional:
        return _("none claimed")
    return _("no protection") if entry.epsilon is None else ""


def _release_description(terms: EntryTerms) -> str:
    if terms.score is None:
        message = N_("{kind} by {mechanism}")
    elif terms.threshold is None:
        message = N_("{kind} by {mechanism}, {score}")
    elif terms.lowest:
        message = N_("{kind} by {mechanism}, {score} at most {threshold}")
    else:
        message = N_("{kind} by {mechanism}, {score} at least {threshold}")
    kind = KINDS.get(terms.kind or "")
    return _(
        message,
        kind=terms.kind if kind is None else _(kind.title),
        mechanism=terms.mechanism,
        score=spoken_name(terms.score or ""),
        threshold=terms.threshold,
    )


def _totals(account: Account) -> list[str]:
    budget = _("not set") if account.budget is None else exact(account.budget)
    left = "–" if account.left is None else exact(account.left)
    lines = [
        _(
            "Budget: ε {budget}. Spent: {spent}. Left: {left}.",
            budget=budget,
            spent=exact(account.total_plain),
            left=left,
        ),
        one_sided_total(account),
    ]
    if account.composed is not None:
        lines.append(composed_total(account.composed, account.delta))
    if account.exact_releases:
        lines.append(unprotected_releases(account))
    return lines


def _line_of(entry: AccountEntry) -> str:
    """Return one entry as a line: its release, what it is, why nothing is claimed, the reason."""
    line = entry_description(entry)
    if entry.release:
        line = f"{_('Release {release}', release=entry.release)}: {line}"
    claim = missing_claim(entry)
    line = f"{line}, {claim}" if claim else line
    return f"{line}: {entry.reason}" if entry.reason else line


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
        totals=_totals(account),
        entries=[
            (number, entry.date, entry.epsilon or "", _line_of(entry))
            for number, entry in enumerate(account.entries, start=1)  # As they stand here.
        ],
        head=account.head or _(NOT_OPENED),
    )
    try:
        with replacing(to) as file:
            file.write(page.encode())
    except OSError as error:
        raise file_refused(to.name, error) from None
