"""Check the figures of Laplace noise on counts."""

from dataselect_gui.release.checks.laplace_on_scores import check_scale
from dataselect_gui.release.checks.stated import Stated


def check(stated: Stated) -> None:
    """Refuse noise that is too small for ε.

    A record that is replaced leaves one cell of a histogram and enters another, and is counted beyond a
    threshold or not.

    Raises
    ------
    FaultError
        Where it is.
    """
    cells = (2 if stated.has("bins") else 0) + (1 if stated.has("count_threshold") else 0)
    check_scale(stated, stated.max_contributions * cells)
