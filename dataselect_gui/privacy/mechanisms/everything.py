"""Everything: all eligible records leave, by no score and no mechanism; see ``everything.md``."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.mechanisms.mechanism import Answer, Pool, SelectionMechanism, Setting
from dataselect_gui.privacy.usefulness import Agreement, share_of
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import DISCLOSED, EVERYTHING


@dataclass(frozen=True, kw_only=True)
class Everything(SelectionMechanism):
    """No mechanism and no score: every eligible record leaves."""

    name: ClassVar[str] = "everything"
    title: ClassVar[str] = N_("Everything that is eligible")
    explanation: ClassVar[str] = EVERYTHING
    takes: ClassVar[frozenset[Answer]] = frozenset()
    keeps_to_selection: ClassVar[bool] = True

    epsilon: None = None

    @classmethod
    def check_acknowledged(cls, *, unprotected: bool, disclosed: bool, reason: str | None) -> None:
        """Refuse a release without the owner's acknowledgement that records are disclosed."""
        del unprotected, reason
        if not disclosed:
            raise UsageError(
                _("A release of everything needs your word."),
                _(DISCLOSED),
                _("Add --acknowledge-disclosure."),
            )

    @classmethod
    def read_epsilon(cls, stated: str | None) -> None:
        """Refuse an ε."""
        if stated is not None:
            raise UsageError(
                _("A release of everything has no ε."),
                _("It draws nothing, so there is nothing for ε to bound."),
                _("Leave --epsilon out."),
            )

    @classmethod
    def of(cls, setting: Setting) -> Self:
        """Make the mechanism."""
        return cls(max_contributions=setting.max_contributions)

    def at(self, epsilon: Decimal) -> Self:
        """There is no ε to change.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(f"a release of everything has no ε, so not {epsilon} either")

    def pick(self, pool: Pool) -> NDArray[np.int64]:
        """Return all that take part."""
        return np.arange(len(pool.chosen), dtype=np.int64)

    def expect(self, records: int, selected: int) -> Agreement:
        """Return what to expect: everything leaves."""
        return Agreement(1.0, 1.0, share_of(selected, records))

    def how_drawn(self, *, of_people: bool, lowest: bool, by_rule: bool) -> str:
        """Say that nothing is drawn."""
        del of_people, lowest, by_rule
        return _("Nothing is drawn: every eligible record leaves.")

    def parameters(self) -> dict[str, dict[str, object]]:
        """Return the share that leaves: all."""
        return {"share_that_leaves": {"value": 1.0, "from": "every eligible record"}}
