"""The entries of the ledger's chain in its database."""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dataselect_gui.privacy.entry_body import EntryBody
from dataselect_gui.privacy.entry_forms import EntryKind, is_content, is_entry
from dataselect_gui.privacy.refusals import refusals, tampered
from dataselect_gui.texts import _

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS contents (seq INTEGER PRIMARY KEY, content BLOB NOT NULL);
"""
KEY_BYTES = 32
"""Bytes of a key or a mark in the content of an entry."""
SECRET_BYTES = 32
"""Bytes of the secret in the content that opens an account; the marks follow."""
Last = tuple[int, str]
"""The number and the hash of the last entry; 0 and "" before the first."""


@dataclass(frozen=True)
class Entry:
    """An entry of the ledger.

    Attributes
    ----------
    seq : int
        Its number, from 1.
    account : str
        The account; empty for what all accounts share.
    kind : str
        An `EntryKind`.
    date : str
        The day on which it was written.
    body : EntryBody
        Its fields.
    hash : str
        The hash of the chain after it.
    """

    seq: int
    account: str
    kind: EntryKind
    date: str
    body: EntryBody
    hash: str


class EntryStore:
    """The entries of a chain, all checked.

    Attributes
    ----------
    entries : list of Entry
        All, in order.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.entries: list[Entry] = []
        previous = ""
        rows = database.execute(
            "SELECT seq, account, kind, body, previous, hash FROM entries ORDER BY seq"
        )
        for number, (seq, account, kind, text, before, digest) in enumerate(rows, start=1):
            body = _parsed(text)
            if (
                seq != number
                or before != previous
                or not isinstance(account, str)
                or not is_entry(kind, body)
                or digest != _link(previous, seq, account, kind, text)
            ):
                raise tampered(_("Entry {number} is not what was written.", number=number))
            previous = digest
            date = body.pop("date")
            del body["nonce"]
            self.entries.append(Entry(seq, account, kind, date, body, digest))

    @property
    def last(self) -> Last:
        """The number and the hash of the last entry."""
        return (self.entries[-1].seq, self.entries[-1].hash) if self.entries else (0, "")

    def hash_at(self, seq: int) -> str | None:
        """Return the chain's hash after an entry; None where there is no such entry."""
        if seq == 0:
            return ""
        return self.entries[seq - 1].hash if seq <= len(self.entries) else None

    def content(self, entry: Entry) -> bytes:
        """Return the content beside an entry.

        Raises
        ------
        RefusedError
            Where its digest is not the entry's.
        """
        with refusals():
            row = self._database.execute(
                "SELECT content FROM contents WHERE seq = ?", (entry.seq,)
            ).fetchone()
        content: bytes = b"" if row is None else row[0]
        stated = entry.body.get("content")
        if not is_content(entry.kind, content) or hashlib.sha256(content).hexdigest() != stated:
            raise tampered(_("What entry {seq} stands for is not what was written.", seq=entry.seq))
        return content


class WritableEntryStore(EntryStore):
    """The entries of a chain that this process has locked for writing.

    Parameters
    ----------
    database : sqlite3.Connection
        Holds the database, with no transaction begun.
    commit : callable
        Commits the transaction; takes `last` from before it and from within it.
    """

    def __init__(self, database: sqlite3.Connection, commit: Callable[[Last, Last], None]) -> None:
        super().__init__(database)
        self._commit = commit

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Append all or nothing; what was appended is on disk when the context ends.

        Raises
        ------
        UnusableError
            Where the disk refuses.
        """
        before = self.last
        with refusals():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                if self.last != before:
                    self._commit(before, self.last)
            finally:
                if self._database.in_transaction:  # Nothing was appended, or it was refused.
                    self._database.rollback()
                    del self.entries[before[0] :]

    def append(
        self, account: str, kind: EntryKind, body: EntryBody, content: bytes | None = None
    ) -> Entry:
        """Append an entry within a `transaction`, with its content where it has one."""
        seq, previous = self.last
        if content is not None:
            body = {**body, "content": hashlib.sha256(content).hexdigest()}
        today = datetime.now(UTC).date().isoformat()
        salted = {**body, "date": today, "nonce": secrets.token_hex(32)}
        text = json.dumps(salted, sort_keys=True, ensure_ascii=False)
        digest = _link(previous, seq + 1, account, kind, text)
        self._database.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)",
            (seq + 1, account, kind, text, previous, digest),
        )
        if content is not None:
            self._database.execute("INSERT INTO contents VALUES (?, ?)", (seq + 1, content))
        entry = Entry(seq + 1, account, kind, today, body, digest)
        self.entries.append(entry)
        return entry


def pieces_of(content: bytes, first: int = 0) -> Iterator[bytes]:
    """Split the content of an entry into keys, from a byte on."""
    return (content[start : start + KEY_BYTES] for start in range(first, len(content), KEY_BYTES))


def _parsed(text: object) -> Any:  # noqa: ANN401  (any JSON)
    """Return the fields of an entry; None where they cannot be parsed."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _link(previous: str, seq: int, account: str, kind: str, body: str) -> str:
    text = f"{previous}\n{json.dumps([seq, account, kind, body])}"
    return hashlib.sha256(text.encode()).hexdigest()
