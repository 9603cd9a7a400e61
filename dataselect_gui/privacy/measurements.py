"""OpenDP's measurements that are used here, on vectors of whole numbers."""

from collections.abc import Sequence
from typing import Any


def laplace_measurement(scale: float) -> Any:  # noqa: ANN401  (the library's own class)
    """Return OpenDP's discrete Laplace mechanism on vectors of whole numbers, by L1 distance."""
    dp = _opendp()
    # OpenDP's plain int has 32 bits, which would truncate every secret at 2.1.
    space = dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l1_distance(T=dp.i64)
    return space >> dp.m.then_laplace(scale=scale)


def gaussian_measurement(scale: float) -> Any:  # noqa: ANN401  (the library's own class)
    """Return OpenDP's discrete Gaussian mechanism on vectors of whole numbers, by L2 distance."""
    dp = _opendp()
    space = dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l2_distance(T=float)
    return space >> dp.m.then_gaussian(scale=scale)


def quantile_measurement(size: int, alpha: float, candidates: Sequence[int], scale: float) -> Any:  # noqa: ANN401  (the library's own class)
    """Return OpenDP's quantile on a grid, for a known number of values."""
    dp = _opendp()
    domain = dp.vector_domain(dp.atom_domain(T=dp.i64), size=size)
    return dp.m.make_private_quantile(
        domain, dp.symmetric_distance(), dp.max_divergence(), list(candidates), alpha, scale
    )


def gaussian_delta_map(scale: float, distance: float, epsilon: float) -> float:
    """Return δ at ε of discrete Gaussian noise on vectors of that L2 distance."""
    dp = _opendp()
    measurement = dp.c.make_zCDP_to_approxDP(gaussian_measurement(scale))
    return float(measurement.map(distance).delta(epsilon))


def _opendp() -> Any:  # noqa: ANN401  (a module)
    import opendp.prelude as dp

    dp.enable_features("contrib")
    return dp
