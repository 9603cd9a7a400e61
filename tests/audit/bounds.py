"""A lower bound on what a mechanism leaks, that holds but for one chance in a thousand.

Two data sets that differ in one unit are each drawn from many times. An event is chosen on some draws
and its probabilities are bounded on others (Clopper and Pearson 1934), so that the choice does not make
the bound too large; the confidence is shared out among all that is audited together (Bonferroni).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ERROR = 0.001
_EDGES = 60

Sampler = Callable[[int], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""Draws so many outcomes from either data set; NaN where the promise says nothing about an outcome."""


@dataclass(frozen=True)
class Event:
    """Outcomes at or beyond an edge.

    Attributes
    ----------
    edge : float
        The edge.
    above : bool
        Whether it is those above.
    swapped : bool
        Whether it is likelier under the second data set.
    """

    edge: float
    above: bool
    swapped: bool

    def count(self, outcomes: NDArray[np.float64]) -> int:
        beyond = outcomes >= self.edge if self.above else outcomes <= self.edge
        return int(np.count_nonzero(beyond))


def lower_bound(sample: Sampler, draws: int, delta: float, error: float) -> float:
    """Return an ε that the mechanism exceeds, at (ε, δ), with probability at least 1 − error."""
    event = _choose(*sample(max(2000, draws // 4)), delta, error)
    first, second = sample(draws)
    return _bound(event, first, second, delta, error)


def _choose(
    first: NDArray[np.float64], second: NDArray[np.float64], delta: float, error: float
) -> Event:
    values = np.concatenate([first, second])
    values = np.unique(values[~np.isnan(values)])
    if len(values) > _EDGES:
        values = np.unique(np.quantile(values, np.linspace(0, 1, _EDGES)))
    events = [
        Event(float(edge), above, swapped)
        for edge in values
        for above in (False, True)
        for swapped in (False, True)
    ]
    return max(events, key=lambda event: _bound(event, first, second, delta, error))


def _bound(
    event: Event,
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    delta: float,
    error: float,
) -> float:
    from scipy.special import betaincinv

    likely, rare = (second, first) if event.swapped else (first, second)
    seen, draws = event.count(likely), len(likely)
    least = float(betaincinv(seen, draws - seen + 1, error / 2)) if seen else 0.0
    seen, draws = event.count(rare), len(rare)
    most = float(betaincinv(seen + 1, draws - seen, 1 - error / 2)) if seen < draws else 1.0
    return math.log((least - delta) / most) if least > delta else -math.inf
