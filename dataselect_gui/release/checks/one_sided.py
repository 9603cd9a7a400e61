"""Check the figures of a one-sided release."""

from decimal import localcontext

from dataselect_gui.errors import FaultError
from dataselect_gui.release.checks.stated import Stated, is_close
from dataselect_gui.texts import _


def check(stated: Stated) -> None:
    """Refuse a share that does not follow from ε.

    Raises
    ------
    FaultError
        Where it does not.
    """
    with localcontext() as context:
        context.prec = 50
        share = 1 - (-stated.amount() / stated.max_contributions).exp()
        if not is_close(stated.number("share_that_leaves"), share):
            raise FaultError(_("The stated share that leaves is not 1 − e^(−ε/m)."))
