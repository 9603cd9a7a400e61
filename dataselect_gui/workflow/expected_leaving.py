"""How many records are expected to leave, of how many people, and of which classes.

For the owner alone. It follows from the sizes and from the mechanism's chances; nothing is drawn, and
no draw that was kept is read. Where it is not drawn yet which of a person's records take part, it is
the average over that draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.amounts import COIN_PLACES
from dataselect_gui.privacy.mechanisms.mechanism import SelectionMechanism
from dataselect_gui.privacy.mechanisms.noisy_top_k import NoisyTopK
from dataselect_gui.privacy.mechanisms.undrawn import Undrawn
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.terms import Terms
from dataselect_gui.selection.classes import CodedClasses

HALF, TWICE = 0.5, 2.0
"""A class is said to be distorted where its share falls below half, or rises above twice."""
LEAST = 0.5
"""Fewer records than that are expected to be none."""


@dataclass(frozen=True)
class ClassExpected:
    """One class.

    Attributes
    ----------
    name : str or None
        In the consortium's spelling; None for records without a label.
    records : int
        How many there are.
    leaving : float
        How many of them are expected to leave.
    before, after : float
        Its share of all records, and of those that are expected to leave.
    """

    name: str | None
    records: int
    leaving: float
    before: float
    after: float

    @property
    def is_lost(self) -> bool:
        """Whether none of its records is expected to leave."""
        return self.leaving < LEAST

    @property
    def is_distorted(self) -> bool:
        """Whether its share changes so much that whoever trains on what leaves has to know."""
        return self.is_lost or not HALF * self.before <= self.after <= TWICE * self.before

    @property
    def likeness(self) -> float:
        """The smaller one of its shares as a part of the larger one."""
        return min(self.before, self.after) / max(self.before, self.after)


@dataclass(frozen=True)
class ExpectedLeaving:
    """What is expected to leave.

    Attributes
    ----------
    noun : tuple of str
        What one of the records and several are called, with ``{count}``.
    records, selected : int
        How many records there are, and how many of them the rule picks.
    is_disclosed : bool
        Whether records themselves leave, rather than names that stand for them.
    leaving : float or None
        How many leave, or are named; None where none is.
    is_certain : bool
        Whether no chance decides how many.
    people, people_leaving : float or None
        How many people there are, and of how many at least one record leaves; None where records are
        the units, or where that depends on scores.
    classes : tuple of ClassExpected
        Each class that there is, the largest first; none where labels are no single classes, or where
        it depends on scores.
    """

    noun: tuple[str, str]
    records: int
    selected: int
    is_disclosed: bool
    leaving: float | None = None
    is_certain: bool = False
    people: int | None = None
    people_leaving: float | None = None
    classes: tuple[ClassExpected, ...] = ()

    @property
    def distorted(self) -> list[ClassExpected]:
        """The classes whose share changes much, those that are lost first, then by how much."""
        distorted = [each for each in self.classes if each.is_distorted]
        return sorted(distorted, key=lambda each: (not each.is_lost, each.likeness))

    def as_json(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {
            "records": self.records,
            "selected": self.selected,
            "leaving": self.leaving,
            "people": self.people,
            "people_leaving": self.people_leaving,
            "classes": [
                {"class": each.name, "records": each.records, "leaving": each.leaving}
                for each in self.classes
            ],
        }


def expected_leaving(
    terms: Terms, candidates: Candidates, taking_part: NDArray[np.float64], *, has_classes: bool
) -> ExpectedLeaving:
    """Return what is expected to leave.

    Parameters
    ----------
    terms : Terms
        What the release would be.
    candidates : Candidates
        What it would choose from.
    taking_part : ndarray of float64
        Each record's chance to be among those of its person that take part, shape (n,).
    has_classes : bool
        Whether a label is one class of several that exclude each other.
    """
    mechanism, kind = terms.mechanism, candidates.source.kind
    expected = ExpectedLeaving(
        noun=kind.counted,
        records=len(candidates.eligible),
        selected=int(candidates.chosen.sum()),
        is_disclosed=terms.kind.discloses,
    )
    if not terms.kind.selects or not isinstance(mechanism, SelectionMechanism):
        return expected
    if isinstance(mechanism, NoisyTopK):  # As many as were declared; which ones is the noise's choice.
        return replace(expected, leaving=float(mechanism.count), is_certain=True)
    chances = mechanism.chances()
    assert chances is not None
    if candidates.keep is None:
        picked = candidates.chosen.astype(np.float64)
    else:
        kept = candidates.keep.astype(np.float64) / 10**COIN_PLACES
        picked = np.where(candidates.chosen, kept, 0.0)
    taking = candidates.eligible if candidates.part is None else candidates.part
    leaves = np.where(taking, picked * chances[0] + (1 - picked) * chances[1], 0.0)
    people = candidates.index.people
    number, reached = None, None
    if people is not None:
        # Where it is drawn who takes part, that is in `taking`: then all of a person's may leave.
        most = terms.max_contributions if candidates.part is None else len(people)
        number, reached = count_people(people, leaves, most)
    leaves = leaves * taking_part
    return replace(
        expected,
        leaving=float(leaves.sum()),
        is_certain=isinstance(mechanism, Undrawn) and bool(np.isin(leaves, (0, 1)).all()),
        people=number,
        people_leaving=reached,
        classes=_by_class(candidates.labels, leaves) if has_classes else (),
    )


def count_people(
    people: Sequence[str | None], leaves: NDArray[np.float64], most: int
) -> tuple[int, float]:
    r"""Return how many people there are, and of how many a record is expected to leave.

    Of each person, `most` records take part, drawn evenly from all of them; each of those leaves by a
    chance of its own. The chance that none leaves is the average, over what may be drawn, of the
    product of the chances to stay. With :math:`E_{r,j}` that average over j of the first r records,

    .. math:: E_{r,j} = \frac{r-j}{r} E_{r-1,j} + \frac{j}{r} (1 - p_r) E_{r-1,j-1}.

    Parameters
    ----------
    people : sequence of str or None
        The person of each record; None for one that is alone. Shape (n,).
    leaves : ndarray of float64
        The chance of each record to leave, where it takes part, shape (n,).
    most : int
        How many records of a person take part.
    """
    places: dict[str, int] = {}
    codes = np.fromiter(
        (-1 if person is None else places.setdefault(person, len(places)) for person in people),
        dtype=np.int64,
        count=len(people),
    )
    alone = codes < 0
    codes[alone] = len(places) + np.arange(int(alone.sum()))
    if not len(codes):
        return 0, 0.0
    counts = np.bincount(codes)
    order = np.argsort(codes, kind="stable")
    starts = np.cumsum(counts) - counts
    stays = 1 - leaves[order]
    none_leaves = np.multiply.reduceat(stays, starts)
    # Of these not all take part; where no record can leave, there is nothing to average.
    several = np.flatnonzero((counts > most) & (none_leaves < 1))
    several = several[np.argsort(-counts[several], kind="stable")]
    average = np.zeros((len(several), most + 1))
    average[:, 0] = 1
    drawn = np.arange(most + 1)
    for rank in range(1, int(counts[several].max(initial=0)) + 1):
        going = int(np.searchsorted(-counts[several], -rank, side="right"))
        stay = stays[starts[several[:going]] + rank - 1, None]
        before = average[:going].copy()
        average[:going] = before * (rank - drawn) / rank
        average[:going, 1:] += before[:, :-1] * stay * drawn[1:] / rank
    none_leaves[several] = average[:, most]
    return len(counts), float((1 - none_leaves).sum())


def _by_class(labels: Sequence[str | None], leaves: NDArray[np.float64]) -> tuple[ClassExpected, ...]:
    """Return what is expected of each class, the largest first; nothing where there is but one."""
    coded = CodedClasses.of(labels)
    names: tuple[str | None, ...] = (*coded.names, None)
    records = np.bincount(coded.codes, minlength=len(names))
    leaving = np.bincount(coded.codes, weights=leaves, minlength=len(names))
    total = max(float(leaving.sum()), np.finfo(float).tiny)
    if int((records > 0).sum()) < 2 or leaving.sum() < LEAST:
        return ()
    order = np.argsort(-records, kind="stable")
    return tuple(
        ClassExpected(
            name=names[place],
            records=int(records[place]),
            leaving=float(leaving[place]),
            before=float(records[place]) / len(leaves),
            after=float(leaving[place]) / total,
        )
        for place in order.tolist()
        if records[place]
    )
