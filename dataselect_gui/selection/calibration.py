"""Thresholds per class from clean records, and which records are kept by them.

Split conformal thresholds, after Bates, Candès, Lei, Romano, Sesia, arXiv 2104.08279: averaged over
calibrations, a record that is exchangeable with its class's clean ones is left out with probability
at most α.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


def rank_of(count: int, alpha: Decimal | Fraction) -> int:
    """Return ⌈(1 − α)(n + 1)⌉ of n clean records, in exact arithmetic.

    Parameters
    ----------
    count : int
        n.
    alpha : Decimal or Fraction
        α, above 0 and below 1.
    """
    return math.ceil((1 - Fraction(alpha)) * (count + 1))


def class_thresholds(
    scores: NDArray[np.float64], targets: NDArray[np.int64], classes: int, alpha: Decimal
) -> NDArray[np.float64]:
    """Return the threshold of each class: the ⌈(1 − α)(n + 1)⌉-th smallest of its n clean scores.

    Parameters
    ----------
    scores : ndarray of float64
        Of clean records that the model was not trained on, shape (n,). One that is no number counts as
        the largest.
    targets : ndarray of int64
        Their class indices, shape (n,); −1 for none.
    classes : int
        How many classes there are.
    alpha : Decimal
        α, above 0 and below 1.

    Returns
    -------
    ndarray of float64
        Shape (classes,); infinity where the rank exceeds n, so that everything of the class is kept.
    """
    thresholds = np.full(classes, np.inf)
    for index in range(classes):
        of_class = np.sort(np.nan_to_num(scores[targets == index], nan=np.inf, neginf=-np.inf))
        rank = rank_of(len(of_class), alpha)
        if rank <= len(of_class):
            thresholds[index] = of_class[rank - 1]
    return thresholds


def alpha_of_each(alpha: Decimal, scores: int) -> Decimal:
    """Return α of each of several scores, all of which decide: α split evenly (union bound)."""
    return alpha / scores


def kept_by_thresholds(
    scores: Mapping[str, NDArray[np.float64]],
    targets: NDArray[np.int64],
    thresholds: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.bool_]:
    """Return which records are kept: those at or below the threshold of their class, by every score.

    Parameters
    ----------
    scores : mapping
        Score → its values, shape (n,).
    targets : ndarray of int64
        Class indices, shape (n,); −1 for none.
    thresholds : mapping
        Score → the threshold of each class, shape (classes,).

    Returns
    -------
    ndarray of bool
        Shape (n,). Kept is also a record without a class or with one that has no threshold, and by a
        score that is not finite.
    """
    kept = np.ones(len(targets), dtype=bool)
    for name, by_class in thresholds.items():
        has_threshold = (targets >= 0) & (targets < len(by_class))
        limits = np.full(len(targets), np.inf)
        limits[has_threshold] = by_class[targets[has_threshold]]
        kept &= (scores[name] <= limits) | ~np.isfinite(scores[name])
    return kept
