"""Check the figures of a release without a mechanism: there are none."""

from dataselect_gui.errors import FaultError
from dataselect_gui.release.checks.stated import Stated


def check(stated: Stated) -> None:
    """Refuse an ε.

    Raises
    ------
    FaultError
        Where one is stated.
    """
    if stated.epsilon is not None:
        raise FaultError("A release without a mechanism states an ε.")
