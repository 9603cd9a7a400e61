"""What is audited of a private calibration: each of its queries, and a mistake that must be caught.

Neighbours differ in one row of two classes, its label included: in the first data set it is in the
first class and recognised, in the second one in the second class and not. Many copies of that world are
asked at once, each with two classes of its own.
"""

from decimal import Decimal
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.calibration.private import PrivateQueries
from dataselect_gui.privacy.tail_threshold import draw_places, tail_scale
from tests.audit.bounds import Sampler

Floats = NDArray[np.float64]
ROWS = 3
"""Of either class beside the row that differs."""
CANDIDATES = 8
STEPS = 1000


def counts(epsilon: float, *, classes_charged: int = 2) -> Sampler:
    """How many rows each class has: the cell that a row leaves, and the one that it enters."""

    def outcomes(copies: int, *, in_first: bool) -> Floats:
        own = [0] * ROWS + [1] * ROWS + [0 if in_first else 1]
        classes = (np.array(own) + 2 * np.arange(copies)[:, None]).ravel()
        is_right = np.tile([True] * 2 * ROWS + [in_first], copies)
        queries = PrivateQueries(Decimal(str(epsilon)) * 10, Decimal(0), 1, with_directions=False)
        with patch("dataselect_gui.calibration.private.COUNTS_L1", classes_charged):
            noised = queries.counts(classes, is_right, 2 * copies)
        first, second = noised.right[::2] - ROWS, noised.wrong[1::2]
        # At or beyond an edge where both cells tell the same.
        telling: Floats = np.minimum(first, 1 - second).astype(np.float64)
        return telling

    return lambda count: (outcomes(count, in_first=True), outcomes(count, in_first=False))


def thresholds(epsilon: float) -> Sampler:
    """The thresholds of the class that a row with a high score leaves, and of the one it enters."""
    scale = tail_scale(Decimal(str(epsilon)))

    def drawn(high: int, copies: int) -> NDArray[np.int64]:
        """Draw where so many values lie above every candidate."""
        return draw_places(np.full((copies, CANDIDATES), high, dtype=np.int64), 2, scale)

    def outcomes(copies: int, *, in_first: bool) -> Floats:
        first, second = drawn(1 + in_first, copies), drawn(2 - in_first, copies)
        return (first - second).astype(np.float64)

    return lambda count: (outcomes(count, in_first=True), outcomes(count, in_first=False))


def directions(epsilon: float, delta: float) -> Sampler:
    """The direction of a class, of which a row's gradient turns round."""

    def outcomes(copies: int, sign: int) -> Floats:
        queries = PrivateQueries(
            Decimal(str(epsilon)) / Decimal("0.3"), Decimal(str(delta)), 1, with_directions=True
        )
        sums = np.full((copies, 1), sign * STEPS, dtype=np.int64)
        noised: Floats = queries.directions(sums, STEPS).ravel().astype(np.float64)
        return noised

    return lambda count: (outcomes(count, 1), outcomes(count, -1))
