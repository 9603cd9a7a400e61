"""Rényi divergences of the Poisson-subsampled Gaussian mechanism, for many noise multipliers at once.

An accountant takes hundredths of a second for one noise multiplier, in loops of Python over the terms
of its sums. Here the same sums are taken for all of them together, by the formulas of Mironov, Talwar
and Zhang, "Rényi Differential Privacy of the Sampled Gaussian Mechanism" (arXiv 1908.10530, section
3.3). The tests hold them against Opacus.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_TERMS, _AVERAGED = 128, 64
"""Terms of a series; and so many of its partial sums are averaged, again and again."""

Floats = NDArray[np.float64]


def divergences(rate: float, noise_multiplier: Floats, orders: Sequence[float]) -> Floats:
    """Return the Rényi divergences of one step.

    Parameters
    ----------
    rate : float
        The probability with which a record is in the batch, in (0, 1]; at most 0.3 for orders between
        whole ones.
    noise_multiplier : ndarray
        Noise multipliers, shape (n,), positive.
    orders : sequence of float
        Above 1.

    Returns
    -------
    ndarray
        Shape (n, orders).
    """
    if rate == 1:
        released: Floats = np.array(orders) / (2 * noise_multiplier[:, None] ** 2)
        return released
    columns = [
        (_of_whole_order if order == int(order) else _of_order)(rate, noise_multiplier, order)
        / (order - 1)
        for order in orders
    ]
    return np.stack(columns, axis=1)


def _of_whole_order(rate: float, noise_multiplier: Floats, order: float) -> Floats:
    """Return log A, shape (n,): a sum of ``order + 1`` terms."""
    from scipy.special import gammaln, logsumexp

    i = np.arange(order + 1)
    binomials = gammaln(order + 1) - gammaln(i + 1) - gammaln(order - i + 1)
    weights = binomials + i * np.log(rate) + (order - i) * np.log1p(-rate)
    total: Floats = logsumexp(weights + (i * i - i) / (2 * noise_multiplier[:, None] ** 2), axis=1)
    return total


def _of_order(rate: float, noise_multiplier: Floats, order: float) -> Floats:
    """Return log A, shape (n,): two series, over either side of the point where the densities meet."""
    from scipy.special import gammaln, gammasgn, log_ndtr

    sigma = noise_multiplier[:, None]
    meeting = sigma**2 * np.log(1 / rate - 1) + 0.5
    i = np.arange(_TERMS, dtype=np.float64)
    j = order - i
    binomials = gammaln(order + 1) - gammaln(i + 1) - gammaln(j + 1)
    weights = binomials + i * np.log(rate) + j * np.log1p(-rate)
    below = weights + (i * i - i) / (2 * sigma**2) + log_ndtr((meeting - i) / sigma)
    weights = binomials + j * np.log(rate) + i * np.log1p(-rate)
    above = weights + (j * j - j) / (2 * sigma**2) + log_ndtr((j - meeting) / sigma)
    signs = gammasgn(j + 1)
    return np.logaddexp(_log_of_series(below, signs), _log_of_series(above, signs))


def _log_of_series(logarithms: Floats, signs: Floats) -> Floats:
    """Return the logarithm of a series whose later terms alternate in sign, shape (n,).

    They fall by a power of their number alone, so that thousands would be needed. The means of
    neighbouring partial sums converge at once (Euler's transformation).
    """
    largest = logarithms.max(axis=1, keepdims=True)
    sums = np.cumsum(signs * np.exp(logarithms - largest), axis=1)[:, -_AVERAGED:]
    while sums.shape[1] > 1:
        sums = (sums[:, 1:] + sums[:, :-1]) / 2
    with np.errstate(
        divide="ignore"
    ):  # Where rounding leaves nothing, the other series is all there is.
        logarithm: Floats = largest[:, 0] + np.log(np.maximum(sums[:, 0], 0.0))
    return logarithm
