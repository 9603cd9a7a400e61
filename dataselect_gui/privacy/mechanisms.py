"""Draws. All noise comes from OpenDP's samplers; no seed is ever set or stored.

Everything is drawn on whole numbers: the scores, counts and gradients were brought to a grid before,
by a function of one record alone.
"""

import math
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.calibration import flip_scale
from dataselect_gui.privacy.library import (
    gaussian_measurement,
    laplace_measurement,
    quantile_measurement,
)

STEPS_PER_UNIT = 10**9
"""The grid on which exponential secrets are drawn: steps of 1e-9."""


def draw_exponentials(count: int) -> NDArray[np.int64]:
    """Draw secrets E ~ Exp(1), in steps of 1e-9.

    A discrete Laplace variable of scale s, given that it is not negative, is geometric with ratio
    exp(−1/s): exactly an exponential of mean s, rounded down to a whole step. So for every whole k,
    P[E < k] is exactly 1 − exp(−k · 1e-9).

    Parameters
    ----------
    count : int
        How many.

    Returns
    -------
    ndarray of int64
        Shape (count,), each at least 0.
    """
    drawn = np.empty(0, dtype=np.int64)
    while len(drawn) < count:
        wanted = 2 * (count - len(drawn)) + 64
        noise = add_laplace(np.zeros(wanted, dtype=np.int64), float(STEPS_PER_UNIT))
        drawn = np.concatenate([drawn, noise[noise >= 0]])
    return drawn[:count]


def one_sided_cut(epsilon: Decimal, per_unit: int) -> int:
    """Return the step below which a secret lets its record leave: ε/m, rounded down."""
    return int((epsilon / per_unit * STEPS_PER_UNIT).to_integral_value(ROUND_FLOOR))


def one_sided_share(epsilon: Decimal, per_unit: int) -> float:
    """Return the share of candidate records that leave, 1 − e^(−ε/m)."""
    return -math.expm1(-float(epsilon / per_unit))


def kept_share(epsilon: Decimal, per_unit: int) -> float:
    """Return the probability with which randomised response keeps a true bit, ε/m a record."""
    return 1 / (1 + math.exp(-float(epsilon / per_unit)))


def randomize(bits: NDArray[np.bool_], epsilon: Decimal, per_unit: int) -> NDArray[np.bool_]:
    """Keep each bit with probability e^x / (1 + e^x), x = ε/m, and flip it otherwise.

    A discrete Laplace variable of scale 1/x is positive with probability e^(−x) / (1 + e^(−x)):
    exactly the probability of a flip.

    Parameters
    ----------
    bits : ndarray of bool
        Shape (n,).
    epsilon : Decimal
        Per unit.
    per_unit : int
        At most so many records of a unit are among the bits.

    Returns
    -------
    ndarray of bool
        Shape (n,).
    """
    noise = add_laplace(np.zeros(len(bits), dtype=np.int64), flip_scale(epsilon, per_unit))
    return bits ^ (noise > 0)


def add_laplace(values: NDArray[np.int64], scale: float) -> NDArray[np.int64]:
    """Add discrete Laplace noise: P[k] ∝ exp(−|k| / scale)."""
    return _measured(laplace_measurement(scale), values)


def add_gaussian(values: NDArray[np.int64], scale: float) -> NDArray[np.int64]:
    """Add discrete Gaussian noise: P[k] ∝ exp(−k² / 2 scale²)."""
    return _measured(gaussian_measurement(scale), values)


def draw_quantile(
    values: NDArray[np.int64], alpha: float, candidates: Sequence[int], scale: float
) -> int:
    """Draw one of the candidates that lies near a quantile of the values.

    Parameters
    ----------
    values : ndarray of int64
        Shape (n,); n is public.
    alpha : float
        Which quantile, in [0, 1].
    candidates : sequence of int
        The public grid, ascending.
    scale : float
        Of the noise.
    """
    chosen: int = quantile_measurement(len(values), alpha, candidates, scale)(values.tolist())
    return chosen


def _measured(measurement: Any, values: NDArray[np.int64]) -> NDArray[np.int64]:  # noqa: ANN401
    return np.array(measurement(values.tolist()), dtype=np.int64)
