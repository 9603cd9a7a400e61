"""Samplers. All noise comes from OpenDP's samplers; no seed is ever set or stored.

Everything is drawn on whole numbers: scores, counts and gradients are rounded to a grid before, each
record by itself.
"""

import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.amounts import COIN_PLACES
from dataselect_gui.privacy.measurements import (
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


def draw_coins(count: int) -> NDArray[np.int64]:
    """Draw coins Q, uniform on the whole steps from 0 to 10^18 − 1.

    A probability p of `COIN_PLACES` decimal places at most is p · 10^18 whole steps, so that
    P[Q < p · 10^18] is exactly p. They come from the system's own source of randomness.

    Parameters
    ----------
    count : int
        How many.

    Returns
    -------
    ndarray of int64
        Shape (count,).
    """
    return np.array([secrets.randbelow(10**COIN_PLACES) for _ in range(count)], dtype=np.int64)


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
