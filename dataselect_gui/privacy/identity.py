"""Keys by which the ledger recognises records and units: by content, not by name or path.

A copied or renamed source has the same keys. Records with the same content in one unit are numbered in
their order, which does not matter since they are equal.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_DIGEST_BYTES = 32
_UNREADABLE = bytes(_DIGEST_BYTES)
"""In place of the hash of a record that cannot be read."""
_CHUNK = 1 << 16
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
    marks = {_mark(b"content", digest) for digest in _each(content) if digest != _UNREADABLE}
    if whole_rows is not None:
        marks |= {_mark(b"row", digest) for digest in _each(whole_rows)}
    marks |= {_person(person) for person in set(people or ()) if person is not None}
    return marks


def known_records(
    content: NDArray[np.uint8], whole_rows: NDArray[np.uint8] | None, marks: Collection[bytes]
) -> NDArray[np.bool_]:
    """Return which records are among those with these marks; one that cannot be read is not.

    A row of a table is recognised as a whole, too.

    Parameters
    ----------
    content : ndarray of uint8
        Content hashes, shape (n, 32).
    whole_rows : ndarray of uint8 or None
        Hashes of whole rows, of the same shape, where there are any.
    marks : collection of bytes
        See `source_marks`; quick to search.

    Returns
    -------
    ndarray of bool
        Shape (n,).
    """
    known = np.array([_mark(b"content", digest) in marks for digest in _each(content)], dtype=bool)
    if whole_rows is not None:
        known |= [_mark(b"row", digest) in marks for digest in _each(whole_rows)]
    return known & content.any(axis=1)


def population(
    content: NDArray[np.uint8],
    people: People,
    whole_rows: NDArray[np.uint8] | None,
    taken: NDArray[np.bool_],
) -> str:
    """Return the digest of some records, in whatever order they are listed.

    Equal records count as often as they are there, and who a record belongs to counts.

    Parameters
    ----------
    content, people, whole_rows
        As above.
    taken : ndarray of bool
        Which records, shape (n,); those that cannot be read are left out.
    """
    rows = np.flatnonzero(taken & content.any(axis=1))
    keys = _owned(content, people, whole_rows, rows).view(f"V{2 * _DIGEST_BYTES}")
    return hashlib.sha256(np.sort(keys, axis=0).tobytes()).hexdigest()


def labelling(
    content: NDArray[np.uint8],
    people: People,
    whole_rows: NDArray[np.uint8] | None,
    labels: Mapping[int, str | None],
) -> str:
    """Return the digest of labels that the owner gave some records, in whatever order they are listed.

    Parameters
    ----------
    content, people, whole_rows
        As above.
    labels : mapping of int to str or None
        Row → label, None for no label; records that cannot be read are left out.

    Returns
    -------
    str
        Empty where there are none.
    """
    rows = np.array([row for row in sorted(labels) if content[row].any()], dtype=np.int64)
    keys = _owned(content, people, whole_rows, rows)
    given = sorted(
        key.tobytes() + _label(labels[row]) for row, key in zip(rows.tolist(), keys, strict=True)
    )
    return hashlib.sha256(b"".join(given)).hexdigest() if given else ""


def _owned(
    content: NDArray[np.uint8],
    people: People,
    whole_rows: NDArray[np.uint8] | None,
    rows: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Return what some records hold and whom they belong to, shape (rows, 64)."""
    digests = (content if whole_rows is None else whole_rows)[rows]
    digest_of: dict[str | None, bytes] = {None: bytes(_DIGEST_BYTES)}
    if people is not None:
        digest_of |= {name: _person(name) for name in set(people) if name is not None}
    owners = [digest_of[None if people is None else people[row]] for row in rows.tolist()]
    units = np.frombuffer(b"".join(owners), dtype=np.uint8).reshape(-1, _DIGEST_BYTES)
    return np.ascontiguousarray(np.hstack([digests, units]))


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


def _each(digests: NDArray[np.uint8]) -> Iterator[bytes]:
    """Yield hashes of shape (n, 32) one by one, several times as fast as the rows of an array come."""
    for first in range(0, len(digests), _CHUNK):
        joined = digests[first : first + _CHUNK].tobytes()
        for start in range(0, len(joined), _DIGEST_BYTES):
            yield joined[start : start + _DIGEST_BYTES]


def _person(name: str) -> bytes:
    return _mark(b"unit", name.encode())


def _label(label: str | None) -> bytes:
    return _mark(b"unlabelled", b"") if label is None else _mark(b"label", label.encode())


def _mark(kind: bytes, content: bytes) -> bytes:
    return hashlib.sha256(kind + content).digest()
