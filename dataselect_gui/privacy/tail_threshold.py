"""A threshold that few values lie above, under differential privacy; see ``tail_threshold.md``.

The sparse vector technique (Dwork and Roth 2014, section 3.6) on the numbers of values above each
candidate of a public grid, from the top down. Unlike a quantile drawn by its rank, which may fall on
either side, it goes too low only by its noise, whatever the values and however coarse the grid.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.calibration import laplace_loss
from dataselect_gui.privacy.measurements import laplace_measurement
from dataselect_gui.privacy.noise import add_laplace

CLASSES = 2
"""A record that is replaced, its label included, is taken from one class and put into another."""
_GRAINS = 2.0**-40
_TAIL = 60.0
"""In scales: beyond there, Laplace noise has less than 1e-26 of its mass."""


def tail_scale(epsilon: Decimal) -> float:
    """Return the scale of all noise with which the thresholds of one score are drawn, of every class.

    In one class the noised target costs 1/b and the one count that passes it another 1/b; in both
    classes that a record can leave and enter, 4/b.
    """
    changes = 2 * CLASSES
    scale = float(Fraction(changes) / Fraction(epsilon))
    while laplace_loss(scale, changes, laplace_measurement(scale).map(changes)) > epsilon:
        scale *= 1 + _GRAINS
    return scale


def draw_tail_threshold(
    values: NDArray[np.float64], target: int, candidates: Sequence[float], scale: float
) -> float | None:
    """Draw the lowest candidate that about so many values lie above, and by its noise alone more.

    Parameters
    ----------
    values : ndarray of float64
        Of the records of one class, shape (n,); NaN counts as below every candidate.
    target : int
        How many may lie above.
    candidates : sequence of float
        The public grid, ascending.
    scale : float
        Of the noise, see `tail_scale`.

    Returns
    -------
    float or None
        The candidate; None where already the highest has too many above it.
    """
    ordered = np.sort(values[~np.isnan(values)])
    above = len(ordered) - np.searchsorted(ordered, candidates, side="right")
    (place,) = draw_places(above.astype(np.int64)[None], target, scale)
    return candidates[place] if place < len(candidates) else None


def draw_places(above: NDArray[np.int64], target: int, scale: float) -> NDArray[np.int64]:
    """Draw which candidate is the last, from the top down, before too many values lie above one.

    Parameters
    ----------
    above : ndarray of int64
        How many values of each class lie above each candidate, shape (classes, candidates).
    target : int
        How many may.
    scale : float
        Of the noise.

    Returns
    -------
    ndarray of int64
        Shape (classes,); the number of candidates where not even the highest is.
    """
    limits = np.full((len(above), 1), target, dtype=np.int64)
    whole = np.concatenate([above, limits], axis=1)
    noised = add_laplace(whole.ravel(), scale).reshape(whole.shape)
    stops = noised[:, :-1] >= noised[:, -1:]
    after = stops.shape[1] - np.argmax(stops[:, ::-1], axis=1)
    places: NDArray[np.int64] = np.where(stops.any(axis=1), after, 0)
    return places


def upper_bound(scales: Sequence[float], chance: float) -> int:
    """Return what a sum of discrete Laplace variables exceeds with at most a chance.

    Parameters
    ----------
    scales : sequence of float
        One for each of them.
    chance : float
        Above 1e-20.
    """
    total = np.ones(1)
    for scale in scales:
        reach = math.ceil(_TAIL * scale)
        weights = np.exp(-np.abs(np.arange(-reach, reach + 1)) / scale)
        total = np.convolve(total, weights / weights.sum())
    above = 1 - np.cumsum(total)
    return int(np.argmax(above <= chance)) - len(total) // 2
