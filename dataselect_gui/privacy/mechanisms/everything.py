"""Everything: all eligible records leave, by no score and no mechanism; see ``everything.md``."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.mechanisms.mechanism import Answer, Pool
from dataselect_gui.privacy.mechanisms.undrawn import Undrawn
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import DISCLOSED, EVERYTHING


@dataclass(frozen=True, kw_only=True)
class Everything(Undrawn):
    """No mechanism and no score: every eligible record leaves."""

    name: ClassVar[str] = "everything"
    title: ClassVar[str] = N_("All records that may leave")
    explanation: ClassVar[str] = EVERYTHING
    takes: ClassVar[frozenset[Answer]] = frozenset()
    no_epsilon: ClassVar[str] = N_("A release of everything has no ε.")
    without_epsilon: ClassVar[str] = N_("Leave --epsilon out.")
    share_from: ClassVar[str] = "every eligible record"

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

    def pick(self, pool: Pool) -> NDArray[np.int64]:
        """Return all that take part."""
        return np.arange(len(pool.chosen), dtype=np.int64)

    def how_drawn(self, *, of_people: bool, lowest: bool, by_rule: bool) -> str:
        """Say that nothing is drawn."""
        del of_people, lowest, by_rule
        return _("Nothing is drawn: every eligible record leaves.")
