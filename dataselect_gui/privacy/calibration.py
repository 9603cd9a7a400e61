"""Calibrate noise to ε and δ.

Each scale follows from a formula here, in exact fractions where possible, and is checked against
OpenDP's privacy map; the larger of the two losses counts. Rounding is towards more noise. SciPy's root
finders may end on either side of a root, so roots are searched for here, from the side with more noise.
"""

import math
from decimal import Decimal
from fractions import Fraction

from dataselect_gui.privacy.measurements import (
    gaussian_delta_map,
    laplace_measurement,
    quantile_measurement,
)

_GRAINS = 2.0**-40


def flip_scale(epsilon: Decimal, max_contributions: int) -> float:
    """Return the scale of the discrete Laplace noise whose sign flips bits at the right rate.

    P[flip] = 1 / (1 + e^(1/scale)), so each of a unit's m bits costs 1/scale.
    """
    return _at_least(Fraction(max_contributions) / Fraction(epsilon))


def laplace_scale(epsilon: Decimal, sensitivity: int) -> float:
    """Return the scale of discrete Laplace noise for a vector of this L1 sensitivity."""
    scale = _at_least(Fraction(sensitivity) / Fraction(epsilon))
    while laplace_loss(scale, sensitivity, laplace_measurement(scale).map(sensitivity)) > epsilon:
        scale *= 1 + _GRAINS
    return scale


def laplace_loss(scale: float, sensitivity: int, library: float) -> Fraction:
    """Return ε of discrete Laplace noise: sensitivity / scale, or OpenDP's bound if larger."""
    return max(Fraction(sensitivity) / Fraction(scale), Fraction(library))


def quantile_scale(epsilon: Decimal, size: int, max_contributions: int) -> float:
    """Return the scale of the noise with which a quantile of `size` values is drawn.

    A candidate c is scored |(1 − α) · #(values below c) − α · #(values above c)|. Where one record is
    replaced, the score moves by at most 1, and of two candidates one may rise while the other falls:
    with noise of scale b each record costs 2/b. The library counts a replacement as two changes,
    and at one change its map is 0, since no two data sets of one size are one change apart.
    """
    scale = _at_least(Fraction(2 * max_contributions) / Fraction(epsilon))
    # For a known size, OpenDP's map depends on neither α nor the candidates.
    while (
        quantile_loss(
            scale,
            max_contributions,
            quantile_measurement(size, 0.5, (0, 1), scale).map(2 * max_contributions),
        )
        > epsilon
    ):
        scale *= 1 + _GRAINS
    return scale


def quantile_loss(scale: float, max_contributions: int, library: float) -> Fraction:
    """Return ε of a quantile: 2m / scale, or OpenDP's bound for 2m changes if larger."""
    return max(Fraction(2 * max_contributions) / Fraction(scale), Fraction(library))


def gaussian_scale(epsilon: Decimal, delta: Decimal, squared_sensitivity: int) -> float:
    """Return σ of discrete Gaussian noise for a vector of whole numbers.

    Parameters
    ----------
    epsilon, delta : Decimal
        The guarantee.
    squared_sensitivity : int
        The square of the L2 sensitivity, in squared steps.
    """
    low, high = 0.0, 1.0
    while gaussian_delta(high, squared_sensitivity, float(epsilon)) > delta:
        low, high = high, 2 * high
    while high - low > _GRAINS * high:
        middle = (low + high) / 2
        if gaussian_delta(middle, squared_sensitivity, float(epsilon)) > delta:
            low = middle
        else:
            high = middle
    scale = high * (1 + 1e-9)
    while library_gaussian_delta(scale, squared_sensitivity, float(epsilon)) > delta:
        scale *= 1 + 1e-6
    return scale


def gaussian_delta(scale: float, squared_sensitivity: int, epsilon: float) -> float:
    """Return δ at ε of discrete Gaussian noise, by concentrated privacy.

    Noise of scale σ on vectors of L2 sensitivity Δ is ρ-zCDP with ρ = Δ²/2σ², and hence (ε, δ)-DP
    with δ = min over α > 1 of exp((α − 1)(αρ − ε)) / (α − 1) · (1 − 1/α)^α (Canonne, Kamath, Steinke,
    arXiv 2004.00010, theorem 4 and proposition 12). Every α gives a valid bound.
    """
    rho = squared_sensitivity / (2 * scale * scale)

    def logarithm(alpha: float) -> float:
        return (
            (alpha - 1) * (alpha * rho - epsilon) - math.log(alpha - 1) + alpha * math.log1p(-1 / alpha)
        )

    # The logarithm is convex in α: a search by thirds on a scale of α − 1 finds its least value, which
    # lies the further out the smaller ε is. Another search would end at another α, and the scales of
    # releases would differ in their last digits from those of earlier versions.
    low, high = -20.0, 20.0 - min(0.0, math.log(epsilon))
    for _ in range(200):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if logarithm(1 + math.exp(left)) <= logarithm(1 + math.exp(right)):
            high = right
        else:
            low = left
    return min(1.0, math.exp(min(0.0, logarithm(1 + math.exp(low)))))


def library_gaussian_delta(scale: float, squared_sensitivity: int, epsilon: float) -> float:
    """Return δ at ε by OpenDP's map."""
    return gaussian_delta_map(scale, math.nextafter(math.sqrt(squared_sensitivity), math.inf), epsilon)


def _at_least(number: Fraction) -> float:
    """Return the smallest double that is not below a fraction."""
    nearest = float(number)
    return nearest if Fraction(nearest) >= number else math.nextafter(nearest, math.inf)
