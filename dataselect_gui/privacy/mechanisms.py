"""Draws. All noise comes from OpenDP's samplers; no seed is ever set or stored."""

import math
from decimal import ROUND_FLOOR, Decimal

import numpy as np
from numpy.typing import NDArray

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
    import opendp.prelude as dp

    dp.enable_features("contrib")
    # The plain int of OpenDP has 32 bits, and would cut every secret off at 2.1.
    space = dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l1_distance(T=dp.i64)
    laplace = space >> dp.m.then_laplace(scale=float(STEPS_PER_UNIT))
    drawn = np.empty(0, dtype=np.int64)
    while len(drawn) < count:
        wanted = 2 * (count - len(drawn)) + 64
        noise = np.array(laplace([0] * wanted), dtype=np.int64)
        drawn = np.concatenate([drawn, noise[noise >= 0]])
    return drawn[:count]


def one_sided_cut(epsilon: Decimal, per_unit: int) -> int:
    """Return the step below which a secret lets its record leave: ε/m, rounded down."""
    return int((epsilon / per_unit * STEPS_PER_UNIT).to_integral_value(ROUND_FLOOR))


def one_sided_share(epsilon: Decimal, per_unit: int) -> float:
    """Return the share of candidate records that leave, 1 − e^(−ε/m)."""
    return -math.expm1(-float(epsilon / per_unit))
