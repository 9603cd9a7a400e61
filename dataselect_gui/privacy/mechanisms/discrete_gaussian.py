"""Gaussian noise on counts and sums; see ``discrete_gaussian.md``."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.accounting import Charge, Loss
from dataselect_gui.privacy.amounts import probability_of
from dataselect_gui.privacy.calibration import gaussian_scale
from dataselect_gui.privacy.mechanisms.mechanism import Answer, NoiseMechanism, Setting, needed
from dataselect_gui.privacy.noise import add_gaussian
from dataselect_gui.texts import N_, _

_WITHIN_95 = 1.959964


@dataclass(frozen=True, kw_only=True)
class DiscreteGaussian(NoiseMechanism):
    """Every number gets noise of P[k] ∝ e^(−k²/2σ²); the scale is σ."""

    name: ClassVar[str] = "discrete-gaussian"
    title: ClassVar[str] = N_("Less noise, with δ")
    explanation: ClassVar[str] = N_(
        "Gaussian noise: less of it where there are many numbers. In return, the promise may fail "
        "with a small chance, δ."
    )
    takes: ClassVar[frozenset[Answer]] = frozenset({"epsilon", "delta"})
    steps_per_count: ClassVar[int] = 1000

    delta: Decimal

    @classmethod
    def read_delta(cls, stated: str | None) -> Decimal:
        """Read δ.

        Raises
        ------
        UsageError
            Where it is missing, or no small chance.
        """
        if stated is None:
            raise UsageError(
                _("δ is missing."),
                _("Gaussian noise keeps its promise but for a small chance, and δ bounds that chance."),
                _("Add --delta D, far below one in the number of records, for example --delta 1e-6."),
            )
        return probability_of(stated, "δ")

    @classmethod
    def of(cls, setting: Setting) -> Self:
        """Make the mechanism."""
        return cls(
            max_contributions=setting.max_contributions,
            epsilon=needed(setting.epsilon, "ε"),
            delta=needed(setting.delta, "δ"),
            query=needed(setting.query, "the query"),
            scale=needed(setting.scale, "the scale of the noise"),
        )

    @classmethod
    def calibrated(cls, setting: Setting) -> Self:
        """Make the mechanism with the noise that ε and δ need."""
        epsilon, delta = needed(setting.epsilon, "ε"), needed(setting.delta, "δ")
        squared = setting.max_contributions**2 * needed(setting.query, "the query").squared_l2
        return cls.of(replace(setting, scale=gaussian_scale(epsilon, delta, squared)))

    @property
    def squared_sensitivity(self) -> int:
        """The squared L2 sensitivity to a unit of m records, in squared steps."""
        return self.max_contributions**2 * self.query.squared_l2

    def add_noise(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add noise to values, shape (n,), in steps."""
        return add_gaussian(values, self.scale)

    def charge(self) -> Charge:
        """Return its charge, with the noise."""
        loss = Loss("discrete-gaussian", self.scale, self.squared_sensitivity**0.5)
        return Charge(self.epsilon, self.delta, loss=loss)

    @property
    def distribution(self) -> str:
        """What the noise is called."""
        return "discrete Gaussian"

    @property
    def noise(self) -> str:
        """The noise with its σ, in words."""
        return _("discrete Gaussian noise, σ = {sigma:.6g}", sigma=self.scale / self.query.steps)

    @property
    def sensitivity(self) -> dict[str, int]:
        """The squared L2 sensitivity to one unit."""
        return {"squared_l2_sensitivity_in_steps": self.squared_sensitivity}

    def width(self) -> float:
        """Return the half-width of the noise's 95 % interval, in the query's own unit."""
        return _WITHIN_95 * (self.scale / self.query.steps)
