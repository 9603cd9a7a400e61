"""Exact: every record that the rule picked leaves, and nothing is promised; see ``exact.md``."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.mechanisms.mechanism import Answer, Pool
from dataselect_gui.privacy.mechanisms.undrawn import Undrawn
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import NO_PROTECTION, NOT_COVERED_LATER


@dataclass(frozen=True, kw_only=True)
class Exact(Undrawn):
    """No mechanism: the selection leaves as it is."""

    name: ClassVar[str] = "exact"
    title: ClassVar[str] = N_("Exact and unprotected")
    explanation: ClassVar[str] = N_(
        "All records that your rule picks leave, and no others; no chance decides. So whoever sees the "
        "bundle learns of every record what your rule said of it."
    )
    takes: ClassVar[frozenset[Answer]] = frozenset({"threshold"})
    no_epsilon: ClassVar[str] = N_("An exact release has no ε.")
    without_epsilon: ClassVar[str] = N_("Leave --epsilon out, or use --mechanism one-sided.")
    share_from: ClassVar[str] = "1 - exp(-epsilon / records_per_unit)"

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

    def pick(self, pool: Pool) -> NDArray[np.int64]:
        """Return all that the rule picked."""
        return np.flatnonzero(pool.chosen)

    def how_drawn(self, *, of_people: bool, lowest: bool, by_rule: bool) -> str:
        """Say that nothing is drawn."""
        del lowest, by_rule
        if of_people:
            return _("None: every selected record that takes part leaves.")
        return _("None: every selected record leaves.")
