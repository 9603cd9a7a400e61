"""The ledger: an append-only account of all releases of a source, with its budget.

A source is recognised by its content (see `identity`): a copy, a renamed source or a part of it has the
account of the original, and a source that combines two earlier ones joins their accounts.

It cannot notice that all its copies were rolled back at once, that another ``DATASELECT_HOME`` or
another machine is used, or that records without a unit id were stored anew in other bytes.
"""

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.chain import Chain
from dataselect_gui.privacy.entry_body import EntryBody
from dataselect_gui.privacy.entry_forms import EntryKind
from dataselect_gui.privacy.entry_store import (
    KEY_BYTES,
    SECRET_BYTES,
    Entry,
    WritableEntryStore,
    pieces_of,
)
from dataselect_gui.privacy.noise import draw_coins, draw_exponentials
from dataselect_gui.privacy.snapshot import (
    NO_PEOPLE,
    Grouping,
    Snapshot,
    kept_records,
    known_marks,
    new_belongings,
)
from dataselect_gui.privacy.statement import check_budget, root_of, training_body
from dataselect_gui.privacy.views import Settled

_STEPS_BYTES = 8


class Ledger:
    """The ledger in one folder.

    Parameters
    ----------
    home : Path
        ``DATASELECT_HOME``; it is made by the first session.

    Raises
    ------
    UnusableError
        Where other accounts or machines may change what is in the folder.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._chain = Chain(home)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Read the ledger, without a lock and without changing any file.

        Raises
        ------
        RefusedError
            Where the ledger is not as it was left.
        UnusableError
            Where it cannot be read.
        """
        with self._chain.snapshot() as store:
            yield Snapshot(store)

    @contextmanager
    def session(self, patience: float | None = None) -> Iterator["Session"]:
        """Lock the ledger for a command; it is opened, locked and checked once.

        Whatever a method of the session writes is on disk when the method returns.

        Parameters
        ----------
        patience : float or None
            How long to wait for another process that writes to it, in seconds; None for as long as a
            release may take.

        Raises
        ------
        RefusedError
            Where the ledger is not as it was left.
        UnusableError
            Where it cannot be written, or another process holds it.
        """
        with self._chain.open(patience) as store:
            yield Session(store)


class Session(Snapshot):
    """The ledger, locked by one command that may write to it.

    Parameters
    ----------
    store : WritableEntryStore
        Its entries.

    Raises
    ------
    UnusableError
        From every method that writes, where the disk refuses; nothing is written then.
    """

    _store: WritableEntryStore

    def __init__(self, store: WritableEntryStore) -> None:
        super().__init__(store)

    def claim(self, marks: Collection[bytes]) -> str:
        """Return the account of a source, opening, extending or joining accounts as needed."""
        store = self._store
        known = known_marks(store, marks)
        fresh = b"".join(sorted(mark for mark in marks if mark not in known))
        roots = sorted({root_of(store, account) for account in known.values()})
        with store.transaction():
            if not roots:
                account = secrets.token_hex(8)
                store.append(account, "opened", {}, secrets.token_bytes(SECRET_BYTES) + fresh)
                return account
            account = roots[0]
            for other in roots[1:]:
                store.append(account, "joined", {"account": other})
            if fresh:
                store.append(account, "extended", {}, fresh)
            return account

    # Views of scores, and what was settled before

    def note_settled(self, account: str, settled: Settled) -> None:
        """Record what a project settled for a checkpoint, where the last that was is something else."""
        entries = self.statement(account).entries
        known = (Settled.of_entry(entry.body) for entry in reversed(entries) if entry.kind == "settled")
        if settled != next((last for last in known if last.checkpoint == settled.checkpoint), None):
            self._append(account, "settled", settled.as_entry())

    def note_shown(self, account: str, marks: Collection[bytes], *, elsewhere: bool = False) -> None:
        """Record that scores of the records with these marks are shown.

        Parameters
        ----------
        account : str
            The account.
        marks : collection of bytes
            See `source_marks`.
        elsewhere : bool
            Whether they were shown before, and this ledger does not know what was settled by then.
        """
        body: EntryBody = {"elsewhere": True} if elsewhere else {}
        self._append(account, "shown", body, b"".join(sorted(marks)))

    def _append(
        self, account: str, kind: EntryKind, body: EntryBody, content: bytes | None = None
    ) -> None:
        with self._store.transaction():
            self._store.append(root_of(self._store, account), kind, body, content)

    # Budget and provenance

    def set_budget(self, account: str, budget: Decimal, reason: str) -> None:
        """Set or change the budget, with a reason."""
        self._append(account, "budget", {"epsilon": exact(budget), "reason": reason})

    def charge_training(self, account: str, epsilon: Decimal, delta: Decimal, checkpoint: str) -> None:
        """Record, once, that the records took part in a checkpoint's training under DP."""
        if not self.statement(account).has_training(epsilon, delta, checkpoint):
            self._append(account, "training", training_body(epsilon, delta, checkpoint))

    # Releases, in the order in which they happen

    def reserve(
        self,
        account: str,
        charge: Charge | None,
        body: EntryBody,
        first_budget: Decimal | None = None,
        grouping: Grouping = NO_PEOPLE,
    ) -> Entry:
        """Write a reservation; from then on its cost counts as spent.

        Parameters
        ----------
        account : str
            The account.
        charge : Charge or None
            What it costs; None for a release without a promise.
        body : EntryBody
            The entry's fields, with ``release``, ``key``, ``unit`` and ``per_unit``.
        first_budget : Decimal or None
            The budget to set where there is none yet; it is not set where the release is refused.
        grouping : Grouping
            The persons of the records, kept for the check of later releases.

        Returns
        -------
        Entry
            The reservation; the earlier one, at no cost, where the same was reserved before.

        Raises
        ------
        RefusedError
            Where the budget does not allow it, or the units are others than at earlier releases.
            Nothing was written then.
        """
        store = self._store
        account = root_of(store, account)
        earlier = self.statement(account).find(body["key"])
        if earlier is not None:
            return earlier
        with store.transaction():
            if first_budget is not None and self.statement(account).budget is None:
                reason = "set with the first release"
                budget: EntryBody = {"epsilon": exact(first_budget), "reason": reason}
                store.append(account, "budget", budget)
            statement = self.statement(account)
            fresh = new_belongings(store, statement, body["unit"], body["per_unit"], grouping)
            if charge is not None:
                check_budget(statement, [charge])
                body = {**body, **charge.as_entry()}
            return store.append(account, "reserved", body, b"".join(sorted(fresh)) or None)

    def secrets_of(self, records: Sequence[bytes]) -> NDArray[np.int64]:
        """Return each record's sealed secret; draw those that do not exist yet.

        Parameters
        ----------
        records : sequence of bytes
            Record keys.

        Returns
        -------
        ndarray of int64
            E ~ Exp(1) in steps of 1e-9, shape (n,).
        """
        return self._drawn_once("sealed", records, draw_exponentials)

    def coins_of(self, records: Sequence[bytes]) -> NDArray[np.int64]:
        """Return each record's sealed coin, which decides where a rule keeps it with a probability.

        It is independent of the record's secret; those that do not exist yet are drawn.

        Parameters
        ----------
        records : sequence of bytes
            Record keys.

        Returns
        -------
        ndarray of int64
            Q, see `draw_coins`; shape (n,).
        """
        return self._drawn_once("coins", records, draw_coins)

    def _drawn_once(
        self,
        kind: Literal["sealed", "coins"],
        records: Sequence[bytes],
        draw: Callable[[int], NDArray[np.int64]],
    ) -> NDArray[np.int64]:
        """Return what was drawn for each record, and draw for those that have nothing yet."""
        sealed: dict[bytes, int] = {}
        for entry in self._store.entries:
            if entry.kind == kind:
                content = self._store.content(entry)
                count = len(content) // (KEY_BYTES + _STEPS_BYTES)
                steps = np.frombuffer(content[count * KEY_BYTES :], dtype="<i8")
                sealed.update(zip(pieces_of(content[: count * KEY_BYTES]), steps.tolist(), strict=True))
        fresh = [record for record in dict.fromkeys(records) if record not in sealed]
        if fresh:
            drawn = draw(len(fresh))
            with self._store.transaction():
                content = b"".join(fresh) + drawn.astype("<i8").tobytes()
                self._store.append("", kind, {}, content)
            sealed.update(zip(fresh, drawn.tolist(), strict=True))
        return np.array([sealed[record] for record in records], dtype=np.int64)

    def keep(
        self, units: Sequence[bytes], records: Sequence[bytes], max_contributions: int
    ) -> NDArray[np.bool_]:
        """Return which records of each unit take part, by one random choice that never changes.

        Parameters
        ----------
        units, records : sequence of bytes
            The mark of the unit and the key of each record, shape (n,).
        max_contributions : int
            How many records of a unit may ever take part.

        Returns
        -------
        ndarray of bool
            Shape (n,).
        """
        kept, open_places = kept_records(self._store, units, records, max_contributions)
        fresh: list[bytes] = []
        for unit, (free, candidates) in open_places.items():
            for row in secrets.SystemRandom().sample(candidates, min(free, len(candidates))):
                kept[row] = True
                fresh += (unit, records[row])
        if fresh:
            with self._store.transaction():
                self._store.append("", "kept", {}, b"".join(fresh))
        return kept

    def keep_draw(self, account: str, release: str, draw: bytes) -> bytes:
        """Store a draw before any of it leaves.

        Returns
        -------
        bytes
            The release's draw; the earlier one where two processes drew at once.
        """
        earlier = self.draw_of(release)
        if earlier is not None:
            return earlier
        with self._store.transaction():
            self._store.append(account, "drawn", {"release": release}, draw)
        return draw

    def mark_published(self, account: str, release: str) -> None:
        """Record, once, that the bundle of a release was written."""
        entries = self.statement(account).entries
        body: EntryBody = {"release": release}
        if not any(entry.kind == "published" and entry.body == body for entry in entries):
            with self._store.transaction():
                self._store.append(account, "published", body)
