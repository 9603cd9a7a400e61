"""The order of a release: check, reserve, draw, keep the draw, write, mark as published.

The reservation is on disk before anything is drawn, and the draw before anything is written. So
wherever the program dies, no bundle is there whose cost is not in the ledger, and the same command
finishes the same release.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.identity import record_keys, source_marks, unit_mark
from dataselect_gui.privacy.ledger import Ledger, check_budget
from dataselect_gui.privacy.mechanisms import one_sided_cut
from dataselect_gui.project.table import Index
from dataselect_gui.records.opening import content_hash
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.release.bundle import Parcel, check_destination, write_bundle
from dataselect_gui.release.documents import Terms


@dataclass(frozen=True)
class Candidates:
    """What a release chooses from.

    Attributes
    ----------
    source : Source
        Where the records are.
    index : Index
        The records as they were scored, in the source's order.
    scores : ndarray of float64
        The frozen scores of the rule, shape (n,).
    eligible, chosen : ndarray of bool
        The owner's word, and the rule's; shape (n,).
    unit_column : str or None
        What the units are; None where the record is the unit.
    """

    source: Source
    index: Index
    scores: NDArray[np.float64]
    eligible: NDArray[np.bool_]
    chosen: NDArray[np.bool_]
    unit_column: str | None

    @property
    def marks(self) -> set[bytes]:
        """By what the ledger knows the source."""
        return source_marks(self.index.content, self.index.units)


@dataclass(frozen=True)
class Outcome:
    """What became of a release.

    Attributes
    ----------
    release : str or None
        Its id; None where it was only looked at.
    repeated : bool
        Whether it had been drawn before, so that it cost nothing now.
    written : bool
        Whether a bundle was written now.
    """

    release: str | None
    repeated: bool
    written: bool


def release_records(
    ledger: Ledger,
    account: str,
    candidates: Candidates,
    terms: Terms,
    destination: Path,
    *,
    first_budget: Decimal | None,
    reason: str | None,
    dry_run: bool,
    report: Callable[[int, int], None],
) -> Outcome:
    """Release records.

    Parameters
    ----------
    ledger : Ledger
        The owner's.
    account : str
        The source's account.
    candidates : Candidates
        What to choose from.
    terms : Terms
        What the release is; its id and date are those of an earlier one where it is the same.
    destination : Path
        The bundle's folder.
    first_budget : Decimal or None
        The budget to set where there is none.
    reason : str or None
        The owner's, kept in the ledger.
    dry_run : bool
        Check everything and draw nothing.
    report : callable
        Called with the numbers of records written and to write.

    Raises
    ------
    RefusedError
        Where the ledger refuses; nothing was drawn then.
    UnusableError
        Where records changed or the bundle cannot be written.
    """
    keys = record_keys(candidates.index.content, candidates.index.units)
    charge = None
    if terms.epsilon is not None:
        charge = Charge(Decimal(terms.epsilon), one_sided=True)
    if dry_run:
        check_destination(destination, None)
        statement = ledger.statement(account)
        if charge is not None:
            budget = statement.budget if statement.budget is not None else first_budget
            check_budget(replace(statement, budget=budget), charge)
        return Outcome(None, repeated=False, written=False)
    leaves = candidates.chosen & _kept(ledger, candidates, keys, terms.per_unit)
    key = _sameness(candidates, keys, leaves, terms)
    earlier = ledger.find_release(account, key)
    if check_destination(destination, earlier.body["release"] if earlier else None):
        assert earlier is not None
        ledger.mark_published(account, earlier.body["release"])
        return Outcome(earlier.body["release"], repeated=True, written=False)
    entry = earlier or ledger.reserve(
        account,
        charge,
        {
            "release": terms.release,
            "key": key,
            "unit": candidates.unit_column or "record",
            "per_unit": terms.per_unit,
            "reason": reason,
            "terms": asdict(terms),
        },
        first_budget,
    )
    terms = Terms(**entry.body["terms"])
    draw = ledger.draw_of(terms.release)
    if draw is None:
        draw = _draw(ledger, keys, leaves, terms)
        ledger.keep_draw(account, terms.release, draw)
    rows = {key.hex(): row for row, key in enumerate(keys)}
    names: dict[str, str] = draw["names"]
    parcels = _parcels(candidates, {rows[record]: name for record, name in names.items()})
    write_bundle(destination, terms, entry.hash, parcels, lambda done: report(done, len(names)))
    ledger.mark_published(account, terms.release)
    return Outcome(terms.release, repeated=earlier is not None, written=True)


def stale_records(source: Source, index: Index) -> list[str]:
    """Return the ids of records whose content is not what was scored, or that are gone."""
    rows = {record: row for row, record in enumerate(source.ids)}
    stale = []
    for row, record in enumerate(index.ids):
        if not index.content[row].any():
            continue  # It could not be read then; it has no score.
        try:
            content = content_hash(source.read(rows[record]))
        except (KeyError, UnreadableRecordError):
            content = b""
        if content != index.content[row].tobytes():
            stale.append(record)
    return stale


def _kept(
    ledger: Ledger, candidates: Candidates, keys: list[bytes], per_unit: int
) -> NDArray[np.bool_]:
    if candidates.index.units is None:
        return np.ones(len(keys), dtype=bool)
    return ledger.keep([unit_mark(unit) for unit in candidates.index.units], keys, per_unit)


def _sameness(
    candidates: Candidates, keys: list[bytes], leaves: NDArray[np.bool_], terms: Terms
) -> str:
    """Return the key by which the same release is known again."""
    order = sorted(range(len(keys)), key=keys.__getitem__)
    records = hashlib.sha256()
    for row in order:
        records.update(keys[row] + bytes([int(candidates.eligible[row]), int(leaves[row])]))
    told = asdict(terms)
    for name in ("release", "date", "after_exact"):
        del told[name]
    parts = {
        "records": records.hexdigest(),
        "labels": [candidates.index.labels[row] for row in order],
        "scores": hashlib.sha256(candidates.scores[order].tobytes()).hexdigest(),
        "unit": candidates.unit_column,
        "terms": told,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _draw(
    ledger: Ledger, keys: list[bytes], leaves: NDArray[np.bool_], terms: Terms
) -> dict[str, dict[str, str]]:
    """Draw which records leave, and their names."""
    if terms.epsilon is not None:
        cut = one_sided_cut(Decimal(terms.epsilon), terms.per_unit)
        leaves = leaves & (ledger.secrets_of(keys) < cut)
    leaving = [keys[row].hex() for row in np.flatnonzero(leaves)]
    return {"names": {record: secrets.token_hex(16) for record in leaving}}


def _parcels(candidates: Candidates, names: dict[int, str]) -> Iterator[Parcel]:
    """Read the records that leave, in the order of their random names."""
    rows = {record: row for row, record in enumerate(candidates.source.ids)}
    for row, name in sorted(names.items(), key=lambda item: item[1]):
        try:
            stored = candidates.source.read(rows[candidates.index.ids[row]])
            if content_hash(stored) != candidates.index.content[row].tobytes():
                raise UnreadableRecordError
            content = candidates.source.decode(stored)
        except (KeyError, UnreadableRecordError):
            raise UnusableError(
                "The release was not written.",
                "A record changed after the release was reserved; its cost counts all the same.",
                "Put the records back as they were and give the same command again, or score them "
                "again for another release.",
            ) from None
        file = stored if candidates.source.kind == "images" else None
        yield Parcel(name, candidates.index.labels[row], file, content)


def new_release_id() -> str:
    """Return a random id for a release."""
    return secrets.token_hex(8)
