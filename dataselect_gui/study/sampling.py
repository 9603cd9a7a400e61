"""Which records are set aside, trained on and tested on, and which of them a score picks."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.selection.rules import ScoreCut
from dataselect_gui.selection.selecting import select
from dataselect_gui.study.plan import Place

REFERENCE_SHARE, HELD_OUT_SHARE = 0.3, 0.2
FLIPPED_SHARE = 0.1
_REFERENCE_SEED = 20_230_504


@dataclass(frozen=True)
class Split:
    """The parts of the owner's records, as rows; no person has records in two of them.

    Attributes
    ----------
    reference : ndarray of int64
        Set aside for the stand-ins of the consortium's model: the same for every seed.
    held_out : ndarray of int64
        Tested on.
    pool : ndarray of int64
        Picked from.
    """

    reference: NDArray[np.int64]
    held_out: NDArray[np.int64]
    pool: NDArray[np.int64]


def split(units: Sequence[str] | None, count: int, seed: int) -> Split:
    """Split records at random, person by person.

    Parameters
    ----------
    units : sequence of str or None
        Whose each record is, shape (count,); None where each record stands for itself.
    count : int
        How many records there are.
    seed : int
        Another one splits held-out records and pool differently.
    """
    names = np.arange(count) if units is None else np.unique(np.array(units), return_inverse=True)[1]
    number = int(names.max()) + 1
    order = np.random.default_rng(_REFERENCE_SEED).permutation(number)
    first = round(REFERENCE_SHARE * number)
    rest = np.random.default_rng(seed).permutation(order[first:])
    tested = round(HELD_OUT_SHARE * number)
    reference, held_out, pool = (
        np.flatnonzero(np.isin(names, chosen)).astype(np.int64)
        for chosen in (order[:first], rest[:tested], rest[tested:])
    )
    return Split(reference, held_out, pool)


def pick(scores: NDArray[np.float64], place: Place, share: str, seed: int) -> NDArray[np.bool_]:
    """Pick a share of records by the product's own rule.

    Parameters
    ----------
    scores : ndarray of float64
        Shape (n,). They do not matter where the place is ``any``.
    place : str
        ``top``, ``middle``, ``bottom``, or ``any`` for a random pick.
    share : str
        Which share, as a decimal.
    seed : int
        Of a random pick.

    Returns
    -------
    ndarray of bool
        Shape (n,).
    """
    values = scores
    if place == "any":
        values = np.random.default_rng((seed, 4)).random(len(scores))
    elif place == "middle":
        ranks = np.argsort(np.argsort(scores, kind="stable"), kind="stable").astype(np.float64)
        values = np.abs(ranks - (len(scores) - 1) / 2)
        values[np.isnan(scores)] = np.nan
    rule = ScoreCut("", "fraction", Decimal(share), lowest=place in {"middle", "bottom"})
    return select(rule, {"": values}, np.ones(len(scores), dtype=bool)).chosen


def flip(
    targets: NDArray[np.int64], classes: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give a tenth of the records another label.

    Parameters
    ----------
    targets : ndarray of int64
        Class indices, shape (n,).
    classes : int
        How many classes there are.
    seed : int
        Of the choice and of the new labels.

    Returns
    -------
    tuple
        The labels, and which were flipped; both of shape (n,).
    """
    rng = np.random.default_rng((seed, 1))
    flipped = np.zeros(len(targets), dtype=bool)
    flipped[rng.choice(len(targets), round(FLIPPED_SHARE * len(targets)), replace=False)] = True
    other = (targets + rng.integers(1, classes, len(targets))) % classes
    return np.where(flipped, other, targets), flipped
