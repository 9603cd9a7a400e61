"""Statistics of features and of scores, by NumPy."""

import numpy as np
from numpy.typing import NDArray

SHRINKAGE = 0.1
"""λ of the covariance. Public: it is the same whatever the rows are."""
LOWEST, HIGHEST = 0.01, 0.99
"""The quantiles that are the bounds of a score."""
Floats = NDArray[np.float64]


def class_means(features: Floats, classes: NDArray[np.int64], count: int) -> Floats:
    """Return the mean of each class, shape (count, width); NaN for one without rows.

    Parameters
    ----------
    features : ndarray of float64
        Shape (n, width), all finite.
    classes : ndarray of int64
        Of each row, shape (n,).
    count : int
        How many classes there are.
    """
    means = np.full((count, features.shape[1]), np.nan)
    for index in np.unique(classes):
        means[index] = features[classes == index].mean(axis=0)
    return means


def covariance_of(features: Floats, classes: NDArray[np.int64], means: Floats) -> Floats:
    """Return the covariance about the classes' means, 1/n Σ (h − μ_y)(h − μ_y)ᵀ, symmetrical."""
    offsets = features - means[classes]
    covariance = offsets.T @ offsets / len(offsets)
    symmetrical: Floats = (covariance + covariance.T) / 2
    return symmetrical


def distances_of(
    features: Floats, classes: NDArray[np.int64], means: Floats, covariance: Floats
) -> Floats:
    """Return the score `distance` of rows, shape (n,); NaN where the class has no mean."""
    width = len(covariance)
    spread = np.trace(covariance) / width
    factor = np.linalg.cholesky((1 - SHRINKAGE) * covariance + SHRINKAGE * spread * np.eye(width))
    offsets = features - means[classes]
    distances = np.full(len(features), np.nan)
    is_there = np.isfinite(offsets).all(axis=1)
    solved = np.linalg.solve(factor, offsets[is_there].T)
    distances[is_there] = np.sqrt(np.square(solved).sum(axis=0))
    return distances


def bounds_of(values: Floats) -> tuple[float, float] | None:
    """Return the lower and the upper quantile of a score; None where it is the same for nearly all."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = np.quantile(finite, [LOWEST, HIGHEST], method="inverted_cdf").tolist()
    return (low, high) if low < high else None
