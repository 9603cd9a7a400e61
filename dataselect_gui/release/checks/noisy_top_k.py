"""Check the figures of noisy top-k: noise on the whole vector of scores, whatever k is."""

from dataselect_gui.release.checks.laplace_on_scores import SCORE_STEPS, check_scale
from dataselect_gui.release.checks.stated import Stated


def check(stated: Stated) -> None:
    """Refuse noise that is too small for ε.

    Raises
    ------
    FaultError
        Where it is.
    """
    check_scale(stated, stated.max_contributions * SCORE_STEPS)
