"""Keys by which the ledger recognises records and units: by content, not by name or path.

A copied or renamed source has the same keys. Records with the same content in one unit are numbered in
their order, which does not matter since they are equal.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

People = Sequence[str | None] | None
"""The person of each record, None for one that names none; None where records are the units."""


def record_keys(content: NDArray[np.uint8], people: People) -> list[bytes]:
    """Return a key for each record, unique in the source.

    Parameters
    ----------
    content : ndarray of uint8
        Content hashes, shape (n, 32).
    people : sequence of str or None
        The person of each record.
    """
    seen: Counter[bytes] = Counter()
    keys = []
    for row, digest in enumerate(content):
        person = None if people is None else people[row]
        unit = b"" if person is None else hashlib.sha256(person.encode()).digest()
        base = digest.tobytes() + unit
        keys.append(hashlib.sha256(b"record" + base + str(seen[base]).encode()).digest())
        seen[base] += 1
    return keys


def source_marks(
    content: NDArray[np.uint8], people: People, whole_rows: NDArray[np.uint8] | None = None
) -> set[bytes]:
    """Return the marks by which a source is recognised: hashes of contents and of people's ids.

    A row of a table is recognised as a whole, too: of which of its columns its content consists is what
    a checkpoint asks for.
    """
    readable = content[content.any(axis=1)]
    marks = {_mark(b"content", digest.tobytes()) for digest in readable}
    if whole_rows is not None:
        marks |= {_mark(b"row", digest.tobytes()) for digest in whole_rows}
    return marks | {_person(person) for person in set(people or ()) if person is not None}


def content_marks(content: NDArray[np.uint8]) -> list[bytes]:
    """Return the mark of each record's content, shape (n,)."""
    return [_mark(b"content", digest.tobytes()) for digest in content]


def unit_marks(keys: Sequence[bytes], people: Sequence[str | None]) -> list[bytes]:
    """Return the mark of each record's unit; a record without a person is a unit of its own."""
    return [
        _mark(b"single", key) if person is None else _person(person)
        for key, person in zip(keys, people, strict=True)
    ]


def belongings(
    content: NDArray[np.uint8], people: Sequence[str | None]
) -> list[tuple[bytes, bytes] | None]:
    """Return for each record the mark of its content and that of its person.

    None for a record that cannot be read.
    """
    return [
        (_mark(b"content", digest.tobytes()), _mark(b"nobody", b"") if who is None else _person(who))
        if digest.any()
        else None
        for digest, who in zip(content, people, strict=True)
    ]


def _person(name: str) -> bytes:
    return _mark(b"unit", name.encode())


def _mark(kind: bytes, content: bytes) -> bytes:
    return hashlib.sha256(kind + content).digest()
