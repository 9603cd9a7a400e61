"""A calibration of which every number is differentially private: what is asked, and at what cost.

Neighbours differ in one row, its label included; how many rows there are is public. So a count, or a
threshold, of one class is charged for the class that a row leaves and for the one that it enters.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.calibration import Privacy, Query
from dataselect_gui.privacy.amounts import PLACES
from dataselect_gui.privacy.calibration import gaussian_scale, laplace_scale
from dataselect_gui.privacy.noise import add_gaussian, add_laplace
from dataselect_gui.privacy.tail_threshold import draw_tail_threshold, tail_scale, upper_bound

CONFIDENCE = Decimal("0.95")
"""With which no noise took a threshold below its rank."""
GRID = tuple(float(f"{10 ** (step / 32):.6g}") for step in range(-4 * 32, 6 * 32 + 1))
"""The public grid of thresholds: 32 numbers for each power of ten, from 0.0001 to a million."""
COUNTS_L1 = 2
"""Of the table of classes: a row that is replaced leaves one cell and enters another."""
_COUNTS, _DIRECTIONS = Decimal("0.1"), Decimal("0.3")
"""Their shares of ε; thresholds take the rest."""


@dataclass(frozen=True)
class Counts:
    """How many rows there are of each class, with noise.

    Attributes
    ----------
    right, wrong : ndarray of int64
        That the model recognises, and that it takes for another class, shape (classes,).
    scale : float
        Of the noise of either.
    """

    right: NDArray[np.int64]
    wrong: NDArray[np.int64]
    scale: float

    def of(self, index: int) -> int:
        """Return about how many rows a class has."""
        return max(0, int(self.right[index] + self.wrong[index]))

    def recall(self, index: int) -> float | None:
        """Return about which share of them is recognised."""
        right, total = max(0, int(self.right[index])), self.of(index)
        return min(1.0, right / total) if total else None


@dataclass
class PrivateQueries:
    """Asks questions of the rows, and adds up what the answers cost.

    Parameters
    ----------
    epsilon, delta : Decimal
        What may be spent; δ is spent by directions alone.
    scores : int
        Of how many scores thresholds are wanted.
    with_directions : bool
        Whether directions are.
    """

    epsilon: Decimal
    delta: Decimal
    scores: int
    with_directions: bool
    spent: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)

    def _part(self, share: Decimal, among: int = 1) -> Decimal:
        """Return a share of ε, for each of several queries, rounded down to places that are written."""
        return (self.epsilon * share / among).quantize(Decimal(1).scaleb(-PLACES), "ROUND_FLOOR")

    @property
    def _for_thresholds(self) -> Decimal:
        return 1 - _COUNTS - (_DIRECTIONS if self.with_directions else 0)

    def counts(self, classes: NDArray[np.int64], is_right: NDArray[np.bool_], count: int) -> Counts:
        """Return how many rows of each class there are that are recognised, and that are not.

        Parameters
        ----------
        classes : ndarray of int64
            Of each row, shape (n,); −1 for one that has none.
        is_right : ndarray of bool
            Whether it is recognised.
        count : int
            How many classes there are.
        """
        epsilon = self._charge("rows of each class, and how many are recognised", self._part(_COUNTS))
        scale = laplace_scale(epsilon, COUNTS_L1)
        there = classes >= 0
        cells = np.bincount(2 * classes[there] + is_right[there], minlength=2 * count)
        noised = add_laplace(cells.astype(np.int64), scale).reshape(count, 2)
        return Counts(right=noised[:, 1], wrong=noised[:, 0], scale=scale)

    def thresholds(
        self,
        score: str,
        values: NDArray[np.float64],
        classes: NDArray[np.int64],
        counts: Counts,
        alpha: Fraction,
    ) -> list[float | None]:
        """Return the threshold of each class; None where its rows are too few for the noise.

        Parameters
        ----------
        score : str
            Its name.
        values : ndarray of float64
            Of each row, shape (n,).
        classes : ndarray of int64
            Of each row, shape (n,).
        counts : Counts
            Of the same rows.
        alpha : Fraction
            The score's part of α.
        """
        epsilon = self._part(self._for_thresholds, self.scores)
        scale = tail_scale(self._charge(f"threshold of {score} in each class", epsilon))
        chance = float(1 - CONFIDENCE) / 2
        too_many = upper_bound([counts.scale, counts.scale], chance)
        margin = upper_bound([scale, scale], chance)
        thresholds = list[float | None]()
        for index in range(len(counts.right)):
            least = int(counts.right[index] + counts.wrong[index]) - too_many
            target = int(alpha * (least + 1)) - 1 - margin
            drawn = None
            if target >= 1:
                drawn = draw_tail_threshold(values[classes == index], target, GRID, scale)
            thresholds.append(drawn)
        return thresholds

    def directions(self, sums: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
        """Return the sums of clipped gradients of each class with noise, shape (classes, parameters).

        Parameters
        ----------
        sums : ndarray of int64
            In steps.
        steps : int
            The largest norm of one row's gradient. In one class a replaced row moves the sum by twice
            that; in two classes by less.
        """
        epsilon = self._part(_DIRECTIONS)
        self.spent.append(("directions of the classes", epsilon, self.delta))
        scale = gaussian_scale(epsilon, self.delta, (2 * steps) ** 2)
        return add_gaussian(sums.ravel(), scale).reshape(sums.shape)

    def _charge(self, what: str, epsilon: Decimal) -> Decimal:
        self.spent.append((what, epsilon, Decimal(0)))
        return epsilon

    def privacy(self) -> Privacy:
        """Return what was promised, and its parts.

        Raises
        ------
        ValueError
            Where more was asked than may be spent.
        """
        epsilon = sum((part for _what, part, _delta in self.spent), Decimal(0))
        delta = sum((part for _what, _epsilon, part in self.spent), Decimal(0))
        if epsilon > self.epsilon or delta > self.delta:
            raise ValueError("more was asked than may be spent")
        queries = [Query(what=w, epsilon=float(e), delta=float(d)) for w, e, d in self.spent]
        return Privacy(
            epsilon=float(epsilon),
            delta=float(delta),
            confidence=float(CONFIDENCE),
            queries=queries,
        )
