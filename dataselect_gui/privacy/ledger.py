"""The ledger: an append-only account of all releases of a source, with its budget.

A source is known by its content (see `identity`): a copy, a renamed or a thinned source meets the
account of the original, and a source that joins two earlier ones joins their accounts.

What it cannot notice, and the documentation says so: all copies rolled back at once, another
``DATASELECT_HOME``, another machine, and records that were stored anew in other bytes and whose unit
has no id.
"""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import RefusedError
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.chain import Chain, Entry, Pages
from dataselect_gui.privacy.noise import draw_exponentials
from dataselect_gui.privacy.statement import (
    Statement,
    check_budget,
    root_of,
    statement_of,
    training_body,
)

KEY_BYTES = 32
_SECRET_BYTES = 32
_STEPS_BYTES = 8


@dataclass(frozen=True)
class Grouping:
    """Which contents are whose, as `identity.belongings` has it.

    Attributes
    ----------
    there : dict
        Pairs of all records, each with the id of a record, to be told to the owner.
    taking_part : set
        Pairs of those that may take part in a release.
    """

    there: Mapping[tuple[bytes, bytes], str] = field(default_factory=dict)
    taking_part: Collection[tuple[bytes, bytes]] = ()


NO_PEOPLE = Grouping()
"""Where each record is a unit of its own."""


class Ledger:
    """The ledger in one folder.

    Parameters
    ----------
    home : Path
        ``DATASELECT_HOME``; it is made where it is not there.

    Raises
    ------
    UnusableError
        Where the folder cannot be written.
    RefusedError
        From every method: where the ledger is not as it was left.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._chain = Chain(home)
        with self._chain.open():
            pass

    # Accounts

    def account_of(self, marks: Collection[bytes]) -> str | None:
        """Return the account that knows any of these marks; None where none does."""
        with self._chain.open() as pages:
            roots = {root_of(pages, account) for account in _known(pages, marks).values()}
            return min(roots) if roots else None

    def claim(self, marks: Collection[bytes]) -> str:
        """Return the account of a source, opening, extending or joining accounts as needed."""
        with self._chain.open() as pages:
            known = _known(pages, marks)
            fresh = b"".join(sorted(mark for mark in marks if mark not in known))
            roots = sorted({root_of(pages, account) for account in known.values()})
            if not roots:
                account = secrets.token_hex(8)
                pages.append(account, "opened", {}, secrets.token_bytes(_SECRET_BYTES) + fresh)
                return account
            account = roots[0]
            for other in roots[1:]:
                pages.append(account, "joined", {"account": other})
            if fresh:
                pages.append(account, "extended", {}, fresh)
            return account

    def secret(self, account: str) -> bytes:
        """Return the secret that keys the random baseline of a source (32 bytes)."""
        with self._chain.open() as pages:
            opened = next(e for e in pages.entries if e.kind == "opened" and e.account == account)
            return pages.content(opened)[:_SECRET_BYTES]

    def accounts(self) -> list[str]:
        """Return the ids of all accounts that are not joined to another."""
        with self._chain.open() as pages:
            opened = [entry.account for entry in pages.entries if entry.kind == "opened"]
            return sorted(account for account in opened if root_of(pages, account) == account)

    def statement(self, account: str) -> Statement:
        """Return the lines and sums of an account."""
        with self._chain.open() as pages:
            return statement_of(pages, account)

    def knows_head(self, head: str) -> bool:
        """Say whether a head, as bundles hold it, is one of this chain."""
        with self._chain.open() as pages:
            return any(entry.hash == head for entry in pages.entries)

    # Budget and provenance

    def set_budget(self, account: str, budget: Decimal, reason: str) -> None:
        """Set or change the budget, with a reason."""
        with self._chain.open() as pages:
            body = {"epsilon": exact(budget), "reason": reason}
            pages.append(root_of(pages, account), "budget", body)

    def charge_training(self, account: str, epsilon: Decimal, delta: Decimal, checkpoint: str) -> None:
        """Write down, once, that the records took part in a checkpoint's DP training."""
        with self._chain.open() as pages:
            if not statement_of(pages, account).has_training(epsilon, delta, checkpoint):
                body = training_body(epsilon, delta, checkpoint)
                pages.append(root_of(pages, account), "training", body)

    # Releases, in the order in which they happen

    def reserve(
        self,
        account: str,
        charge: Charge | None,
        body: dict[str, Any],
        first_budget: Decimal | None = None,
        grouping: Grouping = NO_PEOPLE,
    ) -> Entry:
        """Write a reservation; from then on its cost counts as spent.

        Parameters
        ----------
        account : str
            Whose.
        charge : Charge or None
            What it costs; None for a release without a promise.
        body : dict
            What is released; with ``release``, ``key``, ``unit`` and ``per_unit``.
        first_budget : Decimal or None
            The budget to set where there is none yet; it is not set where the release is refused.
        grouping : Grouping
            Whose the records are; kept, so that later releases can be held against it.

        Returns
        -------
        Entry
            The reservation; an earlier one where the same was reserved before, at no cost.

        Raises
        ------
        RefusedError
            Where the budget does not allow it, or the units are others than at earlier releases.
            Nothing was written then.
        """
        with self._chain.open() as pages:
            account = root_of(
                pages, account
            )  # Another process may have joined it to another meanwhile.
            earlier = statement_of(pages, account).find(body["key"])
            if earlier is not None:
                return earlier
            if first_budget is not None and statement_of(pages, account).budget is None:
                budget = {"epsilon": exact(first_budget), "reason": "set with the first release"}
                pages.append(account, "budget", budget)
            statement = statement_of(pages, account)
            fresh = _check_units(pages, statement, body["unit"], body["per_unit"], grouping)
            if charge is not None:
                check_budget(statement, [charge])
                body = {**body, **charge.as_entry()}
            return pages.append(account, "reserved", body, b"".join(sorted(fresh)) or None)

    def check_units(
        self, account: str, unit: str | None, per_unit: int, grouping: Grouping = NO_PEOPLE
    ) -> None:
        """Refuse other units than at any earlier release of a source.

        Raises
        ------
        RefusedError
            Where the column, the number m, or whose a record is, is another.
        """
        with self._chain.open() as pages:
            _check_units(pages, statement_of(pages, account), unit, per_unit, grouping)

    def secrets_of(self, records: Sequence[bytes]) -> NDArray[np.int64]:
        """Return each record's sealed secret, drawing those that were never drawn.

        Parameters
        ----------
        records : sequence of bytes
            Record keys.

        Returns
        -------
        ndarray of int64
            E ~ Exp(1) in steps of 1e-9, shape (n,).
        """
        with self._chain.open() as pages:
            sealed: dict[bytes, int] = {}
            for entry in pages.entries:
                if entry.kind == "sealed":
                    content = pages.content(entry)
                    count = len(content) // (KEY_BYTES + _STEPS_BYTES)
                    steps = np.frombuffer(content[count * KEY_BYTES :], dtype="<i8")
                    sealed.update(
                        zip(_pieces(content[: count * KEY_BYTES]), steps.tolist(), strict=True)
                    )
            fresh = [record for record in dict.fromkeys(records) if record not in sealed]
            if fresh:
                drawn = draw_exponentials(len(fresh))
                pages.append("", "sealed", {}, b"".join(fresh) + drawn.astype("<i8").tobytes())
                sealed.update(zip(fresh, drawn.tolist(), strict=True))
            return np.array([sealed[record] for record in records], dtype=np.int64)

    def keep(self, units: Sequence[bytes], records: Sequence[bytes], most: int) -> NDArray[np.bool_]:
        """Say which records of each unit are kept, by one random choice that never changes.

        Parameters
        ----------
        units, records : sequence of bytes
            The mark of the unit and the key of each record, shape (n,).
        most : int
            How many records of a unit may ever take part.

        Returns
        -------
        ndarray of bool
            Shape (n,).
        """
        with self._chain.open() as pages:
            kept, open_places = _kept(pages, units, records, most)
            fresh: list[bytes] = []
            for unit, (free, candidates) in open_places.items():
                for row in secrets.SystemRandom().sample(candidates, min(free, len(candidates))):
                    kept[row] = True
                    fresh += (unit, records[row])
            if fresh:
                pages.append("", "kept", {}, b"".join(fresh))
            return kept

    def kept_already(
        self, units: Sequence[bytes], records: Sequence[bytes], most: int
    ) -> NDArray[np.bool_] | None:
        """Return what `keep` would, without choosing; None where it would have to choose."""
        with self._chain.open() as pages:
            kept, open_places = _kept(pages, units, records, most)
            return None if open_places else kept

    def draw_of(self, release: str) -> bytes | None:
        """Return the draw of a release; None where it was not drawn yet."""
        with self._chain.open() as pages:
            return _draw(pages, release)

    def keep_draw(self, account: str, release: str, draw: bytes) -> bytes:
        """Keep what was drawn, before anything of it leaves.

        Returns
        -------
        bytes
            The release's one draw: an earlier one where two processes drew at once.
        """
        with self._chain.open() as pages:
            earlier = _draw(pages, release)
            if earlier is None:
                pages.append(account, "drawn", {"release": release}, draw)
            return draw if earlier is None else earlier

    def mark_published(self, account: str, release: str) -> None:
        """Write down, once, that a bundle of a release was written."""
        with self._chain.open() as pages:
            entries = statement_of(pages, account).entries
            body = {"release": release}
            if not any(entry.kind == "published" and entry.body == body for entry in entries):
                pages.append(account, "published", body)


def _check_units(
    pages: Pages, statement: Statement, unit: str | None, per_unit: int, grouping: Grouping
) -> list[bytes]:
    """Refuse other units than at earlier releases; return what is new of whose the records are."""
    whose: dict[bytes, set[bytes]] = {}
    for entry in statement.entries:
        if entry.kind != "reserved":
            continue
        before = (entry.body["unit"], entry.body["per_unit"])
        if before != (unit, per_unit):
            raise RefusedError(
                "This release protects another unit than earlier ones of this source.",
                f"Earlier: each {before[0] or 'record'}, at most {before[1]} of its records; now: each "
                f"{unit or 'record'}, at most {per_unit}. Their costs cannot be added up.",
                "Use the same unit column, and as many records of a unit, as before.",
            )
        pieces = _pieces(pages.content(entry) if "content" in entry.body else b"")
        for content, person in zip(pieces, pieces, strict=True):
            whose.setdefault(content, set()).add(person)
    now: dict[bytes, set[bytes]] = {}
    for content, person in grouping.there:
        now.setdefault(content, set()).add(person)
    renamed = {content for content, people in whose.items() if not people & now.get(content, people)}
    moved = renamed.intersection(content for content, _ in grouping.taking_part)
    if moved:
        first = min(record for (content, _), record in grouping.there.items() if content in moved)
        others = f", and so are {len(moved) - 1:,} more" if len(moved) > 1 else ""
        raise RefusedError(
            "Records belong to other people than at earlier releases of this source.",
            f"“{first}” is listed under another {unit}{others}. What was promised to each person "
            "cannot be kept where a person has several names.",
            "Give the people the names that they had, letter for letter, or withhold these records.",
        )
    return [
        content + person
        for content, person in grouping.there
        if content not in renamed and person not in whose.get(content, ())
    ]


def _known(pages: Pages, marks: Collection[bytes]) -> dict[bytes, str]:
    """Return which of these marks are known, and to which account."""
    wanted = set(marks)
    known: dict[bytes, str] = {}
    for entry in pages.entries:
        if entry.kind in {"opened", "extended"}:
            start = _SECRET_BYTES if entry.kind == "opened" else 0
            for mark in wanted.intersection(_pieces(pages.content(entry)[start:])):
                known.setdefault(mark, entry.account)
    return known


def _kept(
    pages: Pages, units: Sequence[bytes], records: Sequence[bytes], most: int
) -> tuple[NDArray[np.bool_], dict[bytes, tuple[int, list[int]]]]:
    """Return which records are kept already, and of each unit with places left: places, rows."""
    rows_of: dict[bytes, list[int]] = {}
    for row, unit in enumerate(units):
        rows_of.setdefault(unit, []).append(row)
    taken: dict[bytes, dict[bytes, None]] = {}
    for entry in pages.entries:
        if entry.kind == "kept":
            pieces = _pieces(pages.content(entry))
            for unit, record in zip(pieces, pieces, strict=True):
                taken.setdefault(unit, {})[record] = None
    kept = np.zeros(len(records), dtype=bool)
    open_places: dict[bytes, tuple[int, list[int]]] = {}
    for unit, rows in rows_of.items():
        already = taken.get(unit, {})
        # In the order of the draw: a choice of more records, for a release that was refused, begins
        # with the choice of fewer. A place once taken stays taken, also when its record has left.
        places = set(list(already)[:most])
        kept[[row for row in rows if records[row] in places]] = True
        candidates = [row for row in rows if records[row] not in already]
        if candidates and most > len(already):
            open_places[unit] = (most - len(already), candidates)
    return kept, open_places


def _draw(pages: Pages, release: str) -> bytes | None:
    for entry in pages.entries:
        if entry.kind == "drawn" and entry.body["release"] == release:
            return pages.content(entry)
    return None


def _pieces(content: bytes) -> Iterator[bytes]:
    return (content[start : start + KEY_BYTES] for start in range(0, len(content), KEY_BYTES))
