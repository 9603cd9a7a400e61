"""Check the size of a release against the limits before the charge."""

from dataselect_gui.errors import UnusableError
from dataselect_gui.records.forms import limits as file_limits
from dataselect_gui.release import limits
from dataselect_gui.texts import _

NAMED = 104
"""Bytes of a draw for a record with its token, at most."""
_ROW, _NOISED = 52, 60
"""Bytes of a row of a table of tokens, and of a draw for a token with its score, at most."""


def hold(size: int, most: int, noun: str) -> None:
    """Refuse a release that exceeds a limit.

    Parameters
    ----------
    size, most : int
        Its size, and the limit.
    noun : str
        The plural of what is counted.

    Raises
    ------
    UnusableError
        Where it is.
    """
    if size > most:
        raise UnusableError(
            _("The release is larger than can be written and checked."),
            _(
                "It would come to {size:,} {noun}; {most:,} at most. Nothing was charged for it.",
                size=size,
                noun=noun,
                most=most,
            ),
            _("Release less at once: fewer records, classes, bins or rows, or of a smaller model."),
        )


def hold_tokens(count: int, rows: int) -> None:
    """Refuse a table of tokens that exceeds a limit, or whose draw does.

    Parameters
    ----------
    count, rows : int
        How many records may be in it, and how many rows it may have.

    Raises
    ------
    UnusableError
        Where it is.
    """
    hold(rows, limits.MOST_ROWS, _("rows of a table"))
    hold(_ROW * rows, file_limits.MOST_FILE, _("bytes of a table"))
    hold(NAMED * count + _NOISED * rows, limits.MOST_DRAW, _("bytes of a draw"))
