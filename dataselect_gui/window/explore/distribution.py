"""The distribution of a score: its bins along an axis, and the resolution of cut-offs.

The axis is logarithmic where a linear one would show one bar. Nothing here draws; see `histogram`.
"""

from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BINS = 96
_FEWEST_TICKS, _MOST_TICKS = 4, 8
_MARKS = ((1.0,), (1.0, 2.0, 5.0), tuple(range(1, 10)), tuple(n / 10 for n in range(10, 100)))
"""By what powers of ten are multiplied for marks of an axis: the first that gives enough of them."""
_STEPS = 50
"""Small steps of a cut-off to a power of ten, along a logarithmic axis."""


class Distribution:
    """The distribution of a score.

    Parameters
    ----------
    values : ndarray of float
        The score of each record, NaN where it is missing. Shape (n,).

    Attributes
    ----------
    low, high : float
        Between which the scores lie; 0 and 1 where there are none.
    median : float
        NaN where there are none.
    is_log : bool
        Whether the axis is logarithmic.
    counts : ndarray of int
        How many records lie in each bin.
    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        known = values[~np.isnan(values)]
        self.low, self.high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        if self.low == self.high:
            self.high = self.low + 1.0
        self.median = float(np.median(known)) if len(known) else float("nan")
        # A loss often has half of all records within a hundredth of its range: one bar, if linear.
        self.is_log = self.low > 0 and self.median - self.low < (self.high - self.low) / 50
        low, high = self.ends
        places = (self._along(values) - low) * (_BINS / (high - low))
        places = np.nan_to_num(places, nan=-1.0)
        # −1, where there is no score, becomes the first of _BINS + 1 bins, which is not shown; they
        # are so few that a byte holds them.
        self._bins = np.minimum(np.floor(places), _BINS - 1).astype(np.int8) + np.int8(1)
        self.counts = self.count(np.ones(len(values), dtype=bool))

    @property
    def ends(self) -> tuple[float, float]:
        """The places of the lowest and the highest score along the axis."""
        return self._along(self.low), self._along(self.high)

    @property
    def ticks(self) -> list[float] | None:
        """The scores at which a logarithmic axis is marked, not too many; None on a linear one.

        They are powers of ten; where there are few of these, 2 and 5 times them, too, and so on.
        """
        if not self.is_log:
            return None
        first, last = (int(np.floor(end)) for end in self.ends)
        marks: list[float] = []
        for steps in _MARKS:
            all_ = (
                round(step * 10.0**power, -power + 1)
                for power in range(first, last + 1)
                for step in steps
            )
            marks = [mark for mark in all_ if self.low <= mark <= self.high]
            if len(marks) >= _FEWEST_TICKS:
                break
        return marks[:: -(-len(marks) // _MOST_TICKS) or 1]

    def count(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how many of some records lie in each bin."""
        # Those that are not counted go to the first bin, too: a product takes a quarter of the time of
        # picking the others.
        return np.bincount(self._bins * chosen, minlength=_BINS + 1)[1:]

    def place_of(self, cut: float) -> float:
        """Return the place of a cut-off along the axis; on a logarithmic one it has a lower limit."""
        return float(self._along(max(cut, self._floor)))

    def clipped(self, low: float, high: float) -> tuple[float, float]:
        """Return where a range of scores, which may have no ends, lies along the axis."""
        ends = min(max(low, self.low), self.high), min(max(high, self.low), self.high)
        return self.place_of(ends[0]), self.place_of(ends[1])

    def value_at(self, place: float) -> float:
        """Return the cut-off at a place along the axis."""
        return 10.0**place if self.is_log else place

    def moved(self, cut: float, steps: int) -> float:
        """Return a cut-off some small steps up, or down where negative."""
        if self.is_log:
            return float(max(cut, self._floor) * 10 ** (steps / _STEPS))
        return cut + steps * 10.0 ** (self._exponent + 1)

    def decimals(self, value: float) -> int:
        """Return the decimals of a cut-off; three significant digits where logarithmic."""
        if self.is_log and value > 0:
            return max(0, 2 - int(np.floor(np.log10(value))))
        return max(0, -self._exponent)

    def rounded(self, value: float) -> Decimal:
        """Return a cut-off to that many decimals."""
        return Decimal(f"{value:.{self.decimals(value)}f}")

    @property
    def _exponent(self) -> int:
        """The power of ten of which cut-offs are multiples: a thousandth of the range."""
        return int(np.floor(np.log10(self.high - self.low))) - 3

    @property
    def _floor(self) -> float:
        return self.low / 10 if self.is_log else -np.inf

    def _along(self, value: Any) -> Any:  # noqa: ANN401
        return np.log10(value) if self.is_log else value
