"""By what the ledger knows records and units again: their content, never their names or places.

A copied or renamed source has the same keys. Two records with the same content in one unit are told
apart by their order alone, which does not matter, since they are the same.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def record_keys(content: NDArray[np.uint8], units: Sequence[str] | None) -> list[bytes]:
    """Return one key per record, unlike all others of the source.

    Parameters
    ----------
    content : ndarray of uint8
        Content hashes, shape (n, 32).
    units : sequence of str or None
        The unit of each record; None where the record is the unit.
    """
    seen: Counter[bytes] = Counter()
    keys = []
    for row, digest in enumerate(content):
        unit = b"" if units is None else hashlib.sha256(units[row].encode()).digest()
        base = digest.tobytes() + unit
        keys.append(hashlib.sha256(b"record" + base + str(seen[base]).encode()).digest())
        seen[base] += 1
    return keys


def source_marks(content: NDArray[np.uint8], units: Sequence[str] | None) -> set[bytes]:
    """Return the marks by which a source is known again: its contents, and its units' ids."""
    readable = content[content.any(axis=1)]
    marks = {hashlib.sha256(b"content" + digest.tobytes()).digest() for digest in readable}
    if units is not None:
        marks |= {unit_mark(unit) for unit in set(units)}
    return marks


def unit_mark(unit: str) -> bytes:
    """Return the mark of a unit that has an id."""
    return hashlib.sha256(b"unit" + unit.encode()).digest()
