"""Where the features of each class lie, and how far rows are from there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.calibration.statistics import class_means, covariance_of, distances_of
from dataselect_gui.checkpoints.calibration_file import COVARIANCE, MEANS
from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FoundCentres:
    """Means and covariance.

    Attributes
    ----------
    means, covariance : ndarray of float64
        Shapes (classes, width) and (width, width).
    rows : int
        Of how many rows.
    """

    means: Floats
    covariance: Floats
    rows: int

    @property
    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """As the file has them."""
        return {MEANS: self.means, COVARIANCE: self.covariance}

    def distances(self, features: Floats, classes: NDArray[np.int64]) -> Floats:
        """Return the distance of rows, shape (n,); NaN where there is none."""
        distances = np.full(len(features), np.nan)
        there = classes >= 0
        try:
            distances[there] = distances_of(
                features[there], classes[there], self.means, self.covariance
            )
        except np.linalg.LinAlgError:
            raise _no_covariance() from None
        return distances


def centres_of(features: Floats, classes: NDArray[np.int64], count: int) -> FoundCentres:
    """Return means and covariance of rows.

    Parameters
    ----------
    features : ndarray of float64
        Shape (n, width); rows with NaN are left out.
    classes : ndarray of int64
        Of each row, shape (n,); those of −1 are left out.
    count : int
        How many classes there are.

    Raises
    ------
    UnusableError
        Where there are no features, or no spread among them.
    """
    usable = (classes >= 0) & np.isfinite(features).all(axis=1)
    if not usable.any() or not features.shape[1]:
        raise _no_covariance()
    own, its = features[usable], classes[usable]
    means = class_means(own, its, count)
    return FoundCentres(means, covariance_of(own, its, means), len(own))


def _no_covariance() -> UnusableError:
    return UnusableError(
        _("No distance can be calibrated on these rows."),
        _("Their features have no spread: there are too few rows, or the model makes the same of all."),
        _("Give more rows, or leave out distance."),
    )
