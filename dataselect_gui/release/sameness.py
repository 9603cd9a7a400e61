"""By what the ledger recognises that the same thing is asked of the same records again."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.identity import belongings, record_keys
from dataselect_gui.privacy.snapshot import NO_PEOPLE, Grouping
from dataselect_gui.release.candidates import Candidates


def keys_of(candidates: Candidates) -> list[bytes]:
    """Return the ledger's key of each record."""
    return record_keys(candidates.index.content, candidates.index.people)


def grouping_of(candidates: Candidates) -> Grouping:
    """Return the persons of the records, as the ledger checks them."""
    index, people = candidates.index, candidates.index.people
    if people is None:
        return NO_PEOPLE
    pairs = belongings(index.content, people)
    there = {pair: record for pair, record in zip(pairs, index.ids, strict=True) if pair is not None}
    may_leave = zip(pairs, candidates.eligible, strict=True)
    return Grouping(there, {pair for pair, may in may_leave if pair is not None and may})


def records_part(candidates: Candidates, chosen: NDArray[np.bool_]) -> dict[str, object]:
    """Return the part of a key that covers the records, independent of their order.

    Parameters
    ----------
    candidates : Candidates
        The records, with those that take part.
    chosen : ndarray of bool
        The records that are told apart from the others, shape (n,).
    """
    keys, part = keys_of(candidates), candidates.part
    assert part is not None
    order = sorted(range(len(keys)), key=keys.__getitem__)
    flags = np.stack([part, candidates.eligible, part & chosen], axis=1).astype(np.uint8)
    records = hashlib.sha256()
    for row in order:
        records.update(keys[row] + flags[row].tobytes())
        if candidates.keep is not None:
            records.update(candidates.keep[row].tobytes())
    return {
        "records": records.hexdigest(),
        "labels": [candidates.index.labels[row] for row in order],
        **({} if candidates.label_rule is None else {"label_rule": candidates.label_rule}),
        "scores": hashlib.sha256(candidates.scores[order].tobytes()).hexdigest(),
        "scored_by": candidates.scored_by,
        **({} if candidates.rule is None else {"rule": candidates.rule}),
        "unit": candidates.unit_column,
    }


def key_of(parts: Mapping[str, object]) -> str:
    """Return the key of all that distinguishes a release, or a question, from another."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
