"""A statement of account in words: for a terminal, and as a page to file or to print."""

from pathlib import Path
from typing import Any

from dataselect_gui.errors import file_refused
from dataselect_gui.pages import render
from dataselect_gui.permissions import replacing
from dataselect_gui.workflow.accounts import account, ledger


def statement_in_words(one: dict[str, Any]) -> list[str]:
    """Write a statement of account, as `ledger` gives it, line by line."""
    lines = [f"Ledger {one['id']}", *(f"  {line}" for line in _sums_in_words(one))]
    for entry in one["entries"]:
        when = f"{entry['seq']:>4} {entry['date']}"
        lines.append(f"  {when}  {entry.get('epsilon', ''):<6} {_entry_in_words(entry)}")
    return lines


def _sums_in_words(one: dict[str, Any]) -> list[str]:
    lines = [
        f"Budget: ε {one['budget'] or 'not set'}. Spent: {one['total_plain']}. "
        f"Left: {one['left'] or '–'}.",
        f"Of the one-sided releases only the largest counts: ε {one['one_sided']}.",
        _composed_in_words(one),
    ]
    if one["exact_releases"]:
        noun = "release" if one["exact_releases"] == 1 else "releases"
        lines.append(
            f"{one['exact_releases']} {noun} had no protection; these totals do not cover them."
        )
    return lines


def _composed_in_words(one: dict[str, Any]) -> str:
    """Say what the releases that are not one-sided come to together."""
    return (
        f"The others together, composed as privacy loss distributions: ε {one['total_pld']:.4g} at "
        f"δ {one['delta']}, or ε {one['total_pld_loose']:.4g} at δ {one['delta_loose']}."
    )


def _entry_in_words(entry: dict[str, Any]) -> str:
    """Say what one entry of a statement is."""
    terms, reason = entry.get("terms") or {}, entry.get("reason")
    release = entry.get("release", "")
    match entry["kind"]:
        case "opened":
            text = "The ledger of these records was opened"
        case "joined":
            text = f"Joined with ledger {entry['account']}, which shares records or people"
        case "budget":
            text = "Budget set"
        case "training":
            text = f"Training under differential privacy used these records (δ {entry['delta']})"
        case "reserved" if "threshold_of" in entry:
            text = f"Threshold {release} of {entry['threshold_of']} bought"
        case "reserved":
            claim = "" if "epsilon" in entry else ", no protection"
            claim = ", none claimed" if terms.get("conditional") else claim
            text = (
                f"Release {release}: {terms.get('kind')} by {terms.get('mechanism')}, "
                f"{terms.get('score')}{claim}"
            )
        case "drawn":
            text = f"Release {release} was drawn"
        case "published":
            text = f"Release {release} was written"
        case kind:
            text = kind
    return f"{text}: {reason}" if reason else text


def write_statement(project_path: Path, to: Path) -> None:
    """Write the statement of a project's source as one page: HTML that loads nothing.

    Raises
    ------
    UnusableError
        Where the page cannot be written.
    """
    one, head = ledger(project_path)[0], account(project_path)["head"]
    page = render(
        "statement.html",
        ledger=one["id"],
        totals=_sums_in_words(one),
        entries=[
            (entry["seq"], entry["date"], entry.get("epsilon", ""), _entry_in_words(entry))
            for entry in one["entries"]
        ],
        head=head,
    )
    try:
        with replacing(to) as file:
            file.write(page.encode())
    except OSError as error:
        raise file_refused(to.name, error) from None
