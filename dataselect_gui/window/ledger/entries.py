"""The entries of a ledger, line by line: what it is, of what, its ε, and where that came from."""

from collections.abc import Sequence

from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets.table import Table
from dataselect_gui.workflow import AccountEntry, EntryTerms, entry_description, missing_claim

_COLUMNS = (N_("When"), N_("Entry"), N_("What"), "ε", N_("Where from, or why"))
_STRETCHED = (2, 4)
_ENTRY = {
    "opened": N_("Ledger"),
    "joined": N_("Ledger"),
    "budget": N_("Budget"),
    "training": N_("Training"),
    "reserved": N_("Release {release}"),
    "drawn": N_("Drawn {release}"),
    "published": N_("Written {release}"),
}
_CUT = {
    "request": N_("Cut-off from the request"),
    "agreed": N_("Cut-off agreed beforehand"),
    "bought": N_("Cut-off picked with protection"),
    "viewed": N_("Cut-off chosen after seeing scores"),
}
_BOUNDS = {
    "request": N_("range of the score from the request"),
    "score": N_("range that the score has by itself"),
    "agreed": N_("range of the score agreed beforehand"),
}


class Entries(Table):
    """The entries of one ledger."""

    def __init__(self) -> None:
        super().__init__(_("Entries of the ledger"), [_(column) for column in _COLUMNS], _STRETCHED)

    def show_entries(self, entries: Sequence[AccountEntry]) -> None:
        """Show entries of an account."""
        self.show_rows(
            [line_of(entry) for entry in entries],
            [_("Entry {number}", number=number) for number in range(1, len(entries) + 1)],
        )


def line_of(entry: AccountEntry) -> tuple[str, str, str, str, str]:
    """Return what one entry says, column by column."""
    message = _ENTRY.get(entry.kind, entry.kind)
    if entry.threshold_of is not None:
        message = N_("Cut-off {release}")
    elif entry.decides is not None:
        message = N_("Count {release}")
    name = _(message, release=str(entry.release)[:8])
    return entry.date, name, entry_description(entry), _epsilon(entry), _origin(entry)


def _epsilon(entry: AccountEntry) -> str:
    if entry.kind == "budget":
        return ""
    return ", ".join(part for part in (entry.epsilon or "", missing_claim(entry)) if part)


def _origin(entry: AccountEntry) -> str:
    terms = entry.terms or EntryTerms()
    parts = [_(_CUT.get(terms.threshold_from or "", "")), _(_BOUNDS.get(terms.bounds_from or "", ""))]
    if entry.kind == "training":
        parts.append(_("The consortium's"))
    parts.append(entry.reason or "")
    text = "; ".join(part for part in parts if part)
    return text[:1].upper() + text[1:]
