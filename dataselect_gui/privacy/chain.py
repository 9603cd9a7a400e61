"""The chain of entries that the ledger is made of, in one SQLite file, with its head in another.

Each entry holds a random nonce and the hash of the entry before it. The nonce keeps the chain's
hashes, one of which goes into every bundle, from telling anything about what they cover. What is too
large for a line (marks, secrets, draws) lies beside its entry, which holds its digest.

The head names the last entry and the SHA-256 of the whole database file, so that no byte of it can
change unnoticed. Before a commit the head announces the entry that will be last; a crash then leaves
a chain that ends at one of the two, and anything else was not written here.
"""

import hashlib
import json
import os
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.paths import resolved
from dataselect_gui.permissions import FILE_MODE, replacing
from dataselect_gui.privacy.entry_forms import is_content, is_entry
from dataselect_gui.privacy.home import open_home
from dataselect_gui.privacy.shared_disks import is_on_shared_disk

LOCK_SECONDS = 30
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS contents (seq INTEGER PRIMARY KEY, content BLOB NOT NULL);
"""
_HASH = "(?:[0-9a-f]{64})?"
_HEAD = re.compile(
    rf"([0-9]{{1,18}}) ({_HASH}) (?:file ([0-9a-f]{{64}})|next ([0-9]{{1,18}}) ([0-9a-f]{{64}}))\n"
)


@dataclass(frozen=True)
class Entry:
    """One line of the ledger.

    Attributes
    ----------
    seq : int
        Its number, from 1.
    account : str
        Whose; empty for what all accounts share.
    kind : str
        ``opened``, ``extended``, ``joined``, ``budget``, ``training``, ``sealed``, ``kept``,
        ``reserved``, ``drawn``, ``published``.
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


class Pages:
    """The entries, while the chain is held open.

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
                raise tampered(f"Entry {number} is not what was written.")
            previous = digest
            date = body.pop("date")
            del body["nonce"]
            self.entries.append(Entry(seq, account, kind, date, body, digest))

    @property
    def last(self) -> tuple[int, str]:
        """The number and the hash of the last entry."""
        return (self.entries[-1].seq, self.entries[-1].hash) if self.entries else (0, "")

    def hash_at(self, seq: int) -> str | None:
        """Return the head after an entry; None where there is no such entry."""
        if seq == 0:
            return ""
        return self.entries[seq - 1].hash if seq <= len(self.entries) else None

    def append(
        self, account: str, kind: str, body: dict[str, Any], content: bytes | None = None
    ) -> Entry:
        """Append an entry, with its content where it has one."""
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

    def content(self, entry: Entry) -> bytes:
        """Return what lies beside an entry.

        Raises
        ------
        RefusedError
            Where it is not what the entry vouches for.
        """
        row = self._database.execute(
            "SELECT content FROM contents WHERE seq = ?", (entry.seq,)
        ).fetchone()
        content: bytes = b"" if row is None else row[0]
        stated = entry.body.get("content")
        if not is_content(entry.kind, content) or hashlib.sha256(content).hexdigest() != stated:
            raise tampered(f"What entry {entry.seq} stands for is not what was written.")
        return content


class Chain:
    """The chain in one folder.

    Parameters
    ----------
    home : Path
        Its folder; it is made where it is not there.

    Raises
    ------
    UnusableError
        Where the folder cannot be written, or other accounts or machines may change what is in it.
    """

    def __init__(self, home: Path) -> None:
        self._database = home / "ledger.sqlite"
        self._log = home / "ledger.sqlite-wal"
        self._head = home / "ledger.head"
        self._lock = FileLock(home / "ledger.lock", timeout=LOCK_SECONDS, mode=FILE_MODE)
        if is_on_shared_disk(resolved(home)):
            raise UnusableError(
                f"“{home.name}” cannot be the ledger's folder.",
                "It lies on a disk that other machines share, where two programs could both spend the "
                "same budget, or damage the ledger.",
                "Name a folder on a disk of this machine with DATASELECT_HOME.",
            )
        try:
            open_home(home)
        except OSError as error:
            raise _cannot_write(error) from None

    @contextmanager
    def open(self) -> Iterator[Pages]:
        """Hold the chain, all of it checked; what was appended is on disk when this ends.

        Raises
        ------
        RefusedError
            Where the chain is not as it was left.
        UnusableError
            Where it cannot be read or written, or another process holds it.
        """
        try:
            with self._lock:
                head = self._read_head()
                self._database.touch(FILE_MODE)  # What SQLite puts beside it has the same mode.
                with closing(sqlite3.connect(self._database)) as database:
                    database.execute("PRAGMA journal_mode=WAL")
                    database.execute("PRAGMA synchronous=FULL")
                    database.executescript(_SCHEMA)
                    database.execute("BEGIN IMMEDIATE")
                    pages = Pages(database)
                    self._check(pages, head)
                    before = pages.last
                    yield pages
                    after = pages.last
                    if after != before:
                        self._write_head(f"{before[0]} {before[1]} next {after[0]} {after[1]}\n")
                        database.commit()
                # SQLite has now moved its log into the file.
                if after != before or head is None or head[3] is not None:
                    self._write_head(f"{after[0]} {after[1]} file {_sha256(self._database)}\n")
        except Timeout:
            raise UnusableError(
                "The ledger is in use.",
                "Another process is writing to it.",
                "Wait until it has finished, or stop it.",
            ) from None
        except (OSError, sqlite3.OperationalError) as error:
            raise _cannot_write(error) from None
        except (sqlite3.DatabaseError, json.JSONDecodeError, UnicodeDecodeError):
            raise tampered("Its file is damaged.") from None

    def _read_head(self) -> tuple[int, str, str | None, int | None, str | None] | None:
        """Read the head and hold the file against it, before SQLite sees the file."""
        if not self._head.is_file():
            return None
        match = _HEAD.fullmatch(self._head.read_bytes().decode("ascii", "replace"))
        if match is None:
            raise tampered("Its head is damaged.")
        seq, digest, file, following, next_digest = match.groups()
        if not self._database.is_file():
            raise tampered("Its file is missing.")
        if file is not None:
            if self._log.is_file() and self._log.stat().st_size:
                raise tampered("Something was added to its file.")
            if _sha256(self._database) != file:
                raise tampered("It was changed, or it is older or shorter than it was.")
        return int(seq), digest, file, None if following is None else int(following), next_digest

    def _check(
        self, pages: Pages, head: tuple[int, str, str | None, int | None, str | None] | None
    ) -> None:
        if head is None:
            if pages.entries:
                raise tampered("Its head is missing.")
            return
        seq, digest, file, following, next_digest = head
        ends = {(seq, digest), (following, next_digest)}
        if pages.last not in ends or pages.hash_at(seq) != digest:
            raise tampered("It is older or shorter than it was.")
        if file is None:  # After a crash the digest of the whole file is not there to be held against.
            for entry in pages.entries:
                if "content" in entry.body:
                    pages.content(entry)

    def _write_head(self, text: str) -> None:
        with replacing(self._head) as file:
            file.write(text.encode("ascii"))
        if os.name == "posix":  # A head that is older than its file would look like one put back.
            folder = os.open(self._head.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def tampered(why: str) -> RefusedError:
    """Return the error for a ledger that is not as it was left."""
    return RefusedError(
        "The ledger is not as it was left.",
        f"{why} What earlier releases cost can no longer be told, so nothing is released.",
        "Put the newest backup of its folder back, whole.",
    )


def _parsed(text: object) -> Any:  # noqa: ANN401  (any JSON)
    """Return what an entry says; None where that cannot be read."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _link(previous: str, seq: int, account: str, kind: str, body: str) -> str:
    text = f"{previous}\n{json.dumps([seq, account, kind, body])}"
    return hashlib.sha256(text.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cannot_write(error: Exception) -> UnusableError:
    return UnusableError(
        "The ledger cannot be written.",
        f"Its folder refused ({getattr(error, 'strerror', None) or error}).",
        "Make room there, ask for access to it, or name another with DATASELECT_HOME.",
    )
