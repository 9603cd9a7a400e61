"""The ledger's hash chain of entries, in one SQLite file, with its head in another.

Each entry holds a random nonce and the hash of the entry before it. One hash goes into every bundle;
the nonces keep it from revealing what it covers. Large content (marks, secrets, draws) lies beside its
entry, which holds its digest.

The head names the last entry and the SHA-256 of the whole database file, so that any change of a byte
is noticed. Before a commit the head announces the entry that will be last. After a crash the chain ends
at one of the two; any other end means tampering.

A writer holds a lock file from its first read to its last commit, so the chain is checked once. A
reader takes no lock and changes no file: the head shows whether the database is as a writer left it.
What a killed writer left half done is repaired by the next process.
"""

import hashlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock

from dataselect_gui.errors import UnusableError
from dataselect_gui.paths import resolved
from dataselect_gui.permissions import FILE_MODE, replacing
from dataselect_gui.privacy.entry_store import SCHEMA, EntryStore, Last, WritableEntryStore
from dataselect_gui.privacy.home import close_home, open_home
from dataselect_gui.privacy.refusals import InUseError, TamperedError, in_use, refusals, tampered
from dataselect_gui.privacy.shared_disks import is_on_shared_disk
from dataselect_gui.texts import _

LOCK_SECONDS = 30
_POLL_SECONDS = 0.05
_HASH = "(?:[0-9a-f]{64})?"
_HEAD = re.compile(
    rf"([0-9]{{1,18}}) ({_HASH}) (?:file ([0-9a-f]{{64}})|next ([0-9]{{1,18}}) ([0-9a-f]{{64}}))\n"
)


class Chain:
    """The chain in one folder.

    Parameters
    ----------
    home : Path
        Its folder; made on the first write.

    Raises
    ------
    UnusableError
        Where other accounts or machines may change what is in the folder.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._database = home / "ledger.sqlite"
        self._log = home / "ledger.sqlite-wal"
        self._head = home / "ledger.head"
        if is_on_shared_disk(resolved(home)):
            raise UnusableError(
                _("“{name}” cannot be the ledger's folder.", name=home.name),
                _(
                    "It lies on a disk that other machines share, where two programs could both "
                    "spend the same budget, or damage the ledger."
                ),
                _("Name a folder on a disk of this machine with DATASELECT_HOME."),
            )
        with refusals():
            close_home(home)

    @contextmanager
    def open(self, patience: float | None = None) -> Iterator[WritableEntryStore]:
        """Lock the chain for writing, and check all of it.

        Parameters
        ----------
        patience : float or None
            How long to wait for another process that writes to it, in seconds; None for `LOCK_SECONDS`.

        Raises
        ------
        RefusedError
            Where the chain is not as it was left.
        UnusableError
            Where it cannot be read or written, or another process holds it.
        """
        with ExitStack() as held:
            with refusals():
                open_home(self._home)
                seconds = LOCK_SECONDS if patience is None else patience
                lock = FileLock(self._home / "ledger.lock", timeout=seconds, mode=FILE_MODE)
                held.enter_context(lock)
                head = self._read_head()
                self._database.touch(FILE_MODE)  # SQLite's files beside it get the same mode.
                database = held.enter_context(closing(sqlite3.connect(self._database)))
                database.execute("PRAGMA journal_mode=WAL")
                database.execute("PRAGMA synchronous=FULL")
                database.executescript(SCHEMA)
                store = WritableEntryStore(database, partial(self._commit, database))
                self._check(store, head)
                if head is None or head.file is None:
                    self._settle(database, store.last)
            yield store

    @contextmanager
    def snapshot(self) -> Iterator[EntryStore]:
        """Read the chain and check all of it, without changing any file.

        Raises
        ------
        RefusedError
            Where the chain is not as it was left.
        UnusableError
            Where it cannot be read, or another process keeps changing it.
        """
        with ExitStack() as held:
            head, store = self._read(held)
            try:
                yield store
            except TamperedError:
                # Content is read late: a writer may have committed meanwhile.
                if head == self._head_text():
                    raise
                raise in_use() from None

    def _read(self, held: ExitStack) -> tuple[bytes | None, EntryStore]:
        """Return the head and the entries that belong to it, once no writer is active."""
        until = time.monotonic() + LOCK_SECONDS
        while True:
            with refusals():
                before = self._head_text()
                store = self._as_left(before, held)
                if store is not None and before == self._head_text():
                    return before, store
            if time.monotonic() > until:
                raise in_use()
            try:
                with self.open(patience=_POLL_SECONDS):
                    pass  # A writer was killed: opening repairs what it left, or refuses it.
            except InUseError:
                continue

    def _as_left(self, text: bytes | None, held: ExitStack) -> EntryStore | None:
        """Return the entries; None unless the files are as a writer left them when it finished."""
        if text is None and not self._database.exists():
            nothing = held.enter_context(closing(sqlite3.connect(":memory:")))
            nothing.executescript(SCHEMA)
            return EntryStore(nothing)
        try:
            head = self._read_head()
        except TamperedError:
            return None  # Or a writer is active.
        if head is None or head.file is None:
            return None
        # Immutable: SQLite takes no lock and makes no other file.
        place = f"{resolved(self._database).as_uri()}?mode=ro&immutable=1"
        try:
            store = EntryStore(held.enter_context(closing(sqlite3.connect(place, uri=True))))
            self._check(store, head)
        except (TamperedError, sqlite3.DatabaseError):
            return None
        return store

    def _head_text(self) -> bytes | None:
        return self._head.read_bytes() if self._head.is_file() else None

    def _read_head(self) -> "_Head | None":
        """Read the head, and check the database file by it before SQLite opens the file."""
        text = self._head_text()
        if text is None:
            return None
        match = _HEAD.fullmatch(text.decode("ascii", "replace"))
        if match is None:
            raise tampered(_("Its head is damaged."))
        seq, digest, file, following, next_digest = match.groups()
        if not self._database.is_file():
            raise tampered(_("Its file is missing."))
        if file is not None:
            if self._log.is_file() and self._log.stat().st_size:
                raise tampered(_("Something was added to its file."))
            if _sha256(self._database) != file:
                raise tampered(_("It was changed, or it is older or shorter than it was."))
            return _Head((int(seq), digest), file, None)
        return _Head((int(seq), digest), None, (int(following), next_digest))

    def _check(self, store: EntryStore, head: "_Head | None") -> None:
        if head is None:
            if store.entries:
                raise tampered(_("Its head is missing."))
            return
        if store.last not in {head.last, head.following} or store.hash_at(head.last[0]) != head.last[1]:
            raise tampered(_("It is older or shorter than it was."))
        if head.file is None:  # After a crash the head has no digest of the whole file.
            for entry in store.entries:
                if "content" in entry.body:
                    store.content(entry)

    def _commit(self, database: sqlite3.Connection, before: Last, last: Last) -> None:
        """Announce the entry that will be last, commit, and write the head anew."""
        self._write_head(f"{before[0]} {before[1]} next {last[0]} {last[1]}\n")
        database.commit()
        self._settle(database, last)

    def _settle(self, database: sqlite3.Connection, last: Last) -> None:
        """Move SQLite's log into the database, and write its digest into the head."""
        (is_busy, *_) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if (
            not is_busy
        ):  # Otherwise another process reads the file, and the head stays as after a crash.
            self._write_head(f"{last[0]} {last[1]} file {_sha256(self._database)}\n")

    def _write_head(self, text: str) -> None:
        with replacing(self._head) as file:
            file.write(text.encode("ascii"))
        if os.name == "posix":  # A head older than its file would look like tampering.
            folder = os.open(self._head.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


@dataclass(frozen=True)
class _Head:
    """The content of the head.

    Attributes
    ----------
    last : tuple of int and str
        Number and hash of the last entry.
    file : str or None
        The digest of the database; None while a commit is under way.
    following : tuple of int and str or None
        Number and hash of the entry that will be last after that commit.
    """

    last: Last
    file: str | None
    following: Last | None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
