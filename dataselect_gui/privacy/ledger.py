"""The ledger: an append-only account of all releases of a source, with its budget.

Each entry holds a random salt and the hash of the entry before it. The salt keeps the chain's hashes,
one of which goes into every bundle, from telling anything about what they cover. The head of the
chain is also kept in a file of its own, so that an edited, shortened or older ledger is noticed.

A source is known by its content (see `identity`): a copy, a renamed or a thinned source meets the
account of the original, and a source that joins two earlier ones joins their accounts.

What it cannot notice, and the documentation says so: all copies rolled back at once, another
``DATASELECT_HOME``, another machine.
"""

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.privacy.accounting import Charge, plain_total
from dataselect_gui.privacy.amounts import exact
from dataselect_gui.privacy.mechanisms import draw_exponentials

LOCK_SECONDS = 30
_CHUNK = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (account TEXT PRIMARY KEY, secret BLOB NOT NULL, joined TEXT);
CREATE TABLE IF NOT EXISTS marks (mark BLOB PRIMARY KEY, account TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sealed (record BLOB PRIMARY KEY, steps INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (unit BLOB, record BLOB, PRIMARY KEY (unit, record)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS draws (release TEXT PRIMARY KEY, body TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Entry:
    """One line of the ledger.

    Attributes
    ----------
    seq : int
        Its number, from 1.
    account : str
        Whose.
    kind : str
        ``opened``, ``joined``, ``budget``, ``training``, ``reserved``, ``drawn``, ``published``.
    date : str
        The day on which it was written.
    body : dict
        What it says.
    hash : str
        The chain's head after it.
    """

    seq: int
    account: str
    kind: str
    date: str
    body: dict[str, Any]
    hash: str


@dataclass(frozen=True)
class Statement:
    """One account, with those joined to it.

    Attributes
    ----------
    id : str
        The account's id.
    budget : Decimal or None
        None while none is set.
    charges : list of Charge
        Everything that counts against it.
    exact : int
        How many releases had no protection.
    entries : list of Entry
        All lines, in order.
    """

    id: str
    budget: Decimal | None
    charges: list[Charge]
    exact: int
    entries: list[Entry]

    @property
    def spent(self) -> Decimal:
        """The plain total."""
        return plain_total(self.charges)

    @property
    def left(self) -> Decimal | None:
        """What the budget leaves; None while none is set."""
        return None if self.budget is None else self.budget - self.spent


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
        self._database = home / "ledger.sqlite"
        self._head = home / "ledger.head"
        self._lock = FileLock(home / "ledger.lock", timeout=LOCK_SECONDS)
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_write(error) from None
        with self._open():
            pass

    # Accounts

    def account_of(self, marks: Collection[bytes]) -> str | None:
        """Return the account that knows any of these marks; None where none does."""
        with self._open() as database:
            found = sorted(set(_accounts_by_mark(database, marks).values()))
            return _root(database, found[0]) if found else None

    def claim(self, marks: Collection[bytes]) -> str:
        """Return the account of a source, opening, extending or joining accounts as needed."""
        with self._open() as database:
            known = _accounts_by_mark(database, marks)
            roots = sorted({_root(database, account) for account in set(known.values())})
            if roots:
                account = roots[0]
            else:
                account = secrets.token_hex(8)
                database.execute(
                    "INSERT INTO accounts VALUES (?, ?, NULL)", (account, secrets.token_bytes(32))
                )
                self._append(database, account, "opened", {})
            for other in roots[1:]:
                database.execute("UPDATE accounts SET joined = ? WHERE account = ?", (account, other))
                self._append(database, account, "joined", {"account": other})
            database.executemany(
                "INSERT INTO marks VALUES (?, ?)",
                ((mark, account) for mark in marks if mark not in known),
            )
            return account

    def secret(self, account: str) -> bytes:
        """Return the secret that keys the random baseline of a source (32 bytes)."""
        with self._open() as database:
            row = database.execute("SELECT secret FROM accounts WHERE account = ?", (account,))
            secret: bytes = row.fetchone()[0]
            return secret

    def accounts(self) -> list[str]:
        """Return the ids of all accounts that are not joined to another."""
        with self._open() as database:
            rows = database.execute("SELECT account FROM accounts WHERE joined IS NULL ORDER BY 1")
            return [row[0] for row in rows]

    def statement(self, account: str) -> Statement:
        """Return the lines and sums of an account."""
        with self._open() as database:
            return _statement(database, account)

    # Budget and provenance

    def set_budget(self, account: str, budget: Decimal, reason: str) -> None:
        """Set or change the budget, with a reason."""
        with self._open() as database:
            body = {"epsilon": exact(budget), "reason": reason}
            self._append(database, account, "budget", body)

    def charge_training(self, account: str, epsilon: Decimal, delta: Decimal, checkpoint: str) -> None:
        """Write down, once, that the records took part in a checkpoint's DP training."""
        body = {"epsilon": exact(epsilon), "delta": exact(delta), "checkpoint": checkpoint}
        with self._open() as database:
            entries = _statement(database, account).entries
            if not any(entry.kind == "training" and entry.body == body for entry in entries):
                self._append(database, account, "training", body)

    # Releases, in the order in which they happen

    def find_release(self, account: str, key: str) -> Entry | None:
        """Return the reservation of the same release, where there was one."""
        for entry in self.statement(account).entries:
            if entry.kind == "reserved" and entry.body["key"] == key:
                return entry
        return None

    def reserve(
        self,
        account: str,
        charge: Charge | None,
        body: dict[str, Any],
        first_budget: Decimal | None = None,
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

        Raises
        ------
        RefusedError
            Where the budget does not allow it, or the unit differs from earlier releases. Nothing
            was written then.
        """
        with self._open() as database:
            if first_budget is not None and _statement(database, account).budget is None:
                budget = {"epsilon": exact(first_budget), "reason": "set with the first release"}
                self._append(database, account, "budget", budget)
            statement = _statement(database, account)
            _check_unit(statement, body)
            if charge is not None:
                check_budget(statement, charge)
                body = {
                    **body,
                    "epsilon": exact(charge.epsilon),
                    "delta": exact(charge.delta),
                    "one_sided": charge.one_sided,
                }
            return self._append(database, account, "reserved", body)

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
        with self._open() as database:
            sealed = _lookup(database, "SELECT record, steps FROM sealed WHERE record IN", records)
            fresh = [record for record in dict.fromkeys(records) if record not in sealed]
            drawn = zip(fresh, draw_exponentials(len(fresh)).tolist(), strict=True)
            sealed.update(drawn)
            database.executemany(
                "INSERT INTO sealed VALUES (?, ?)", ((record, sealed[record]) for record in fresh)
            )
            return np.array([sealed[record] for record in records], dtype=np.int64)

    def keep(self, units: Sequence[bytes], records: Sequence[bytes], most: int) -> NDArray[np.bool_]:
        """Say which records of each unit are kept, by one random choice that never changes.

        Parameters
        ----------
        units, records : sequence of bytes
            The unit and the key of each record, shape (n,).
        most : int
            How many records of a unit may ever take part.

        Returns
        -------
        ndarray of bool
            Shape (n,).
        """
        with self._open() as database:
            rows_of: dict[bytes, list[int]] = {}
            for row, unit in enumerate(units):
                rows_of.setdefault(unit, []).append(row)
            kept: dict[bytes, set[bytes]] = {}
            for chunk in _chunks(list(rows_of)):
                marks = ",".join("?" * len(chunk))
                query = f"SELECT unit, record FROM kept WHERE unit IN ({marks})"  # noqa: S608
                for unit, record in database.execute(query, chunk):
                    kept.setdefault(unit, set()).add(record)
            chosen = np.zeros(len(records), dtype=bool)
            fresh: list[tuple[bytes, bytes]] = []
            for unit, rows in rows_of.items():
                already = kept.get(unit, set())
                # A place once taken stays taken, also when its record has left the source.
                free = max(0, most - len(already))
                candidates = [row for row in rows if records[row] not in already]
                taken = secrets.SystemRandom().sample(candidates, min(free, len(candidates)))
                fresh.extend((unit, records[row]) for row in taken)
                for row in rows:
                    chosen[row] = records[row] in already or row in taken
            database.executemany("INSERT INTO kept VALUES (?, ?)", fresh)
            return chosen

    def draw_of(self, release: str) -> dict[str, Any] | None:
        """Return the draw of a release; None where it was not drawn yet.

        Raises
        ------
        RefusedError
            Where the draw is not the one that the chain vouches for.
        """
        with self._open() as database:
            row = database.execute("SELECT body FROM draws WHERE release = ?", (release,)).fetchone()
            if row is None:
                return None
            query = "SELECT body FROM entries WHERE kind = 'drawn'"
            drawn = [json.loads(body) for (body,) in database.execute(query)]
            if not any(
                entry["release"] == release and entry["digest"] == _digest(entry["salt"], row[0])
                for entry in drawn
            ):
                raise _tampered("A draw is not the one that was made.")
            draw: dict[str, Any] = json.loads(row[0])
            return draw

    def keep_draw(self, account: str, release: str, draw: dict[str, Any]) -> None:
        """Keep what was drawn, before anything of it leaves."""
        body = json.dumps(draw, sort_keys=True)
        with self._open() as database:
            database.execute("INSERT INTO draws VALUES (?, ?)", (release, body))
            salt = secrets.token_hex(16)
            entry = {"release": release, "digest": _digest(salt, body), "salt": salt}
            self._append(database, account, "drawn", entry)

    def mark_published(self, account: str, release: str) -> None:
        """Write down, once, that a bundle of a release was written."""
        with self._open() as database:
            entries = _statement(database, account).entries
            body = {"release": release}
            if not any(entry.kind == "published" and entry.body == body for entry in entries):
                self._append(database, account, "published", body)

    # The chain

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Hold the ledger, its chain checked; commit at the end, then move the head."""
        try:
            with self._lock, closing(sqlite3.connect(self._database)) as database:
                database.execute("PRAGMA journal_mode=WAL")
                database.execute("PRAGMA synchronous=FULL")
                database.executescript(_SCHEMA)
                self._check(database)
                database.execute("BEGIN IMMEDIATE")
                try:
                    yield database
                except BaseException:
                    database.rollback()
                    raise
                database.commit()
                self._move_head(database)
        except Timeout:
            raise UnusableError(
                "The ledger is in use.",
                "Another process is writing to it.",
                "Wait until it has finished, or stop it.",
            ) from None
        except (OSError, sqlite3.OperationalError) as error:
            raise _cannot_write(error) from None
        except sqlite3.DatabaseError:
            raise _tampered("Its file is damaged.") from None

    def _append(
        self, database: sqlite3.Connection, account: str, kind: str, body: dict[str, Any]
    ) -> Entry:
        seq, previous = _last(database)
        today = datetime.now(UTC).date().isoformat()
        salted = {**body, "date": today, "nonce": secrets.token_hex(32)}
        text = json.dumps(salted, sort_keys=True, ensure_ascii=False)
        digest = _link(previous, seq + 1, account, kind, text)
        database.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)",
            (seq + 1, account, kind, text, previous, digest),
        )
        return Entry(seq + 1, account, kind, today, body, digest)

    def _check(self, database: sqlite3.Connection) -> None:
        previous, hashes = "", [""]
        rows = database.execute(
            "SELECT seq, account, kind, body, previous, hash FROM entries ORDER BY seq"
        )
        for number, (seq, account, kind, body, before, digest) in enumerate(rows, start=1):
            linked = _link(previous, seq, account, kind, body)
            if seq != number or before != previous or digest != linked:
                raise _tampered(f"Entry {number} is not what was written.")
            previous = digest
            hashes.append(digest)
        if not self._head.is_file():
            if len(hashes) > 1:
                raise _tampered("Its head is missing.")
            return
        seq_text, _, head = self._head.read_text(encoding="utf-8").strip().partition(" ")
        seq = int(seq_text) if seq_text.isdigit() else len(hashes)
        # The database may be ahead by what was committed right before a crash, never behind.
        if seq >= len(hashes) or hashes[seq] != head:
            raise _tampered("It is older or shorter than it was.")

    def _move_head(self, database: sqlite3.Connection) -> None:
        seq, head = _last(database)
        text = f"{seq} {head}"
        if self._head.is_file() and self._head.read_text(encoding="utf-8") == text:
            return
        partial = self._head.with_name(".ledger.head.partial")
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._head)


def check_budget(statement: Statement, charge: Charge) -> None:
    """Refuse a charge that the budget does not allow.

    Raises
    ------
    RefusedError
        With what is left and what it would have taken.
    """
    if statement.budget is None:
        raise RefusedError(
            "There is no budget for this source.",
            "A release needs one: how much ε the records may ever cost.",
            "Set it with --budget E, for example --budget 4.",
        )
    after = plain_total([*statement.charges, charge])
    if after > statement.budget:
        needs = after - statement.spent
        raise RefusedError(
            f"This needs ε {exact(needs)}; {exact(statement.budget - statement.spent)} is left.",
            "Nothing was drawn.",
            "Lower ε, or raise the budget and give a reason (dataselect ledger PROJECT --set-budget).",
        )


def _check_unit(statement: Statement, body: dict[str, Any]) -> None:
    """Refuse another unit or m than at the first release of a source."""
    for entry in statement.entries:
        if entry.kind == "reserved":
            before = (entry.body["unit"], entry.body["per_unit"])
            if before != (body["unit"], body["per_unit"]):
                raise RefusedError(
                    "This release protects another unit than earlier ones of this source.",
                    f"Earlier: each {before[0]}, at most {before[1]} records; now: each "
                    f"{body['unit']}, at most {body['per_unit']}. Their costs cannot be added up.",
                    "Use the same unit column and --per-unit as before.",
                )
            return


def _statement(database: sqlite3.Connection, account: str) -> Statement:
    family = [
        row[0]
        for row in database.execute("SELECT account FROM accounts")
        if _root(database, row[0]) == account
    ]
    entries = []
    budgets: dict[str, Decimal] = {}
    for seq, owner, kind, text, digest in database.execute(
        "SELECT seq, account, kind, body, hash FROM entries ORDER BY seq"
    ):
        if owner not in family:
            continue
        body = json.loads(text)
        date = body.pop("date")
        del body["nonce"]
        entries.append(Entry(seq, owner, kind, date, body, digest))
        if kind == "budget":
            budgets[owner] = Decimal(body["epsilon"])
        elif kind == "joined":
            # Of two budgets for what turns out to be one source, the smaller holds.
            both = [budgets.pop(name) for name in (owner, body["account"]) if name in budgets]
            if both:
                budgets[owner] = min(both)
    charges = [
        Charge(
            Decimal(entry.body["epsilon"]),
            Decimal(entry.body["delta"]),
            bool(entry.body.get("one_sided", False)),
        )
        for entry in entries
        if entry.kind in {"training", "reserved"} and "epsilon" in entry.body
    ]
    unprotected = sum(e.kind == "reserved" and "epsilon" not in e.body for e in entries)
    return Statement(account, budgets.get(account), charges, unprotected, entries)


def _accounts_by_mark(database: sqlite3.Connection, marks: Collection[bytes]) -> dict[bytes, str]:
    return _lookup(database, "SELECT mark, account FROM marks WHERE mark IN", list(marks))


def _lookup(database: sqlite3.Connection, query: str, keys: Sequence[bytes]) -> dict[bytes, Any]:
    return {
        key: value
        for chunk in _chunks(keys)
        for key, value in database.execute(f"{query} ({','.join('?' * len(chunk))})", chunk)
    }


def _chunks(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]


def _root(database: sqlite3.Connection, account: str) -> str:
    while True:
        row = database.execute("SELECT joined FROM accounts WHERE account = ?", (account,)).fetchone()
        if row is None or row[0] is None:
            return account
        account = row[0]


def _last(database: sqlite3.Connection) -> tuple[int, str]:
    row = database.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def _link(previous: str, seq: int, account: str, kind: str, body: str) -> str:
    return _digest(previous, json.dumps([seq, account, kind, body]))


def _digest(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


def _cannot_write(error: Exception) -> UnusableError:
    return UnusableError(
        "The ledger cannot be written.",
        f"Its folder refused ({getattr(error, 'strerror', None) or error}).",
        "Make room there, ask for access to it, or name another with DATASELECT_HOME.",
    )


def _tampered(why: str) -> RefusedError:
    return RefusedError(
        "The ledger is not as it was left.",
        f"{why} What earlier releases cost can no longer be told, so nothing is released.",
        "Put the newest backup of its folder back, whole.",
    )
