"""Check the figures of a release of everything: there is one, that all of it leaves."""

from dataselect_gui.errors import FaultError
from dataselect_gui.release.checks.stated import Stated
from dataselect_gui.texts import _

_OF_A_SCORE = (
    "score",
    "direction",
    "cut",
    "threshold",
    "threshold_epsilon",
    "rule",
    "rule_scores",
    "rule_epsilon",
)


def check(stated: Stated) -> None:
    """Refuse an ε, anything that picks by a score, and a share that is not the whole.

    Raises
    ------
    FaultError
        Where one is stated.
    """
    if stated.epsilon is not None or stated.delta is not None:
        raise FaultError(_("A release without a mechanism states an ε."))
    if any(name in stated.parameters for name in _OF_A_SCORE):
        raise FaultError(_("A release of everything states a score or a rule."))
    if stated.number("share_that_leaves") != 1:
        raise FaultError(_("A release of everything states that a part stays."))
