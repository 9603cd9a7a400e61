"""Exact: every record that the rule picked leaves, and nothing is promised; see ``exact.md``."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.mechanisms.mechanism import Answer, Pool, SelectionMechanism, Setting
from dataselect_gui.privacy.usefulness import Agreement, share_of
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import NO_PROTECTION, NOT_COVERED_LATER


@dataclass(frozen=True, kw_only=True)
class Exact(SelectionMechanism):
    """No mechanism: the selection leaves as it is."""

    name: ClassVar[str] = "exact"
    title: ClassVar[str] = N_("Exact: everything, no protection")
    explanation: ClassVar[str] = ""
    takes: ClassVar[frozenset[Answer]] = frozenset({"threshold"})
    keeps_to_selection: ClassVar[bool] = True

    epsilon: None = None

    @classmethod
    def check_acknowledged(cls, *, unprotected: bool, disclosed: bool, reason: str | None) -> None:
        """Refuse a release without the owner's acknowledgement that nothing protects the records."""
        del disclosed
        if not unprotected or not (reason or "").strip():
            raise UsageError(
                _("An exact release needs your word."),
                f"{_(NO_PROTECTION)} {_(NOT_COVERED_LATER)}",
                _("Add --acknowledge-exact --reason TEXT, or use --mechanism one-sided."),
            )

    @classmethod
    def read_epsilon(cls, stated: str | None) -> None:
        """Refuse an ε."""
        if stated is not None:
            raise UsageError(
                _("An exact release has no ε."),
                _("It draws nothing, so there is nothing for ε to bound."),
                _("Leave --epsilon out, or use --mechanism one-sided."),
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
        raise ValueError(f"an exact release has no ε, so not {epsilon} either")

    def pick(self, pool: Pool) -> NDArray[np.int64]:
        """Return all that the rule picked."""
        return np.flatnonzero(pool.chosen)

    def expect(self, records: int, selected: int) -> Agreement:
        """Return what to expect: the selection leaves."""
        return Agreement(1.0, 1.0, share_of(selected, records))

    def how_drawn(self, *, of_people: bool, lowest: bool, by_rule: bool) -> str:
        """Say that nothing is drawn."""
        del lowest, by_rule
        if of_people:
            return _("None: every selected record that takes part leaves.")
        return _("None: every selected record leaves.")

    def parameters(self) -> dict[str, dict[str, object]]:
        """Return the share that leaves: all."""
        return {
            "share_that_leaves": {"value": 1.0, "from": "1 - exp(-epsilon / records_per_unit)"},
        }
