"""The grid between a score's public bounds, to which scores are rounded before noise is added."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.mechanisms.mechanism import Query

if TYPE_CHECKING:
    from dataselect_gui.release.terms import Bounds

SCORE_STEPS = 1 << 16
"""Into how many steps the range of a score is divided before noise is added."""
SCORES = Query("between_bounds", SCORE_STEPS, l1=SCORE_STEPS, squared_l2=SCORE_STEPS**2)
"""One score per record: a record can move its own from one bound to the other."""


def on_grid(
    scores: NDArray[np.float64], bounds: "Bounds | None", steps: int, *, turned: bool = False
) -> NDArray[np.int64]:
    """Clip scores to their bounds and round them down to whole steps; NaN becomes 0.

    Parameters
    ----------
    scores : ndarray of float64
        Shape (n,).
    bounds : Bounds
        Public; they must be there.
    steps : int
        Into how many the range is divided.
    turned : bool
        Whether the range is reversed, so that the lowest scores have the highest steps.
    """
    low, high = _range(bounds)
    shares = (high - scores if turned else scores - low) / (high - low)
    scaled = np.clip(np.nan_to_num(shares, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    gridded: NDArray[np.int64] = np.floor(scaled * steps).astype(np.int64)
    return gridded


def score_at(step: float, bounds: "Bounds | None") -> float:
    """Return the score at a step of the grid."""
    low, high = _range(bounds)
    return low + step * (high - low) / SCORE_STEPS


def _range(bounds: "Bounds | None") -> tuple[float, float]:
    if bounds is None:
        raise ValueError("the bounds of the score are missing")
    return float(bounds.low), float(bounds.high)
