"""What the releases of one source come to together.

Everything is under one relation: the contents of one unit are replaced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Charge:
    """What one entry of the ledger costs.

    Attributes
    ----------
    epsilon, delta : Decimal
        Per unit.
    one_sided : bool
        Whether it is an absence bound: of those only the largest counts (PRIVACY: one secret per
        record serves all of them), the others add up.
    """

    epsilon: Decimal
    delta: Decimal = Decimal(0)
    one_sided: bool = False


@dataclass(frozen=True)
class Totals:
    """What all charges come to.

    Attributes
    ----------
    plain : Decimal
        The sum of ε over the DP entries plus the largest one-sided ε: what the budget counts.
    pld : float
        ε of the DP entries composed as privacy loss distributions, at `delta`.
    delta : Decimal
        The sum of the δ.
    one_sided : Decimal
        The largest ε of the one-sided releases.
    """

    plain: Decimal
    pld: float
    delta: Decimal
    one_sided: Decimal


def plain_total(charges: Sequence[Charge]) -> Decimal:
    """Return the plain total of charges."""
    return _summed(charges) + _largest_one_sided(charges)


def totals(charges: Sequence[Charge]) -> Totals:
    """Return all totals of charges.

    The composed total is never above the plain sum: composition of privacy loss distributions
    rounds upwards, so the smaller of two valid bounds is given.
    """
    differential = [charge for charge in charges if not charge.one_sided]
    delta = sum((charge.delta for charge in differential), Decimal(0))
    composed = 0.0
    if differential:
        composed = min(_composed(differential, float(delta)), float(_summed(charges)))
    return Totals(plain_total(charges), composed, delta, _largest_one_sided(charges))


def _summed(charges: Sequence[Charge]) -> Decimal:
    return sum((charge.epsilon for charge in charges if not charge.one_sided), Decimal(0))


def _largest_one_sided(charges: Sequence[Charge]) -> Decimal:
    return max((charge.epsilon for charge in charges if charge.one_sided), default=Decimal(0))


def _composed(charges: Sequence[Charge], delta: float) -> float:
    from dp_accounting.pld import common, privacy_loss_distribution

    distribution = privacy_loss_distribution.identity()
    for charge in charges:
        parameters = common.DifferentialPrivacyParameters(float(charge.epsilon), float(charge.delta))
        distribution = distribution.compose(
            privacy_loss_distribution.from_privacy_parameters(parameters)
        )
    return float(distribution.get_epsilon_for_delta(delta))
