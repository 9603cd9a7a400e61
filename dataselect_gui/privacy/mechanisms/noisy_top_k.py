"""Noisy top-k: scores get Laplace noise, and the k highest are taken; see ``noisy_top_k.md``."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.mechanisms import laplace_noise
from dataselect_gui.privacy.mechanisms.mechanism import (
    Answer,
    MechanismForm,
    Pool,
    Query,
    SelectionMechanism,
    Setting,
    needed,
    noise_document,
)
from dataselect_gui.privacy.noise import add_laplace
from dataselect_gui.privacy.usefulness import Agreement, highest_noised
from dataselect_gui.texts import N_, _


@dataclass(frozen=True, kw_only=True)
class NoisyTopK(SelectionMechanism):
    """The k records whose scores are highest once they have noise.

    Attributes
    ----------
    count : int
        k, public.
    query : Query
        The scores.
    scale : float
        Of the noise, in steps.
    """

    name: ClassVar[str] = "noisy-top-k"
    title: ClassVar[str] = N_("The best, by noisy scores")
    explanation: ClassVar[str] = N_(
        "Noisy top-k: chance changes each score, and the best by the changed scores are taken. "
        "Everybody may know how many. Some that you did not select {leave} too."
    )
    takes: ClassVar[frozenset[Answer]] = frozenset({"epsilon", "count", "bounds"})
    keeps_to_selection: ClassVar[bool] = False

    epsilon: Decimal
    count: int
    query: Query
    scale: float

    @classmethod
    def read_count(cls, stated: int | None, most: int) -> int:
        """Read how many shall be taken.

        Raises
        ------
        UsageError
            Where that is not stated, or there are not so many.
        """
        if stated is None or not 1 <= stated <= most:
            raise UsageError(
                _("How many shall be taken is not clear."),
                _(
                    "A number is missing, or it is not between 1 and the number of records that take "
                    "part."
                ),
                _("Add --count K, or select by a count."),
            )
        return stated

    @classmethod
    def of(cls, setting: Setting) -> Self:
        """Make the mechanism."""
        return cls(
            max_contributions=setting.max_contributions,
            epsilon=needed(setting.epsilon, "ε"),
            count=needed(setting.count, "the count"),
            query=needed(setting.query, "the query"),
            scale=needed(setting.scale, "the scale of the noise"),
        )

    @classmethod
    def calibrated(cls, setting: Setting) -> Self:
        """Make the mechanism with the noise that ε needs."""
        return cls.of(laplace_noise.calibrated(setting))

    def at(self, epsilon: Decimal) -> Self:
        """Return the same mechanism at another ε."""
        return self.calibrated(
            Setting(self.max_contributions, epsilon, count=self.count, query=self.query)
        )

    @property
    def form(self) -> MechanismForm:
        """Its written form."""
        return {**super().form, "count": self.count, "noise_scale": self.scale}

    def pick(self, pool: Pool) -> NDArray[np.int64]:
        """Draw: the places of the highest noised scores, equal ones in their order."""
        return highest(add_laplace(pool.steps(), self.scale), self.count)

    def expect(self, records: int, selected: int) -> Agreement:
        """Return what to expect, if scores were spread evenly between their bounds."""
        del selected
        return highest_noised(float(self.max_contributions / self.epsilon), records, self.count)

    def how_drawn(self, *, of_people: bool, lowest: bool, by_rule: bool) -> str:
        """Return how it draws, as a sentence."""
        del of_people, by_rule
        message = (
            N_(
                "Every score was clipped to its bounds and got {noise} steps of {steps} between the "
                "bounds; the {count} lowest are here."
            )
            if lowest
            else N_(
                "Every score was clipped to its bounds and got {noise} steps of {steps} between the "
                "bounds; the {count} highest are here."
            )
        )
        noise = laplace_noise.in_words(self.scale)
        return _(message, noise=noise, steps=self.query.steps, count=self.count)

    def noise_document(self) -> dict[str, object]:
        """Return what ``release.json`` states of its noise."""
        sensitivity = laplace_noise.sensitivity(self.query, self.max_contributions)
        return noise_document(laplace_noise.DISTRIBUTION, self.scale, self.query, sensitivity)


def highest(values: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the places of the highest values; equal ones in their order."""
    return np.argsort(-values, kind="stable")[:count].astype(np.int64)
