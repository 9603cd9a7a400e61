"""Find records again by what they hold, where a source lists them anew.

The id of a row is its number: where a table was sorted, or rows were added at its top, the same id is
another record.
"""

from collections.abc import Collection
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.table import Index, Labels
from dataselect_gui.records.source import own_unit


def followed(marked: Collection[str], old: Index, new: Index) -> list[str]:
    """Return the ids by which marked records are listed now.

    A record is found by its whole row, else by its content: under its own id, or under all ids of that
    content. One that is not found keeps its id: it may have been edited, or come again.

    Parameters
    ----------
    marked : collection of str
        Their ids in the old listing.
    old, new : Index
        The listings.
    """
    return sorted(set(chain.from_iterable(_now(marked, old, new).values())))


def followed_labels(labels: Labels, old: Index, new: Index) -> dict[str, str | None]:
    """Return the labels that the owner gave, by the ids by which their records are listed now.

    Of several records with the content of one, those are meant that their source labels as it labelled
    that one. Where records that cannot be told apart got different labels, they have none.
    """
    if not labels:
        return {}
    before = dict(zip(old.ids, old.labels, strict=True))
    after = dict(zip(new.ids, new.labels, strict=True))
    given: dict[str, set[str | None]] = {}
    for record, now in _now(labels, old, new).items():
        alike = [each for each in now if after.get(each) == before.get(record)]
        for each in now if len(now) == 1 else alike or now:
            given.setdefault(each, set()).add(labels[record])
    return {record: label if not others else None for record, (label, *others) in given.items()}


def followed_units(units: Collection[str], old: Index, new: Index) -> list[str]:
    """Return the units by which those are listed now who were listed by these.

    People keep their names. Where a record is a unit of its own, which is named after its id, the
    record is followed.
    """
    unit_of = str if old.units is None else own_unit
    there = set(units).intersection(old.units or old.ids)
    own = {unit: record for record in old.ids if (unit := unit_of(record)) in there}
    now = dict(zip(new.ids, new.units or new.ids, strict=True))
    moved = followed(own.values(), old, new)
    return sorted({now.get(record, unit_of(record)) for record in moved} | (set(units) - own.keys()))


def _now(records: Collection[str], old: Index, new: Index) -> dict[str, list[str]]:
    """Return the ids by which each of some records is listed now."""
    rows = {record: row for row, record in enumerate(old.ids)}
    columns = [(old.content, new.content)]
    if old.whole_rows is not None and new.whole_rows is not None:
        columns.insert(0, (old.whole_rows, new.whole_rows))
    known = [(before, _ids_by(now, new)) for before, now in columns]
    current = {}
    for record in records:
        row = rows.get(record)
        there = [] if row is None else [ids.get(before[row].tobytes(), []) for before, ids in known]
        now = next(filter(None, there), [record])
        current[record] = [record] if record in now else now
    return current


def _ids_by(hashes: NDArray[np.uint8], index: Index) -> dict[bytes, list[str]]:
    """Return the ids of the records with each hash; those that cannot be read have none."""
    ids: dict[bytes, list[str]] = {}
    for record, digest in zip(index.ids, hashes, strict=True):
        if digest.any():
            ids.setdefault(digest.tobytes(), []).append(record)
    return ids
