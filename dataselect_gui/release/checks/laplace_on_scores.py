"""Check the figures of Laplace noise on scores."""

from fractions import Fraction

from dataselect_gui.errors import FaultError
from dataselect_gui.release.checks.stated import Stated
from dataselect_gui.texts import _

SCORE_STEPS = 65536
"""Between a score's bounds, from one of which to the other a record can move its own score."""


def check(stated: Stated) -> None:
    """Refuse noise that is too small for ε.

    Raises
    ------
    FaultError
        Where it is.
    """
    check_scale(stated, stated.max_contributions * SCORE_STEPS)


def check_scale(stated: Stated, sensitivity: int) -> None:
    """Refuse a scale b with sensitivity / b > ε, in exact fractions.

    Raises
    ------
    FaultError
        Where it is too small.
    """
    if Fraction(sensitivity) / Fraction(stated.scale()) > Fraction(stated.amount()):
        raise FaultError(_("The stated noise is too small for the stated ε."))
