"""Check the figures of Gaussian noise, by another accountant than the one that chose it."""

import math

from dataselect_gui.errors import FaultError
from dataselect_gui.release.checks.stated import Stated
from dataselect_gui.texts import _

_STEPS_PER_COUNT = 1000


def check_counts(stated: Stated) -> None:
    """Refuse noise on counts that is too small for ε and δ.

    The cells that m records leave and enter are two non-negative vectors of norm m at most, so a
    histogram moves by √2·m at most, and a count by m.

    Raises
    ------
    FaultError
        Where it is too small.
    """
    moved = math.sqrt(stated.cells_moved())
    _check(stated, stated.scale() / (stated.max_contributions * _STEPS_PER_COUNT * moved))


def check_sum(stated: Stated) -> None:
    """Refuse too little noise on a sum of vectors that m records move by 2mC at most.

    Raises
    ------
    FaultError
        Where it is too small.
    """
    _check(stated, stated.scale() / (2 * stated.max_contributions * 2**24))


def _check(stated: Stated, ratio: float) -> None:
    delta = gaussian_delta(ratio, float(stated.amount()))
    if stated.delta is None or delta > float(stated.delta):
        raise FaultError(_("The stated noise is too small for the stated ε and δ."))


def gaussian_delta(ratio: float, epsilon: float) -> float:
    """Return δ at ε of Gaussian noise, σ given as a multiple of the L2 sensitivity.

    δ = Φ(1/2s − εs) − e^ε Φ(−1/2s − εs) (Balle and Wang 2018, arXiv 1805.06530, theorem 8).
    """

    def below(z: float) -> float:
        return math.erfc(-z / math.sqrt(2)) / 2

    first, second = 1 / (2 * ratio), epsilon * ratio
    return below(first - second) - math.exp(epsilon) * below(-first - second)
