"""A noised count of records that look wrong, which decides whether they are left out.

``deciding_count.md`` has the proof.
"""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.mechanisms.laplace_on_counts import LaplaceOnCounts
from dataselect_gui.privacy.mechanisms.mechanism import Query, Setting

TIMES_ALPHA = 2
"""The public cut is this many times α of the records that take part."""
_ONE_COUNT = Query("per_count", 1, l1=1, squared_l2=1)


def can_decide(alpha: Decimal) -> bool:
    """Say whether a count can exceed the cut at all."""
    return TIMES_ALPHA * alpha < 1


def counting_mechanism(epsilon: Decimal, max_contributions: int) -> LaplaceOnCounts:
    """Return the noise of the count: one record moves it by 1, a unit by `max_contributions`."""
    return LaplaceOnCounts.calibrated(Setting(max_contributions, epsilon, query=_ONE_COUNT))


def draw_answers(
    left_out: NDArray[np.int64], taking_part: int, alpha: Decimal, mechanism: LaplaceOnCounts
) -> NDArray[np.bool_]:
    """Draw whether more records look wrong than the cut allows, for each of several counts.

    Parameters
    ----------
    left_out : ndarray of int64
        How many records the rule leaves out, shape (k,). They may not be kept or shown.
    taking_part : int
        Of how many.
    alpha : Decimal
        The rule's public α, below ½.
    mechanism : LaplaceOnCounts
        See `counting_mechanism`.

    Returns
    -------
    ndarray of bool
        Whether records are left out, shape (k,).
    """
    assert can_decide(alpha)
    cut = math.floor(TIMES_ALPHA * Fraction(alpha) * taking_part)  # A whole number exceeds both alike.
    return mechanism.add_noise(left_out) > cut
