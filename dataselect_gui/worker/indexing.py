"""Read a source into an index, and hold it against what a project knows. No torch here."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.project.mapping import mapped
from dataselect_gui.project.project import Project
from dataselect_gui.project.table import Index
from dataselect_gui.records.opening import content_hash
from dataselect_gui.records.source import Source, SourceOfMany, UnreadableRecordError, whole_rows_of
from dataselect_gui.texts import _, ngettext

HASH_BYTES, ENTRY_BYTES = 32, 48
"""Of a content hash; of one with the stamp of its file."""
_READ_AT_ONCE = 1024
"""Records of a source that is in memory."""


class HashCache:
    """Content hashes of files, beside what the file system said of them when they were read.

    A run that was stopped or killed does not read again what has not changed since. Nothing rests on
    it: a record is hashed again when it is scored, and when it is released.

    Parameters
    ----------
    folder : Path
        The project's.
    ids : sequence of str
        The records, in the source's order.
    """

    def __init__(self, folder: Path, ids: Sequence[str]) -> None:
        listing = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
        path = folder / f"hashes-{listing}.npy"
        for other in folder.glob("hashes-*.npy"):
            if other != path:
                other.unlink(missing_ok=True)
        self.entries = mapped(path, np.uint8, (len(ids), ENTRY_BYTES), 0)

    def find(self, row: int, stamp: tuple[int, int]) -> NDArray[np.uint8] | None:
        """Return the hash of a record with that stamp; None where it was not read."""
        return known_hash(self.entries[row], stamp)

    def put(self, row: int, stamp: tuple[int, int], content: NDArray[np.uint8]) -> None:
        """Keep a hash."""
        self.put_all(np.array([row], dtype=np.int64), hash_entry(stamp, content)[None])

    def put_all(self, rows: NDArray[np.int64], entries: NDArray[np.uint8]) -> None:
        """Keep hashes with their stamps, shape (rows, 48).

        The stamps come last: a row that was cut off is not taken for a whole one.
        """
        self.entries[rows, HASH_BYTES:] = 0
        self.entries[rows, :HASH_BYTES] = entries[:, :HASH_BYTES]
        self.entries[rows, HASH_BYTES:] = entries[:, HASH_BYTES:]


def hash_entry(stamp: tuple[int, int], content: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a content hash with the stamp of its file, 48 bytes."""
    return np.concatenate([content, np.array(stamp, dtype=np.int64).view(np.uint8)])


def known_hash(entry: NDArray[np.uint8], stamp: tuple[int, int]) -> NDArray[np.uint8] | None:
    """Return the content hash of an entry, where it was made of a file with that stamp."""
    is_known = entry[HASH_BYTES:].tobytes() == np.array(stamp, dtype=np.int64).tobytes()
    return np.array(entry[:HASH_BYTES]) if is_known else None


class KnownHashes(Protocol):
    """Content hashes that are known already; see `HashCache`."""

    def find(self, row: int, stamp: tuple[int, int]) -> NDArray[np.uint8] | None:
        """Return the hash of a record with that stamp; None where it was not read."""

    def put(self, row: int, stamp: tuple[int, int], content: NDArray[np.uint8]) -> None:
        """Keep a hash."""


def read_index(source: Source, context: JobContext, cache: "KnownHashes | None" = None) -> Index:
    """Take every record's content hash, reading it where the cache does not know it.

    Raises
    ------
    InterruptedByPersonError
        Where it was stopped.
    """
    count = len(source.ids)
    content = np.zeros((count, HASH_BYTES), dtype=np.uint8)
    if isinstance(source, SourceOfMany):
        for start in range(0, count, _READ_AT_ONCE):
            context.advance(Phase.READING_RECORDS, start, count)
            stored = source.read_many(range(start, min(count, start + _READ_AT_ONCE)))
            hashes = np.frombuffer(b"".join(map(content_hash, stored)), dtype=np.uint8)
            content[start : start + len(stored)] = hashes.reshape(-1, HASH_BYTES)
        return Index(source.ids, source.labels, source.units, content, whole_rows_of(source))
    for row in range(count):
        context.advance(Phase.READING_RECORDS, row, count)
        stamp = None if cache is None else source.stamp(row)
        digest = None if cache is None or stamp is None else cache.find(row, stamp)
        if digest is None:
            try:
                digest = np.frombuffer(content_hash(source.read(row)), dtype=np.uint8)
            except UnreadableRecordError:
                continue  # The reason is noted when the record is scored.
            if cache is not None and stamp is not None:
                cache.put(row, stamp, digest)
        content[row] = digest
    return Index(source.ids, source.labels, source.units, content, whole_rows_of(source))


def hashes_to_check(source: Source, index: Index) -> NDArray[np.uint8] | None:
    """Return the hashes that records of an index shall have when they are read once more.

    None where all are in memory since before they were taken: they cannot change.

    Parameters
    ----------
    source : Source
        What `read_index` made the index of, opened once.
    index : Index
        Of its records.
    """
    return None if isinstance(source, SourceOfMany) else index.content


def fair_order(ids: Sequence[str], limit: int | None = None) -> list[int]:
    """Return rows, of the first so many, in an order by which early results tell of all.

    It is drawn from the ids alone: the same on every run.
    """
    rows = range(len(ids))[:limit]
    return sorted(rows, key=lambda row: hashlib.sha256(ids[row].encode()).digest())


def check_same_source(project: Project, source: Source, index: Index) -> None:
    """Accept the project's own source, wherever it lies now; refuse another one.

    A record that could not be read when the project was scored may be readable now. Anywhere but at
    the source's known place every other record has to be there, with the content that was scored.

    Raises
    ------
    UnusableError
        Where the source is not the project's.
    """
    project.check_records(index)
    if project.settings.table is None or project.settings.source.path == str(source.path):
        return
    known = project.table.index
    now = dict(zip(index.ids, index.content, strict=True))
    others = sum(
        record not in now or (content.any() and not np.array_equal(now[record], content))
        for record, content in zip(known.ids, known.content, strict=True)
    )
    if others:
        raise UnusableError(
            _("“{name}” is not the source of this project.", name=source.path.name),
            ngettext(
                "Of the {scored:,} records that were scored, {count:,} is missing there or holds "
                "something else.",
                "Of the {scored:,} records that were scored, {count:,} are missing there or hold "
                "something else.",
                others,
                scored=len(known.ids),
            ),
            _(
                "Show the place of the records as they were scored, or score these into another "
                "project."
            ),
        )
