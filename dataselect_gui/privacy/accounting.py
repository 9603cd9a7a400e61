"""Composition of the releases of one source.

Neighbours differ throughout in one way: the contents of one unit are replaced.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from dataselect_gui.privacy.entry_body import EntryBody, Noise

COMPOSED_DELTA = Decimal("1e-6")
"""Added to the sum of δ for the second composed total."""
_GAUSSIAN_MARGIN = 1 - 1e-6
_LOSS_STEP = 1e-4
"""The grid that losses are rounded up to, as in dp_accounting."""
_LOSS_MARGIN = 2.0**-48
_TOO_LARGE = 100


@dataclass(frozen=True)
class Loss:
    """The noise of a release, which composes more tightly than its ε alone.

    Attributes
    ----------
    noise : str
        ``"discrete-laplace"`` or ``"discrete-gaussian"``.
    scale : float
        The scale of the noise in its own steps: b, or σ.
    sensitivity : float
        In the same steps: L1 for Laplace (a whole number), L2 for Gaussian noise.
    """

    noise: Noise
    scale: float
    sensitivity: float


@dataclass(frozen=True)
class Charge:
    """What one entry of the ledger costs.

    Attributes
    ----------
    epsilon, delta : Decimal
        Per unit.
    one_sided : bool
        Whether it bounds only what absence reveals. Of these only the largest by the same columns
        counts, because one secret per record serves all of them; the others add up.
    loss : Loss or None
        The noise; None where only ε and δ are known.
    columns : str
        By which columns of a table a one-sided release knows its records; empty for what is no table.
        A row has a secret for each way.
    """

    epsilon: Decimal
    delta: Decimal = Decimal(0)
    one_sided: bool = False
    loss: Loss | None = None
    columns: str = ""

    def as_entry(self) -> EntryBody:
        """Return it as a part of an entry of the ledger."""
        loss = self.loss
        body: EntryBody = {
            "epsilon": format(self.epsilon, "f"),
            "delta": format(self.delta, "f"),
            "one_sided": self.one_sided,
            "loss": None if loss is None else (loss.noise, loss.scale, loss.sensitivity),
        }
        return {**body, "columns": self.columns} if self.columns else body

    @classmethod
    def of_entry(cls, body: EntryBody) -> "Charge":
        """Return the charge that an entry holds."""
        loss = body.get("loss")
        return cls(
            Decimal(body["epsilon"]),
            Decimal(body["delta"]),
            bool(body.get("one_sided", False)),
            None if loss is None else Loss(*loss),
            body.get("columns", ""),
        )


@dataclass(frozen=True)
class Totals:
    """The totals of all charges.

    Attributes
    ----------
    plain : Decimal
        The sum of ε over the DP entries plus that of the one-sided ones: what the budget counts.
    pld : float
        ε of the DP entries composed as privacy loss distributions, at `delta`.
    delta : Decimal
        The sum of the δ.
    pld_loose, delta_loose : float and Decimal
        The same at a δ larger by `COMPOSED_DELTA`, where entries with δ = 0 compose to less than their
        sum.
    one_sided : Decimal
        The largest ε of the one-sided releases; where they know rows by several sets of columns, the
        sum of the largest by each.
    """

    plain: Decimal
    pld: float
    delta: Decimal
    pld_loose: float
    delta_loose: Decimal
    one_sided: Decimal


def plain_total(charges: Sequence[Charge]) -> Decimal:
    """Return the plain total of charges."""
    return _summed(charges) + one_sided_total(charges)


def total_delta(charges: Sequence[Charge]) -> Decimal:
    """Return the sum of the δ of the DP entries."""
    return sum((charge.delta for charge in charges if not charge.one_sided), Decimal(0))


def totals(charges: Sequence[Charge]) -> Totals:
    """Return all totals of charges.

    The composed total is never above the plain sum: composition of privacy loss distributions
    rounds upwards, so the smaller of two valid bounds is given.
    """
    differential = [charge for charge in charges if not charge.one_sided]
    delta = total_delta(charges)
    loose = delta + COMPOSED_DELTA if differential else delta
    summed = float(_summed(charges))
    composed = composed_loose = summed
    if differential and summed <= _TOO_LARGE:  # A larger ε means nothing.
        distribution = compose(differential)
        composed = min(summed, float(distribution.get_epsilon_for_delta(float(delta))))
        composed_loose = min(summed, float(distribution.get_epsilon_for_delta(float(loose))))
    one_sided = one_sided_total(charges)
    return Totals(plain_total(charges), composed, delta, composed_loose, loose, one_sided)


def compose(charges: Sequence[Charge]) -> Any:  # noqa: ANN401  (the library's own class)
    """Return the composed privacy loss distribution of charges.

    Noise on a vector is dominated by noise on one number that moves by the whole sensitivity. For
    Laplace noise that is the L1 norm: moving several coordinates is no easier to distinguish than
    moving one by the sum (the densities are log-concave, so the trade-off functions compose; Dong,
    Roth, Su, arXiv 1905.02383, lemma A.5). For Gaussian noise it is the L2 norm. The mechanisms draw
    discrete Gaussian noise on grids of eighty steps per σ and more wherever totals are composed; there
    its δ is at most 1e-5 of itself above that of the continuous one.
    """
    return _composed(tuple(charges))


@lru_cache(maxsize=8)
def _composed(charges: tuple[Charge, ...]) -> Any:  # noqa: ANN401  (the library's own class)
    from dp_accounting.pld import privacy_loss_distribution

    distribution = privacy_loss_distribution.identity()
    for charge, times in Counter(charges).items():
        distribution = distribution.compose(_distribution(charge).self_compose(times))
    return distribution


def _distribution(charge: Charge) -> Any:  # noqa: ANN401  (the library's own class)
    from dp_accounting.pld import common, privacy_loss_distribution

    loss = charge.loss
    if loss is None:
        stated = common.DifferentialPrivacyParameters(float(charge.epsilon), float(charge.delta))
        return privacy_loss_distribution.from_privacy_parameters(stated)
    return _DISTRIBUTIONS[loss.noise](loss)


def _laplace_distribution(loss: Loss) -> Any:  # noqa: ANN401  (the library's own class)
    from dp_accounting.pld import privacy_loss_distribution

    return privacy_loss_distribution.PrivacyLossDistribution.create_from_rounded_probability(
        laplace_losses(loss.scale, loss.sensitivity), 0, _LOSS_STEP
    )


def _gaussian_distribution(loss: Loss) -> Any:  # noqa: ANN401  (the library's own class)
    from dp_accounting.pld import privacy_loss_distribution

    return privacy_loss_distribution.from_gaussian_mechanism(
        _GAUSSIAN_MARGIN * loss.scale / loss.sensitivity
    )


_DISTRIBUTIONS: dict[Noise, Callable[[Loss], Any]] = {
    "discrete-laplace": _laplace_distribution,
    "discrete-gaussian": _gaussian_distribution,
}
NOISES = frozenset(_DISTRIBUTIONS)


def laplace_losses(scale: float, sensitivity: float) -> dict[int, float]:
    """Return the privacy loss distribution of discrete Laplace noise, losses rounded up to whole steps.

    Noise of scale b moved by Δ has, where the noise is x ∈ {0, …, Δ}, the loss (Δ − 2x)/b, and Δ/b and
    −Δ/b below and above. P[x ≥ k] = e^(−k/b) / (1 + e^(−1/b)) for k ≥ 0, so a step's probability takes
    no sum over x: the work follows from the ratio Δ/b alone, whatever Δ is. A loss within rounding of a
    step counts as the next one.

    Parameters
    ----------
    scale, sensitivity : float
        b and Δ, a whole number.

    Returns
    -------
    dict of int to float
        The loss in steps of 1e-4 → its probability.
    """
    top = math.ceil(sensitivity / scale / _LOSS_STEP * (1 + _LOSS_MARGIN))
    steps = np.arange(-top, top)
    # The smallest x whose loss is at most that many steps.
    first = np.ceil((sensitivity * (1 + _LOSS_MARGIN) - steps * _LOSS_STEP * scale) / 2)
    reached = np.where(first <= sensitivity, np.exp(-first / scale), 0.0) / (1 + math.exp(-1 / scale))
    at_most = np.append(reached, 1.0)
    probable = np.diff(at_most, prepend=0.0)
    return {step: share for step, share in enumerate(probable.tolist(), start=-top) if share > 0}


def _summed(charges: Sequence[Charge]) -> Decimal:
    return sum((charge.epsilon for charge in charges if not charge.one_sided), Decimal(0))


def one_sided_total(charges: Sequence[Charge]) -> Decimal:
    """Return what the one-sided releases come to: the largest ε by each set of columns, summed.

    A row of which other columns are taken is known by other contents, and has another secret: that it
    is absent from the releases by both costs the sum.
    """
    largest: dict[str, Decimal] = {}
    for charge in charges:
        if charge.one_sided:
            known = largest.get(charge.columns, Decimal(0))
            largest[charge.columns] = max(known, charge.epsilon)
    return sum(largest.values(), Decimal(0))
