"""What each arm chooses of a pool; the same by the same seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.mechanisms.one_sided import OneSided
from dataselect_gui.privacy.mechanisms.randomized_response import RandomizedResponse
from dataselect_gui.study.arms.plan import RELEASED_BY, Arm
from dataselect_gui.study.arms.planting import Dirt

_RANDOM_SEED, _RELEASE_SEED = 4, 5


@dataclass(frozen=True)
class Judged:
    """What is known of the records of a pool.

    Attributes
    ----------
    dirt : ndarray of int8
        What was planted in each, shape (n,).
    kept : ndarray of bool or None
        Which ones the rule keeps, shape (n,); None where there is no rule.
    suspicions : mapping
        A library's name → how much it suspects each, shape (n,).
    whose : ndarray of int64 or None
        The person of each, shape (n,); None where each stands for itself.
    """

    dirt: NDArray[np.int8]
    kept: NDArray[np.bool_] | None
    suspicions: Mapping[str, NDArray[np.float64]]
    whose: NDArray[np.int64] | None


def chosen_by(arm: Arm, judged: Judged, *, seed: int, planted: bool) -> NDArray[np.int64]:
    """Return the places that an arm chooses, in order.

    Parameters
    ----------
    arm : Arm
        Which.
    judged : Judged
        What is known of the records.
    seed : int
        Of what is drawn.
    planted : bool
        Whether dirt was planted, for which is drawn anew.
    """
    count = len(judged.dirt)
    match arm.kind:
        case "untouched":
            return np.zeros(0, dtype=np.int64)
        case "all records":
            return np.arange(count)
        case "oracle":
            return np.flatnonzero(judged.dirt == Dirt.NONE)
        case "rule":
            return np.flatnonzero(_kept(judged))
        case "random":
            return _random(count, int(_kept(judged).sum()), (seed, _RANDOM_SEED, planted))
        case "Cleanlab" | "dattri":
            order = np.argsort(judged.suspicions[arm.kind], kind="stable")
            return np.sort(order[: int(_kept(judged).sum())])
        case "released":
            return np.flatnonzero(_leaving(arm, judged, seed, planted=planted))
        case "random released":
            leaving = int(_leaving(arm, judged, seed, planted=planted).sum())
            return _random(count, leaving, (seed, _RANDOM_SEED, planted))
        case never:
            assert_never(never)


def _kept(judged: Judged) -> NDArray[np.bool_]:
    assert judged.kept is not None
    return judged.kept


def _random(count: int, chosen: int, seed: tuple[int, ...]) -> NDArray[np.int64]:
    return np.sort(np.random.default_rng(seed).permutation(count)[:chosen]).astype(np.int64)


def _leaving(arm: Arm, judged: Judged, seed: int, *, planted: bool) -> NDArray[np.bool_]:
    """Draw which records leave, as the mechanism would: one of a person, by seeded chance.

    A study draws again for the same figures; a release draws by sealed secrets (`privacy/`).
    """
    assert arm.mechanism is not None
    assert arm.release_epsilon is not None
    epsilon = Decimal(arm.release_epsilon)
    at = (seed, _RELEASE_SEED, planted, RELEASED_BY.index(arm.mechanism), int(epsilon * 10**6))
    rng = np.random.default_rng(at)
    kept, order = _kept(judged), rng.permutation(len(judged.dirt))
    takes_part = np.ones(len(kept), dtype=bool)
    if judged.whose is not None:
        takes_part[:] = False
        takes_part[order[np.unique(judged.whose[order], return_index=True)[1]]] = True
    if arm.mechanism == OneSided.name:
        share = OneSided(max_contributions=1, epsilon=epsilon).share
        return kept & takes_part & (rng.random(len(kept)) < share)
    share = RandomizedResponse(max_contributions=1, epsilon=epsilon).kept_share
    return takes_part & (kept ^ (rng.random(len(kept)) >= share))
