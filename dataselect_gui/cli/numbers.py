"""How the whole numbers of options are read."""

import typer

from dataselect_gui.privacy.amounts import LARGEST_COUNT, whole_of


def whole(stated: str | int) -> int:
    """Return the whole number that was typed, or the default.

    Raises
    ------
    typer.BadParameter
        Where it is none, or too large.
    """
    number = whole_of(str(stated))
    if number is None:
        raise typer.BadParameter(
            f"“{stated}” is no whole number up to {LARGEST_COUNT:,}, in the digits 0 to 9"
        )
    return number


def positive(stated: str | int) -> int:
    """Return the whole number above zero that was typed, or the default.

    Raises
    ------
    typer.BadParameter
        Where it is none, or too large.
    """
    number = whole(stated)
    if number == 0:
        raise typer.BadParameter("it is a whole number above zero")
    return number
