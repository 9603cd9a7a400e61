"""One-sided: what the rule picks leaves, unless a secret of its own keeps it back.

After Doudalis, Kotsogiannis, Haney, Machanavajjhala, Mehrotra, arXiv 1712.05888; see ``one_sided.md``.
"""

import math
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.privacy.accounting import Charge
from dataselect_gui.privacy.mechanisms.mechanism import (
    Answer,
    Pool,
    SelectionMechanism,
    Setting,
    needed,
)
from dataselect_gui.privacy.noise import STEPS_PER_UNIT
from dataselect_gui.privacy.usefulness import Agreement, share_of
from dataselect_gui.texts import N_, _

COUNT_TELLS = (
    "The number of files tells roughly how many records scored high (the number of files divided by "
    "{share})."
)
PASSING_TELLS = (
    "The number of files tells roughly how many records the rule picks (the number of files divided by "
    "{share})."
)
_BY_RULE = {
    True: N_(
        "Each record that the rule picks and that takes part leaves with probability "
        "{share:.6f}{per_record}, by one secret drawn once per record."
    ),
    False: N_(
        "Each record that the rule picks leaves with probability {share:.6f}{per_record}, by one "
        "secret drawn once per record."
    ),
}
"""How it draws by a rule, where the unit is a person and where it is not."""


@dataclass(frozen=True, kw_only=True)
class OneSided(SelectionMechanism):
    """A record that the rule picked leaves where its secret E ~ Exp(1) is below ε/m."""

    name: ClassVar[str] = "one-sided"
    title: ClassVar[str] = N_("Chance keeps some back")
    explanation: ClassVar[str] = N_(
        "One-sided: only records of your selection leave, and chance keeps a part of them back. It "
        "is drawn once for each record, for good."
    )
    takes: ClassVar[frozenset[Answer]] = frozenset({"epsilon", "threshold"})
    epsilon_means: ClassVar[str] = N_(
        "ε limits what a missing record reveals. A smaller ε reveals less, and fewer records leave."
    )
    promise: ClassVar[str | None] = N_(
        "If none of someone's records is in this bundle, that hardly tells the receiver whether they "
        "would have scored high: it can shift the odds by at most a factor of {odds}."
    )
    assumption: ClassVar[str | None] = N_(
        "each record has one secret, drawn once and kept by the owner"
    )
    usefulness: ClassVar[str | None] = N_(
        "Everything that leaves is in your selection. About {recall} in 100 of it leave{of_whom}. A "
        "random pick would be right {random} times in 100."
    )
    keeps_to_selection: ClassVar[bool] = True

    epsilon: Decimal

    @classmethod
    def of(cls, setting: Setting) -> Self:
        """Make the mechanism."""
        return cls(max_contributions=setting.max_contributions, epsilon=needed(setting.epsilon, "ε"))

    def at(self, epsilon: Decimal) -> Self:
        """Return the same mechanism at another ε."""
        return replace(self, epsilon=epsilon)

    @property
    def cut(self) -> int:
        """The step below which a secret lets its record leave: ε/m, rounded down."""
        return int(
            (self.epsilon / self.max_contributions * STEPS_PER_UNIT).to_integral_value(ROUND_FLOOR)
        )

    @property
    def share(self) -> float:
        """The share of picked records that leave, 1 − e^(−ε/m)."""
        return -math.expm1(-float(self.epsilon / self.max_contributions))

    def pick(self, pool: Pool) -> NDArray[np.int64]:
        """Draw which records leave."""
        return np.flatnonzero(pool.chosen & (pool.secrets() < self.cut))

    def charge(self) -> Charge:
        """Return its charge: of one-sided releases by the same columns only the largest ε counts."""
        return Charge(self.epsilon, one_sided=True)

    def expect(self, records: int, selected: int) -> Agreement:
        """Return the expected agreement: a part of the selection leaves, and nothing else."""
        return Agreement(1.0, self.share, share_of(selected, records))

    def chances(self) -> tuple[float, float]:
        """Return the chances of a record that the rule picked, and of another one."""
        return self.share, 0.0

    def how_drawn(self, *, of_people: bool, lowest: bool, by_rule: bool) -> str:
        """Return how it draws, as a sentence."""
        del lowest
        message = (
            _BY_RULE[of_people]
            if by_rule
            else N_(
                "Each record beyond the threshold that takes part leaves with probability "
                "{share:.6f}{per_record}, by one secret drawn once per record."
            )
            if of_people
            else N_(
                "Each record beyond the threshold leaves with probability {share:.6f}{per_record}, by "
                "one secret drawn once per record."
            )
        )
        return _(message, share=self.share, per_record=self._per_record())

    def remarks(self, *, of_people: bool, by_rule: bool) -> list[str]:
        """Return what the number of files tells."""
        return [
            f"Of 100 records in the owner's selection{' that take part' if of_people else ''}, about "
            f"{100 * self.share:.0f} leave and the rest stay; which ones, chance decided.",
            (PASSING_TELLS if by_rule else COUNT_TELLS).format(share=f"{self.share:.2f}"),
        ]

    def parameters(self) -> dict[str, dict[str, object]]:
        """Return the share that leaves."""
        return {
            "share_that_leaves": {
                "value": self.share,
                "from": "1 - exp(-epsilon / records_per_unit)",
            }
        }
