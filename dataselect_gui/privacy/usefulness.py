"""What a release is worth to be expected, from the mechanism and the sizes alone: no score is read."""

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

_POINTS = 4001


@dataclass(frozen=True)
class Found:
    """How well what leaves agrees with the selection.

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


def one_sided(epsilon: Decimal, per_unit: int, records: int, selected: int) -> Found:
    """Return what one-sided releases find: nothing but the selection, and a part of it."""
    recall = -math.expm1(-float(epsilon / per_unit))
    return Found(1.0, recall, _share(selected, records))


def randomized_response(epsilon: Decimal, per_unit: int, records: int, selected: int) -> Found:
    """Return what randomised response finds."""
    kept = 1 / (1 + math.exp(-float(epsilon / per_unit)))
    right, wrong = kept * selected, (1 - kept) * (records - selected)
    return Found(_share(right, right + wrong), kept, _share(selected, records))


def noisy_scores(epsilon: Decimal, per_unit: int, records: int, selected: int) -> Found:
    """Return what the highest of noised scores find, if scores were spread evenly between bounds.

    Of a score S uniform in [0, 1] and Z = S + Laplace noise of scale m/ε, the share q with the highest
    Z is compared with the share q of the highest S.
    """
    share = _share(selected, records)
    if not 0 < share < 1:
        return Found(share, share, share)
    scale = float(per_unit / epsilon)
    scores = np.linspace(0, 1, _POINTS)

    def beyond(cut: float) -> NDArray[np.float64]:
        distance = cut - scores
        tail = np.exp(-np.abs(distance) / scale) / 2
        return np.where(distance >= 0, tail, 1 - tail)

    low, high = -60 * scale, 1 + 60 * scale
    for _ in range(100):
        middle = (low + high) / 2
        if np.trapezoid(beyond(middle), scores) > share:
            low = middle
        else:
            high = middle
    passed = beyond(high)
    top = scores >= 1 - share
    found = float(np.trapezoid(np.where(top, passed, 0.0), scores)) / share
    return Found(min(1.0, found), min(1.0, found), share)


def laplace_width(scale: float) -> float:
    """Return the half-width that Laplace noise stays within 95 times in 100."""
    return scale * math.log(20)


def gaussian_width(scale: float) -> float:
    """Return the half-width that Gaussian noise stays within 95 times in 100."""
    return 1.959964 * scale


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
