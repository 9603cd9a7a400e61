"""Preview a release: what would leave, what it would cost, and its expected usefulness.

For the owner alone. Usefulness follows from how many records take part and are selected; no score is
read. Before a first release it is not drawn yet which of a person's records take part, and the figures
are those on average over that draw. The samples of fields are made up.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.accounting import Charge, total_delta
from dataselect_gui.privacy.amounts import COIN_PLACES, exact
from dataselect_gui.privacy.statement import Statement
from dataselect_gui.records.forms.form import DATA, Leaving, WrittenForm
from dataselect_gui.records.kinds import KINDS as RECORD_KINDS
from dataselect_gui.records.source import Source
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.guarantees import how_drawn, not_protected, promise
from dataselect_gui.release.kinds.kind import Kind
from dataselect_gui.release.procedure import Foresight
from dataselect_gui.release.registry import KINDS
from dataselect_gui.release.terms import Terms
from dataselect_gui.texts import N_, _
from dataselect_gui.workflow.expected_leaving import ExpectedLeaving, expected_leaving
from dataselect_gui.workflow.looking import Look

MARKS = tuple(Decimal(mark) for mark in ("0.1", "0.25", "0.5", "1", "2", "4", "8"))


DOCUMENTS = (
    Leaving(
        "release.json, privacy.json",
        N_("How it was made, in numbers"),
        (("parameters", N_("method, ε, score, and where each came from")),),
        '"mechanism": "one-sided", "epsilon": "1"',
    ),
    Leaving(
        "release.json",
        N_("Fingerprints of the model"),
        (
            (
                "hashes",
                N_(
                    "numbers by which the checkpoints and the ledger's last entry can be "
                    "recognised (hashes)"
                ),
            ),
        ),
        '"ledger_head": "c41f…9a"',
    ),
    Leaving(
        "croissant.json, README.md",
        N_("A description of the bundle"),
        (
            (
                "description",
                N_("what it is, what is promised and what is not, for people and for machines"),
            ),
        ),
        "“What is not protected: …”",
    ),
    Leaving(
        "SHA256SUMS",
        N_("Fingerprints of the files"),
        (("checksums", N_("by which the receiver sees that no file was changed")),),
        "9b1d…07  README.md",
    ),
)
"""What every bundle holds."""

_UNKNOWN = (
    Leaving(
        f"{DATA}/",
        N_("Records"),
        (("records", N_("what of them leaves is shown when they can be read again")),),
        "5f0c…e1",
    ),
)
"""What leaves of records that are not there."""


@dataclass(frozen=True)
class Preview:
    """The preview of a release.

    Attributes
    ----------
    leaves : list of dict
        What would leave, field by field: ``file``, ``field``, ``what``.
    promise, mechanism : str
        In words.
    not_protected : list of str
        What no ε covers.
    same : bool
        Whether it repeats an earlier release, at no cost.
    cost : Decimal
        What it would add to the plain total.
    left_after : Decimal or None
        What the budget would leave; below zero where it does not allow the release.
    spent_after, delta_after : Decimal
        The plain total and the sum of δ after the release.
    nearest : dict or None
        How the most similar earlier release differs: parameter → value there and here.
    usefulness : list of dict or None
        For a range of ε, what to expect: ``epsilon``, and ``precision``, ``recall`` and ``random``,
        or ``width`` (noise within it 95 times in 100) and ``against`` (an average count). None where
        that depends on scores, and none was shown yet.
    expected : ExpectedLeaving or None
        How many records are expected to leave; None for the same reason, and where the release repeats
        an earlier one.
    """

    leaves: list[dict[str, str]]
    promise: str
    mechanism: str
    not_protected: list[str]
    same: bool
    cost: Decimal
    left_after: Decimal | None
    spent_after: Decimal
    delta_after: Decimal
    nearest: dict[str, tuple[object, object]] | None
    usefulness: list[dict[str, float]] | None
    expected: ExpectedLeaving | None

    def as_json(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {
            **vars(self),
            "cost": exact(self.cost),
            "left_after": None if self.left_after is None else exact(self.left_after),
            "spent_after": exact(self.spent_after),
            "delta_after": exact(self.delta_after),
            "expected": None if self.expected is None else self.expected.as_json(),
        }


def preview_of(
    terms: Terms,
    candidates: Candidates,
    foresight: Foresight,
    statement: Statement,
    pending: Charge | None,
    features: Sequence[str],
    *,
    is_told: bool,
    has_classes: bool,
) -> Preview:
    """Return what a release would come to.

    Parameters
    ----------
    terms : Terms
        What the release would be.
    candidates : Candidates
        What it would choose from.
    foresight : Foresight
        The release's cost by the ledger.
    statement : Statement
        The account as it is, with the budget that would hold.
    pending : Charge or None
        A training's charge that is not in the ledger yet.
    features : sequence of str
        The columns that the model takes, where records are rows.
    is_told : bool
        Whether how many records the rule picks may be told.
    has_classes : bool
        Whether a label is one class of several that exclude each other.
    """
    taking = candidates.eligible if candidates.part is None else candidates.part
    chances = _chances(candidates, terms.max_contributions)
    records = round(float(chances[taking].sum()))
    selected = _expected(candidates, taking & candidates.chosen, chances)
    left = None if statement.left is None else statement.left - foresight.cost
    delta = total_delta(statement.charges) + (Decimal(0) if pending is None else pending.delta)
    if not foresight.same:
        delta += terms.mechanism.delta or Decimal(0)
    epsilon = terms.mechanism.epsilon
    marks = [] if epsilon is None else sorted({*MARKS, epsilon})
    return Preview(
        leaves=_what_leaves(terms.kind, candidates.source, features),
        promise=promise(terms),
        mechanism=how_drawn(terms),
        not_protected=not_protected(terms),
        same=foresight.same,
        cost=foresight.cost,
        left_after=left,
        spent_after=statement.spent + foresight.cost,
        delta_after=delta,
        nearest=foresight.nearest,
        usefulness=None
        if not is_told
        else [
            {
                "epsilon": float(mark),
                **vars(terms.kind.expect(terms.mechanism.at(mark), records, selected)),
            }
            for mark in marks
        ],
        expected=None
        if foresight.same or not is_told
        else expected_leaving(terms, candidates, chances, has_classes=has_classes),
    )


def _chances(candidates: Candidates, most: int) -> NDArray[np.float64]:
    """Return each record's chance to be among the `most` of its person that take part, shape (n,).

    Once that is drawn, it is 1: `Candidates.part` then holds those that do.
    """
    people = candidates.index.people
    if people is None or candidates.part is not None:
        return np.ones(len(candidates.eligible))
    counts = Counter(people)
    chances = (1.0 if person is None else min(1.0, most / counts[person]) for person in people)
    return np.fromiter(chances, np.float64, len(people))


def _expected(candidates: Candidates, chosen: NDArray[np.bool_], chances: NDArray[np.float64]) -> int:
    """Return how many records the rule picks, on average over their coins and who takes part."""
    if candidates.keep is None:
        return round(float(chances[chosen].sum()))
    kept: float = (chances * candidates.keep.astype(np.float64))[chosen].sum()
    expected: float = kept / 10**COIN_PLACES
    return round(expected)


def leaving_files(kind: str, look: Look | None) -> tuple[Leaving, ...]:
    """Return the files of a release of a kind with what is in them, for records as a project has them.

    Parameters
    ----------
    kind : str
        The name of a kind of release.
    look : Look or None
        The project; None for the usual records.
    """
    form = _form_of(look)
    if form is None:
        return _UNKNOWN if KINDS[kind].discloses else KINDS[kind].leaves
    features = () if look is None else look.records.feature_columns
    return KINDS[kind].leaves_of(form, features)


def leaving_warning(look: Look | None) -> str:
    """Return what leaves with a project's records that a person may not think of, translated."""
    form = _form_of(look)
    return "" if form is None else _(form.warning)


def _form_of(look: Look | None) -> WrittenForm | None:
    """Return the form in which records would be written; None where they cannot be read now."""
    return RECORD_KINDS[0].forms[0] if look is None else look.form


def _what_leaves(kind: Kind, source: Source, features: Sequence[str]) -> list[dict[str, str]]:
    """Return what leaves in a release of a kind, field by field: ``file``, ``field``, ``what``."""
    return [
        {"file": leaving.file, "field": field, "what": _(what)}
        for leaving in (*kind.leaves_of(source.kind.form(source), features), *DOCUMENTS)
        for field, what in leaving.fields
    ]
