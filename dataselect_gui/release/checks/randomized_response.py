"""Check the figures of a release by randomised response."""

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
        kept = 1 / (1 + (-stated.amount() / stated.max_contributions).exp())
        if not is_close(stated.number("share_told_truly"), kept):
            raise FaultError(_("The stated share told truly is not 1 / (1 + e^(−ε/m))."))
