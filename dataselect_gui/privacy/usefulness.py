"""The expected usefulness of a release, from the mechanism and the sizes alone; no score is read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_POINTS = 4001


@dataclass(frozen=True)
class Agreement:
    """The expected agreement of what leaves with the selection.

    Attributes
    ----------
    precision : float
        The share of what leaves that is in the selection.
    recall : float
        The share of the selection that leaves.
    random : float
        The precision of a random pick.
    """

    precision: float
    recall: float
    random: float


@dataclass(frozen=True)
class Width:
    """How far noise moves a number.

    Attributes
    ----------
    width : float
        The half-width of its 95 % interval.
    against : float
        The average of the number without noise.
    """

    width: float
    against: float


def highest_noised(scale: float, records: int, selected: int) -> Agreement:
    """Return the expected agreement of the highest noised scores, for uniform scores.

    Of a score S uniform in [0, 1] and Z = S + Laplace noise, the share q with the highest Z is compared
    with the share q of the highest S.

    Parameters
    ----------
    scale : float
        Of the noise, as a share of the distance between the bounds.
    records, selected : int
        How many take part, and how many of them are wanted.
    """
    share = share_of(selected, records)
    if not 0 < share < 1:
        return Agreement(share, share, share)
    from scipy.optimize import brentq  # The window starts without it.

    scores = np.linspace(0, 1, _POINTS)

    def beyond(cut: float) -> NDArray[np.float64]:
        distance = cut - scores
        tail = np.exp(-np.abs(distance) / scale) / 2
        return np.where(distance >= 0, tail, 1 - tail)

    def surplus(cut: float) -> float:
        return float(np.trapezoid(beyond(cut), scores)) - share

    passed = beyond(brentq(surplus, -60 * scale, 1 + 60 * scale))
    top = scores >= 1 - share
    right = float(np.trapezoid(np.where(top, passed, 0.0), scores)) / share
    return Agreement(min(1.0, right), min(1.0, right), share)


def share_of(part: float, whole: float) -> float:
    """Return a share; 0 where the whole is 0."""
    return part / whole if whole else 0.0
