"""Check the figures of a release without a mechanism: there are none."""

from dataselect_gui.errors import FaultError
from dataselect_gui.release.checks.stated import Stated
from dataselect_gui.texts import _


def check(stated: Stated) -> None:
    """Refuse an ε.

    Raises
    ------
    FaultError
        Where one is stated.
    """
    if stated.epsilon is not None:
        raise FaultError(_("A release without a mechanism states an ε."))
