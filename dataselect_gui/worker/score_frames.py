"""The frames by which a confined worker has the scores of a run kept.

========== =============================================================================================
`STATE`    to the worker, at first: how scores are computed already, and how an earlier run ended
`SETTINGS` how scores are computed, as it is settled
`MARK`     what is in hand, so that it is known what a worker was killed over; empty where nothing is
`LISTING`  the digest of the records' names, labels and units; answered by the hashes that are known
`HASHES`   rows (int64), and for each the content hash and stamp of its file (48 bytes)
`CONTENT`  the content hashes of all records (32 bytes each); answered, score by score and record by
           record, by 0, `IS_DONE` or `IS_DONE` + `HAS_NUMBER`, and then of the model's answers by 0 or
           `IS_DONE`
`FORGET`   the number of a score that is computed from the beginning again
`VALUES`   the number of a score, rows (int64), and for each its value (float64)
`DONE`     the number of a score, and rows (int64) of which nothing is left to compute
`PROBLEMS` why records have no scores: the length of a reason in bytes (uint32), how many rows have it
           (uint32), the reason, and these rows (int64); further reasons likewise
`ANSWERS`  rows (int64), and for each what the model answers: classes (int32) and numbers (float32), as
           many as the job has places, and a standing (uint8)
========== =============================================================================================
"""

import hashlib
import json
import struct

import msgspec

from dataselect_gui.project.settings import Conditions
from dataselect_gui.records.source import Source

STATE, SETTINGS, MARK, LISTING, HASHES, CONTENT, FORGET, VALUES, DONE, PROBLEMS, ANSWERS = range(20, 31)
IS_DONE, HAS_NUMBER = 1, 2
REASON = struct.Struct("<II")
MOST_REASON = 300
"""Characters of a reason."""
REASONS_AT_ONCE = 256
"""So many different reasons go in one frame."""


class State(msgspec.Struct, frozen=True):
    """What `STATE` holds.

    Attributes
    ----------
    scores : dict
        Score → how it is computed already.
    ended_by : list of str
        Records that ended a run as they were computed by themselves.
    in_hand : list of str
        The scores that an earlier run was killed over; empty where none was.
    record : str or None
        The record that it computed by itself.
    """

    scores: dict[str, Conditions]
    ended_by: list[str]
    in_hand: list[str]
    record: str | None


class Settled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `SETTINGS` holds: how the scores of a job are computed, and what ended runs."""

    scores: dict[str, Conditions]
    ended_by: list[str]


class InWork(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `MARK` holds: the scores in hand, and a record that is computed by itself."""

    scores: list[str]
    record: str | None


def answer_bytes(places: int) -> int:
    """Return how many bytes a record's answer takes in a frame, its row among them."""
    return 8 + 8 * places + 1


def listing_digest(source: Source) -> bytes:
    """Return the SHA-256 of the records' names, labels and units."""
    units = None if source.units is None else list(source.units)
    listing = json.dumps([list(source.ids), list(source.labels), units])
    return hashlib.sha256(listing.encode()).digest()
