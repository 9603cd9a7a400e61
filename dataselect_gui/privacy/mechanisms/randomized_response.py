"""Randomised response: whether the rule picked a record is told truly, or turned round by chance.

See ``randomized_response.md``.
"""

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.calibration import flip_scale
from dataselect_gui.privacy.mechanisms.mechanism import (
    Answer,
    Pool,
    SelectionMechanism,
    Setting,
    needed,
)
from dataselect_gui.privacy.noise import add_laplace
from dataselect_gui.privacy.usefulness import Agreement, share_of
from dataselect_gui.texts import N_, _


@dataclass(frozen=True, kw_only=True)
class RandomizedResponse(SelectionMechanism):
    """Each bit is kept with probability e^x / (1 + e^x), x = ε/m, and flipped otherwise."""

    name: ClassVar[str] = "randomized-response"
    title: ClassVar[str] = N_("Chance flips some")
    explanation: ClassVar[str] = N_(
        "Randomised response: chance flips for some records whether they count as selected. So "
        "some that you did not select {leave} too."
    )
    takes: ClassVar[frozenset[Answer]] = frozenset({"epsilon", "threshold"})
    keeps_to_selection: ClassVar[bool] = False

    epsilon: Decimal

    @classmethod
    def of(cls, setting: Setting) -> Self:
        """Make the mechanism."""
        return cls(max_contributions=setting.max_contributions, epsilon=needed(setting.epsilon, "ε"))

    def at(self, epsilon: Decimal) -> Self:
        """Return the same mechanism at another ε."""
        return replace(self, epsilon=epsilon)

    @property
    def kept_share(self) -> float:
        """The probability with which a bit is told truly."""
        return 1 / (1 + math.exp(-float(self.epsilon / self.max_contributions)))

    def pick(self, pool: Pool) -> NDArray[np.int64]:
        """Draw: a discrete Laplace variable of scale m/ε is positive as often as a bit is flipped."""
        noise = add_laplace(
            np.zeros(len(pool.chosen), dtype=np.int64), flip_scale(self.epsilon, self.max_contributions)
        )
        return np.flatnonzero(pool.chosen ^ (noise > 0))

    def expect(self, records: int, selected: int) -> Agreement:
        """Return what to expect of the records for which the answer is yes."""
        kept = self.kept_share
        right, wrong = kept * selected, (1 - kept) * (records - selected)
        return Agreement(share_of(right, right + wrong), kept, share_of(selected, records))

    def chances(self) -> tuple[float, float]:
        """Return the chances of a record that the rule picked, and of another one."""
        return self.kept_share, 1 - self.kept_share

    def how_drawn(self, *, of_people: bool, lowest: bool, by_rule: bool) -> str:
        """Return how it draws, as a sentence."""
        del of_people, lowest
        message = (
            N_(
                "Whether the rule picks a record is told truly with probability "
                "{share:.6f}{per_record} and turned round otherwise; the records for which the answer "
                "is yes are here."
            )
            if by_rule
            else N_(
                "Whether a record is beyond the threshold is told truly with probability "
                "{share:.6f}{per_record} and turned round otherwise; the records for which the answer "
                "is yes are here."
            )
        )
        return _(message, share=self.kept_share, per_record=self._per_record())

    def parameters(self) -> dict[str, dict[str, object]]:
        """Return the share told truly."""
        return {
            "share_told_truly": {
                "value": self.kept_share,
                "from": "1 / (1 + exp(-epsilon / records_per_unit))",
            }
        }
