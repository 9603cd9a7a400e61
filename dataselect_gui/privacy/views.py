"""Views of a source's scores, and what was settled before each of them.

Nothing here says what may be claimed: it says what the ledger knows, in the order in which it was
written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dataselect_gui.privacy.entry_body import EntryBody
from dataselect_gui.privacy.entry_store import SECRET_BYTES, Entry, EntryStore, pieces_of


@dataclass(frozen=True)
class Settled:
    """What one project settled for a checkpoint.

    Attributes
    ----------
    checkpoint : str
        Its digest.
    population : str
        The digest of the eligible records, see `identity.population`; empty where it is not known who
        was eligible before.
    leave_out : str
        What was decided about leaving records out: ``none``, ``wrong`` or ``count``; empty for nothing.
    rule : str
        The digest of the rule that says which records look wrong; empty where none is left out.
    epsilon : str
        Of a count that decides; empty where none does.
    labels : str
        The digest of the labels that the owner gave eligible records in the program, see
        `identity.labelling`; empty for none.
    """

    checkpoint: str
    population: str
    leave_out: str = ""
    rule: str = ""
    epsilon: str = ""
    labels: str = ""

    @classmethod
    def of_entry(cls, body: EntryBody) -> "Settled":
        """Return what an entry says."""
        return cls(
            body["checkpoint"],
            body["population"],
            body["leave_out"],
            body["rule"],
            body.get("epsilon", ""),
            body.get("labels", ""),
        )

    def as_entry(self) -> EntryBody:
        """Return the fields of the entry."""
        body: EntryBody = {
            "checkpoint": self.checkpoint,
            "population": self.population,
            "leave_out": self.leave_out,
            "rule": self.rule,
        }
        if self.epsilon:
            body["epsilon"] = self.epsilon
        if self.labels:
            body["labels"] = self.labels
        return body


@dataclass(frozen=True)
class View:
    """A view of scores, in whichever project.

    Attributes
    ----------
    known : frozenset of bytes
        The marks of the records whose scores were shown, see `identity.source_marks`.
    settled : dict
        Checkpoint's digest → what was settled for it last.
    policy : Settled or None
        What was settled last for any checkpoint: it holds for those that came later.
    """

    known: frozenset[bytes]
    settled: Mapping[str, Settled]
    policy: Settled | None

    def settled_for(self, checkpoint: str) -> Settled | None:
        """Return what was settled for a checkpoint before the view; None where nothing was."""
        return self.settled.get(checkpoint, self.policy)


@dataclass
class _Account:
    """An account as it is after some of its entries."""

    contents: list[bytes] = field(default_factory=list)
    settled: list[Entry] = field(default_factory=list)
    is_seen: bool = False

    def join(self, other: "_Account") -> None:
        self.contents += other.contents
        self.settled = sorted([*self.settled, *other.settled], key=lambda entry: entry.seq)
        self.is_seen |= other.is_seen

    def view(self, *shown: bytes) -> View:
        self.is_seen = True
        before = [Settled.of_entry(entry.body) for entry in self.settled]
        known = frozenset(piece for content in shown for piece in pieces_of(content))
        settled = {each.checkpoint: each for each in before}
        return View(known, settled, before[-1] if before else None)


def views_in(store: EntryStore, entries: Sequence[Entry]) -> Iterator[View]:
    """Return the views of a source, in their order.

    A release by scores without a view before it is of an earlier version, which noted none: it counts
    as a view before which nothing was settled.

    Parameters
    ----------
    store : EntryStore
        The ledger's entries.
    entries : sequence of Entry
        Those of the source's account, with those joined to it.
    """
    accounts: dict[str, _Account] = {}
    for entry in entries:
        account = accounts.setdefault(entry.account, _Account())
        match entry.kind:
            case "opened":
                account.contents.append(store.content(entry)[SECRET_BYTES:])
            case "extended":
                account.contents.append(store.content(entry))
            case "joined":
                account.join(accounts.pop(entry.body["account"], _Account()))
            case "settled":
                account.settled.append(entry)
            case "shown" if entry.body.get("elsewhere"):
                yield _unsettled(account.view(store.content(entry)))
            case "shown" if "content" in entry.body:
                yield account.view(store.content(entry))
            case "shown":  # Before views had records of their own.
                yield account.view(*account.contents)
            case "reserved" if not account.is_seen and _is_by_scores(entry.body):
                yield _unsettled(account.view(*account.contents))
            case _:
                pass


def _unsettled(view: View) -> View:
    """Return a view before which nothing was settled."""
    return replace(view, settled={}, policy=None)


def _is_by_scores(body: EntryBody) -> bool:
    terms = body.get("terms")
    return terms is not None and not terms.get("marks")
