"""Check the figures of Laplace noise on counts."""

from dataselect_gui.release.checks.laplace_on_scores import check_scale
from dataselect_gui.release.checks.stated import Stated


def check(stated: Stated) -> None:
    """Refuse noise that is too small for ε.

    See `Stated.cells_moved`.

    Raises
    ------
    FaultError
        Where it is.
    """
    check_scale(stated, stated.max_contributions * stated.cells_moved())
