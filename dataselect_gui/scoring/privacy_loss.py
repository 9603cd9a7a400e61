"""The ε that a record would incur in the consortium's training: individual Rényi accounting.

At each step the record is in the batch with probability q and adds a gradient of norm min(‖g‖, C) to a
sum with noise σC: for this record, a subsampled Gaussian mechanism with noise multiplier
σC / min(‖g‖, C) (Feldman and Zrnic, arXiv 2008.11193; Yu et al., arXiv 2206.02617). The training's
steps are shared out evenly among the checkpoints of its series.

The Rényi divergence of a step is computed for a few hundred norms, and its logarithm is interpolated
between, monotonically: where one order takes over from another, a spline would swing below.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.scoring.subsampled_gaussian import divergences

_LARGE_ORDERS = (64, 80, 96, 128, 160, 192, 256, 384, 512, 768, 1024)
"""Beyond the accountant's own: what a record with a small norm incurs shows at large orders alone."""
_DENSE_RATE = 0.3
"""Above that sampling rate an accountant's series for orders between whole ones converges so slowly
that nobody takes these. The minimum over whole orders alone is a bound, too."""
_EVEN, _LEAST = 256, 1e-4
_SLICE = 4096


def orders(rate: float) -> list[float]:
    """Return the Rényi orders over which ε is minimised, at a sampling rate."""
    from opacus.accountants import RDPAccountant

    candidates = [*RDPAccountant.DEFAULT_ALPHAS, *_LARGE_ORDERS]
    return (
        [order for order in candidates if order == int(order)] if _DENSE_RATE < rate < 1 else candidates
    )


@cache
def step_divergences(rate: float, noise_multiplier: float) -> Any:  # noqa: ANN401  (scipy is untyped)
    """Return the logarithm of a step's Rényi divergences as a function of that of the norm's share."""
    from scipy.interpolate import PchipInterpolator

    even = np.linspace(1 / _EVEN, 1, _EVEN)
    shares = np.concatenate([np.geomspace(_LEAST, even[0], 24, endpoint=False), even])
    # Where the noise is so large that rounding hides the divergence, it is next to nothing.
    positive = np.maximum(
        divergences(rate, noise_multiplier / shares, orders(rate)), np.finfo(np.float64).tiny
    )
    return PchipInterpolator(np.log(shares), np.log(positive))


class PrivacyLoss:
    """Individual privacy loss under one training.

    Parameters
    ----------
    training : mapping
        The consortium's request, with ``noise_multiplier``, ``max_grad_norm``, ``sample_rate``,
        ``steps`` and ``delta``.
    """

    def __init__(self, training: Mapping[str, float]) -> None:
        self._clip = float(training["max_grad_norm"])
        self._steps = float(training["steps"])
        self._logarithms = step_divergences(
            float(training["sample_rate"]), float(training["noise_multiplier"])
        )
        # From Rényi divergence to ε (Balle et al., arXiv 1905.09982, theorem 21; so Opacus has it).
        alphas = np.array(orders(float(training["sample_rate"])))
        gaps = (np.log(float(training["delta"])) + np.log(alphas)) / (alphas - 1)
        self._conversion = np.log1p(-1 / alphas) - gaps

    def __call__(self, norms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each record's ε at the training's δ.

        Parameters
        ----------
        norms : ndarray
            Gradient norms at the checkpoints of the series, shape (records, checkpoints).

        Returns
        -------
        ndarray
            Shape (records,); 0 where the gradient vanishes everywhere, NaN where a norm is unknown.
        """
        parts = [self._epsilons(norms[at : at + _SLICE]) for at in range(0, len(norms), _SLICE)]
        return np.concatenate([np.empty(0), *parts])

    def _epsilons(self, norms: NDArray[np.float64]) -> NDArray[np.float64]:
        shares = np.minimum(np.nan_to_num(norms), self._clip) / self._clip
        steps = self._steps / norms.shape[1]
        divergence = np.sum([steps * self._step(column) for column in shares.T], axis=0)
        epsilons: NDArray[np.float64] = np.maximum((divergence + self._conversion).min(axis=1), 0.0)
        epsilons[~shares.any(axis=1)] = 0.0
        epsilons[np.isnan(norms).any(axis=1)] = np.nan
        return epsilons

    def _step(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the Rényi divergences of one step, shape (records, orders)."""
        divergences = np.exp(self._logarithms(np.log(np.maximum(shares, _LEAST))))
        # For small norms it falls as the square of the norm.
        small: NDArray[np.float64] = np.minimum(shares / _LEAST, 1.0) ** 2
        scaled: NDArray[np.float64] = divergences * small[:, None]
        return scaled
