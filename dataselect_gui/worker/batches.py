"""Which records are computed together, and where in its batch each of them stands.

A record's place in a batch follows from its own id alone, and every batch has the same size: what is in
no place stays empty, and is filled up. So how a record is rounded does not depend on which other
records there are, which of them can be read, how they are labelled, or which were computed before.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.tasks.answers import Answers

EMPTY = -1
"""Stands for no record."""
_DIGITS = 18
"""Of an id that counts as a number."""


def place_of(record: str, size: int) -> int:
    """Return the place of a record in batches of a size, by its id.

    An id that is a number, as of a row, is its place, counted round: so rows fill all places alike.
    """
    if record.isascii() and record.isdigit() and len(record) <= _DIGITS:
        return int(record) % size
    digest = hashlib.sha256(f"place {record}".encode()).digest()
    return int.from_bytes(digest[:8]) % size


def in_batches(ids: Sequence[str], rows: Sequence[int], size: int) -> NDArray[np.int64]:
    """Put records into batches, each in its own place of the first one where that is free.

    Parameters
    ----------
    ids : sequence of str
        Of all records.
    rows : sequence of int
        Those that are to be computed, the most urgent first.
    size : int
        Of every batch.

    Returns
    -------
    ndarray of int64
        Rows, shape (batches, size); `EMPTY` where there is none.
    """
    places = np.fromiter((place_of(ids[row], size) for row in rows), dtype=np.int64, count=len(rows))
    counts = np.bincount(places, minlength=size)
    by_place = np.argsort(places, kind="stable")
    before = np.cumsum(counts) - counts
    batch = np.arange(len(rows)) - before[places[by_place]]
    batches = np.full((counts.max(), size), EMPTY, dtype=np.int64)
    batches[batch, places[by_place]] = np.asarray(rows, dtype=np.int64)[by_place]
    return batches


@dataclass(frozen=True)
class BatchScores:
    """What some records came to.

    Attributes
    ----------
    rows : ndarray of int64
        Which, shape (n,): all that were computed, or are known to have no score.
    scores : dict
        For each score an array of shape (n,); NaN where there is none.
    answers : Answers
        What the model answers, n of them.
    reasons : dict
        Why records have none: row → a sentence.
    handled : int
        How many records were gone through; more than n where some were not there.
    """

    rows: NDArray[np.int64]
    scores: Mapping[str, NDArray[np.float64]]
    answers: Answers
    reasons: Mapping[int, str]
    handled: int
