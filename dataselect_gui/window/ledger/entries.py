"""The entries of a ledger, line by line: what it is, of what, its ε, and where that came from."""

from collections.abc import Sequence

from dataselect_gui.window.widgets.table import Table
from dataselect_gui.workflow import AccountEntry, EntryTerms

_COLUMNS = ("When", "Entry", "What", "ε", "Where from, or why")
_STRETCHED = (2, 4)
_ENTRY = {
    "opened": "Ledger",
    "joined": "Ledger",
    "budget": "Budget",
    "training": "Training",
    "reserved": "Release",
    "drawn": "Drawn",
    "published": "Written",
}
_WHAT = {
    "opened": "The ledger of these records was opened",
    "joined": "Joined with the ledger of a source that shares records",
    "training": "Training under differential privacy used these records",
    "drawn": "The release was drawn",
    "published": "The bundle was written",
}
_KIND = {
    "records": "Records",
    "offers": "Offers",
    "scores": "Noised scores",
    "report": "Noised counts",
    "gradient": "Noised gradient",
}
_CUT = {
    "request": "Cut-off from the request",
    "agreed": "Cut-off agreed beforehand",
    "bought": "Cut-off bought",
    "viewed": "Cut-off chosen after viewing",
}
_BOUNDS = {
    "request": "bounds from the request",
    "score": "bounds that the score has by itself",
    "agreed": "bounds agreed beforehand",
}


class Entries(Table):
    """The entries of one ledger."""

    def __init__(self) -> None:
        super().__init__("Entries of the ledger", _COLUMNS, _STRETCHED)

    def show_entries(self, entries: Sequence[AccountEntry]) -> None:
        """Show entries of an account."""
        self.show_rows(
            [line_of(entry) for entry in entries], [f"Entry {entry.seq}" for entry in entries]
        )


def line_of(entry: AccountEntry) -> tuple[str, str, str, str, str]:
    """Return what one entry says, column by column."""
    kind = entry.kind
    name = "Cut-off" if entry.threshold_of is not None else _ENTRY.get(kind, kind)
    if kind in {"reserved", "drawn", "published"}:
        name = f"{name} {str(entry.release)[:8]}"
    return entry.date, name, _what(entry), _epsilon(entry), _origin(entry)


def _what(entry: AccountEntry) -> str:
    terms, kind = entry.terms or EntryTerms(), entry.kind
    if kind == "budget":
        return f"Set to ε {entry.epsilon}"
    if entry.threshold_of is not None:
        return f"A private cut-off of {entry.threshold_of}"
    if kind == "reserved":
        beyond = "at most" if terms.lowest else "at least"
        cut = "" if terms.threshold is None else f" {beyond} {terms.threshold}"
        what = _KIND.get(str(terms.kind), str(terms.kind))
        return f"{what} by {terms.mechanism}, {terms.score}{cut}"
    return _WHAT.get(kind, kind)


def _epsilon(entry: AccountEntry) -> str:
    epsilon = entry.epsilon or ""
    if entry.kind == "budget":
        return ""
    if entry.kind == "reserved" and not epsilon:
        return "no protection"
    is_conditional = entry.terms is not None and entry.terms.conditional
    return f"{epsilon}, none claimed" if is_conditional else epsilon


def _origin(entry: AccountEntry) -> str:
    terms = entry.terms or EntryTerms()
    told = [_CUT.get(terms.threshold_from or "", ""), _BOUNDS.get(terms.bounds_from or "", "")]
    if entry.kind == "training":
        told.append(f"The consortium's, δ {entry.delta}")
    told.append(entry.reason or "")
    text = "; ".join(part for part in told if part)
    return text[:1].upper() + text[1:]
