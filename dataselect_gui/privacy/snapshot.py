"""A read-only view of the ledger at one moment."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import RefusedError
from dataselect_gui.privacy.entry_store import SECRET_BYTES, EntryStore, pieces_of
from dataselect_gui.privacy.statement import Statement, root_of, statement_of
from dataselect_gui.privacy.views import View, views_in
from dataselect_gui.texts import _


@dataclass(frozen=True)
class Grouping:
    """The persons of contents, see `identity.belongings`.

    Attributes
    ----------
    there : dict
        The pairs of all records → the id of a record, for messages to the owner.
    taking_part : set
        Pairs of those that may take part in a release.
    """

    there: Mapping[tuple[bytes, bytes], str] = field(default_factory=dict)
    taking_part: Collection[tuple[bytes, bytes]] = ()


NO_PEOPLE = Grouping()
"""Where each record is a unit of its own."""


class Snapshot:
    """The ledger at one moment.

    Parameters
    ----------
    store : EntryStore
        Its entries.

    Raises
    ------
    RefusedError
        From every method, where the ledger was changed from outside.
    """

    def __init__(self, store: EntryStore) -> None:
        self._store = store

    def account_of(self, marks: Collection[bytes]) -> str | None:
        """Return the account that knows any of these marks; None where none does."""
        return min(self._roots(marks), default=None)

    def knows(self, account: str) -> bool:
        """Say whether there is an account of this id, joined to another or not."""
        entries = self._store.entries
        return any(entry.kind == "opened" and entry.account == account for entry in entries)

    def accounts(self) -> list[str]:
        """Return the ids of all accounts that are not joined to another."""
        opened = [entry.account for entry in self._store.entries if entry.kind == "opened"]
        return sorted(account for account in opened if root_of(self._store, account) == account)

    def statement(self, account: str) -> Statement:
        """Return the statement of an account."""
        return statement_of(self._store, {root_of(self._store, account)})

    def statement_of(self, marks: Collection[bytes]) -> Statement:
        """Return the statement of a source's account, as it is once the source has claimed it.

        Several accounts that the source joins count together; the statement of an unknown source is
        empty.
        """
        return statement_of(self._store, self._roots(marks))

    def views(self, statement: Statement) -> list[View]:
        """Return the views of the scores of a source, with what was settled before each."""
        return list(views_in(self._store, statement.entries))

    def secret(self, account: str) -> bytes:
        """Return the secret that keys the random baseline of a source (32 bytes)."""
        entries = self._store.entries
        opened = next(e for e in entries if e.kind == "opened" and e.account == account)
        return self._store.content(opened)[:SECRET_BYTES]

    def knows_head(self, head: str) -> bool:
        """Say whether a hash, as bundles name it, is one of this chain."""
        return any(entry.hash == head for entry in self._store.entries)

    def check_units(
        self,
        statement: Statement,
        unit: str | None,
        max_contributions: int,
        grouping: Grouping = NO_PEOPLE,
    ) -> None:
        """Refuse a release whose units differ from those of earlier releases of the source.

        Raises
        ------
        RefusedError
            Where the unit column, m, or the person of a record differs.
        """
        new_belongings(self._store, statement, unit, max_contributions, grouping)

    def kept_already(
        self, units: Sequence[bytes], records: Sequence[bytes], max_contributions: int
    ) -> NDArray[np.bool_] | None:
        """Return what `Session.keep` would; None where that would have to make a new choice."""
        kept, open_places = kept_records(self._store, units, records, max_contributions)
        return None if open_places else kept

    def draw_of(self, release: str) -> bytes | None:
        """Return the draw of a release; None where it was not drawn yet."""
        for entry in self._store.entries:
            if entry.kind == "drawn" and entry.body["release"] == release:
                return self._store.content(entry)
        return None

    def _roots(self, marks: Collection[bytes]) -> set[str]:
        """Return the accounts that know any of these marks; each mark is known to one at most."""
        wanted = marks if isinstance(marks, Set) else set(marks)
        return {
            root_of(self._store, account)
            for account, known in _marks_in(self._store)
            if not wanted.isdisjoint(known)
        }


def new_belongings(
    store: EntryStore,
    statement: Statement,
    unit: str | None,
    max_contributions: int,
    grouping: Grouping,
) -> list[bytes]:
    """Refuse units that differ from earlier releases; return the pairs that are not stored yet."""
    whose: dict[bytes, set[bytes]] = {}
    for entry in statement.entries:
        if entry.kind != "reserved":
            continue
        before = (entry.body["unit"], entry.body["per_unit"])
        if before != (unit, max_contributions):
            raise RefusedError(
                _("This release protects another unit than earlier ones of this source."),
                _(
                    "Earlier: each {earlier}, at most {most} of its records; now: each "
                    "{unit}, at most {now}. Their costs cannot be added up.",
                    earlier=before[0] or _("record"),
                    most=before[1],
                    unit=unit or _("record"),
                    now=max_contributions,
                ),
                _("Use the same unit column, and as many records of a unit, as before."),
            )
        pieces = pieces_of(store.content(entry) if "content" in entry.body else b"")
        for content, person in zip(pieces, pieces, strict=True):
            whose.setdefault(content, set()).add(person)
    now: dict[bytes, set[bytes]] = {}
    for content, person in grouping.there:
        now.setdefault(content, set()).add(person)
    renamed = {content for content, people in whose.items() if not people & now.get(content, people)}
    moved = renamed.intersection(content for content, _unit in grouping.taking_part)
    if moved:
        first = min(record for (content, _unit), record in grouping.there.items() if content in moved)
        others = _(", and so are {count:,} more", count=len(moved) - 1) if len(moved) > 1 else ""
        raise RefusedError(
            _("Records belong to other people than at earlier releases of this source."),
            _(
                "“{first}” is listed under another {unit}{others}. What was promised to each "
                "person cannot be kept where a person has several names.",
                first=first,
                unit=unit,
                others=others,
            ),
            _("Give the people the names that they had, letter for letter, or withhold these records."),
        )
    return [
        content + person
        for content, person in grouping.there
        if content not in renamed and person not in whose.get(content, ())
    ]


def known_marks(store: EntryStore, marks: Collection[bytes]) -> dict[bytes, str]:
    """Return which of these marks are known, and to which account."""
    wanted = set(marks)
    known: dict[bytes, str] = {}
    for account, there in _marks_in(store):
        for mark in wanted.intersection(there):
            known.setdefault(mark, account)
    return known


def _marks_in(store: EntryStore) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the account of each entry that makes marks known, and these marks."""
    for entry in store.entries:
        if entry.kind in {"opened", "extended"}:
            start = SECRET_BYTES if entry.kind == "opened" else 0
            yield entry.account, pieces_of(store.content(entry), start)


def kept_records(
    store: EntryStore, units: Sequence[bytes], records: Sequence[bytes], max_contributions: int
) -> tuple[NDArray[np.bool_], dict[bytes, tuple[int, list[int]]]]:
    """Return the records chosen already, and for each unit with places left: their number, the rows."""
    rows_of: dict[bytes, list[int]] = {}
    for row, unit in enumerate(units):
        rows_of.setdefault(unit, []).append(row)
    taken: dict[bytes, dict[bytes, None]] = {}
    for entry in store.entries:
        if entry.kind == "kept":
            pieces = pieces_of(store.content(entry))
            for unit, record in zip(pieces, pieces, strict=True):
                taken.setdefault(unit, {})[record] = None
    kept = np.zeros(len(records), dtype=bool)
    open_places: dict[bytes, tuple[int, list[int]]] = {}
    for unit, rows in rows_of.items():
        already = taken.get(unit, {})
        # In the order of the draw: a choice of more records, for a release that was refused, begins
        # with the choice of fewer. A place once taken stays taken, also when its record has left.
        places = set(list(already)[:max_contributions])
        kept[[row for row in rows if records[row] in places]] = True
        candidates = [row for row in rows if records[row] not in already]
        if candidates and max_contributions > len(already):
            open_places[unit] = (max_contributions - len(already), candidates)
    return kept, open_places
