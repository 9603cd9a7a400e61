"""Thresholds by rank, in exact arithmetic: split conformal prediction (arXiv 2104.08279)."""

from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.selection import calibration as selection_calibration


def rank_of(alpha: Fraction, count: int) -> int | None:
    """Return which of so many values, from the smallest, is the threshold; None where there is none.

    ⌈(1 − α)(n + 1)⌉: a further value that is exchangeable with them is above it with a chance of at
    most α, and without ties of at least α − 1/(n + 1).
    """
    rank = selection_calibration.rank_of(count, alpha)
    return rank if 1 <= rank <= count else None


def fewest_rows(alpha: Fraction) -> int:
    """Return how few values have a threshold."""
    return ceil(1 / alpha) - 1


def advised_rows(alpha: Fraction) -> int:
    """Return how many values serve well: ten are above the threshold.

    What a threshold leaves out of clean records is Beta(k, n + 1 − k), k of n being above it or at it:
    in 95 of 100 calibrations between 0.5 and 1.7 times α for k = 10, and of the fewest values, where k
    is 1, between next to nothing and 3.5 times α.
    """
    return ceil(10 / alpha)


def threshold_of(alpha: Fraction, values: NDArray[np.float64]) -> float | None:
    """Return the threshold of some finite values, shape (n,); None where they are too few."""
    rank = rank_of(alpha, len(values))
    return None if rank is None else float(np.partition(values, rank - 1)[rank - 1])
