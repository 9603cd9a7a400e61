"""The entries of a ledger, line by line: what it is, of what, its ε, and where that came from."""

from typing import Any

from dataselect_gui.window.widgets.table import Table

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

    def show_entries(self, entries: list[dict[str, Any]]) -> None:
        """Show entries, as `workflow.account` tells them."""
        self.show_rows(
            [line_of(entry) for entry in entries], [f"Entry {entry['seq']}" for entry in entries]
        )


def line_of(entry: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Return what one entry says, column by column."""
    kind = entry["kind"]
    name = "Cut-off" if "threshold_of" in entry else _ENTRY.get(kind, kind)
    if kind in {"reserved", "drawn", "published"}:
        name = f"{name} {str(entry['release'])[:8]}"
    return str(entry["date"]), name, _what(entry), _epsilon(entry), _origin(entry)


def _what(entry: dict[str, Any]) -> str:
    terms, kind = entry.get("terms") or {}, str(entry["kind"])
    if kind == "budget":
        return f"Set to ε {entry['epsilon']}"
    if "threshold_of" in entry:
        return f"A private cut-off of {entry['threshold_of']}"
    if kind == "reserved":
        beyond = "at most" if terms.get("lowest") else "at least"
        threshold = terms.get("threshold")
        cut = "" if threshold is None else f" {beyond} {threshold}"
        what = _KIND.get(str(terms.get("kind")), str(terms.get("kind")))
        return f"{what} by {terms.get('mechanism')}, {terms.get('score')}{cut}"
    return _WHAT.get(kind, kind)


def _epsilon(entry: dict[str, Any]) -> str:
    kind, epsilon = entry["kind"], str(entry.get("epsilon", ""))
    if kind == "budget":
        return ""
    if kind == "reserved" and not epsilon:
        return "no protection"
    conditional = (entry.get("terms") or {}).get("conditional")
    return f"{epsilon}, none claimed" if conditional else epsilon


def _origin(entry: dict[str, Any]) -> str:
    terms = entry.get("terms") or {}
    told = [
        _CUT.get(str(terms.get("threshold_from")), ""),
        _BOUNDS.get(str(terms.get("bounds_from")), ""),
    ]
    if entry["kind"] == "training":
        told.append(f"The consortium's, δ {entry['delta']}")
    told.append(str(entry.get("reason") or ""))
    text = "; ".join(part for part in told if part)
    return text[:1].upper() + text[1:]
