"""Draw a release, or a threshold that is bought for one."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.noise import draw_quantile
from dataselect_gui.release.candidates import Candidates, Summed
from dataselect_gui.release.grid import on_grid
from dataselect_gui.release.kinds.kind import Material
from dataselect_gui.release.terms import Bounds, Terms

QUANTILE_STEPS = 1000
"""Into how many steps the range of a score is divided where a threshold is bought."""


def draw(
    candidates: Candidates,
    keys: Sequence[bytes],
    terms: Terms,
    secrets_of: Callable[[Sequence[bytes]], NDArray[np.int64]],
    summed: Summed | None = None,
    coins_of: Callable[[Sequence[bytes]], NDArray[np.int64]] | None = None,
) -> bytes:
    """Draw a release: return the bytes that the ledger keeps, so that it is never drawn twice.

    Parameters
    ----------
    candidates : Candidates
        The records.
    keys : sequence of bytes
        The ledger's key of each record, shape (n,).
    terms : Terms
        How.
    secrets_of : callable
        Returns the sealed secrets of records.
    summed : tuple or None
        For a gradient: the sum over the chosen records.
    coins_of : callable or None
        Returns the sealed coins of records; None where the rule keeps none with a probability.
    """
    assert candidates.part is not None
    rows = np.flatnonzero(candidates.part)
    return terms.kind.draw(Material(candidates, rows, keys, terms, secrets_of, summed, coins_of))


def buy_threshold(
    scores: NDArray[np.float64], share: Fraction, bounds: Bounds, scale: float, *, lowest: bool
) -> Decimal:
    """Draw a threshold beyond which about the given share of the records lies.

    Parameters
    ----------
    scores : ndarray of float64
        Of the records that take part, shape (n,); n is public.
    share : Fraction
        The wanted share.
    bounds : Bounds
        Public bounds; the grid lies between them.
    scale : float
        Of the noise.
    lowest : bool
        Whether the lowest scores are wanted.
    """
    steps = on_grid(scores, bounds, QUANTILE_STEPS, turned=lowest)
    grid = range(QUANTILE_STEPS + 1)
    step = draw_quantile(steps, float(1 - share), grid, scale)
    # Rounded to the digits in which thresholds are compared.
    range_ = bounds.high - bounds.low
    width = range_ * step / QUANTILE_STEPS
    threshold = bounds.high - width if lowest else bounds.low + width
    return threshold.quantize(Decimal(1).scaleb(_digits(range_)))


def _digits(width: Decimal) -> int:
    return math.floor(math.log10(width)) - 6
