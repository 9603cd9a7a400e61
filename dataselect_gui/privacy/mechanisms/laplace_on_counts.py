"""Laplace noise on counts; see ``laplace_on_counts.md``."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.mechanisms import laplace_noise
from dataselect_gui.privacy.mechanisms.mechanism import Answer, NoiseMechanism, Setting, needed
from dataselect_gui.privacy.noise import add_laplace
from dataselect_gui.texts import N_


@dataclass(frozen=True, kw_only=True)
class LaplaceOnCounts(NoiseMechanism):
    """Every number gets noise of P[k] ∝ e^(−|k|/b)."""

    name: ClassVar[str] = "discrete-laplace"
    title: ClassVar[str] = N_("Noise on each count")
    explanation: ClassVar[str] = N_("Laplace noise: ε alone limits what the counts reveal.")
    takes: ClassVar[frozenset[Answer]] = frozenset({"epsilon"})

    delta: None = None

    @classmethod
    def of(cls, setting: Setting) -> Self:
        """Make the mechanism."""
        return cls(
            max_contributions=setting.max_contributions,
            epsilon=needed(setting.epsilon, "ε"),
            query=needed(setting.query, "the query"),
            scale=needed(setting.scale, "the scale of the noise"),
        )

    @classmethod
    def calibrated(cls, setting: Setting) -> Self:
        """Make the mechanism with the noise that ε needs."""
        return cls.of(laplace_noise.calibrated(setting))

    def add_noise(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add noise to values, shape (n,), in steps."""
        return add_laplace(values, self.scale)

    def charge(self) -> Charge:
        """Return its charge, with the noise."""
        loss = laplace_noise.loss(self.query, self.max_contributions, self.scale)
        return Charge(self.epsilon, Decimal(0), loss=loss)

    @property
    def distribution(self) -> str:
        """What the noise is called."""
        return laplace_noise.DISTRIBUTION

    @property
    def noise(self) -> str:
        """The noise with its scale, in words."""
        return laplace_noise.in_words(self.scale)

    @property
    def sensitivity(self) -> dict[str, int]:
        """The L1 sensitivity to one unit."""
        return laplace_noise.sensitivity(self.query, self.max_contributions)

    def width(self) -> float:
        """Return the half-width of the noise's 95 % interval, in the query's own unit."""
        return laplace_noise.width(self.scale) / self.query.steps
