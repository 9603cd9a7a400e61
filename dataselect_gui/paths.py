"""Resolve paths, with errors for a person where their links lead nowhere."""

import errno
import stat
from pathlib import Path

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _

_OF_THE_KERNEL = ("/proc", "/sys")
"""What looks like a regular file below these is an interface of the kernel."""


def resolved(path: Path) -> Path:
    """Return the absolute path without links; what is not there yet keeps its name.

    `Path.resolve` raises what depends on the version of Python. Nothing else of the package calls it.

    Raises
    ------
    UnusableError
        Where links go round in a circle, or the folder that the program works in is gone.
    """
    try:
        whole = path.resolve()
    except (OSError, RuntimeError, ValueError):
        raise _leads_nowhere(path) from None
    try:
        path.stat()
    except OSError as error:  # Only Python 3.11 and 3.12 raise by themselves at a circle.
        if error.errno == errno.ELOOP:
            raise _leads_nowhere(path) from None
    return whole


def regular_file(path: Path) -> Path | None:
    """Return the regular file that a path leads to; none where it leads to anything else."""
    try:
        whole = resolved(path)
        is_regular = stat.S_ISREG(whole.lstat().st_mode)
    except (OSError, UnusableError):
        return None
    return None if not is_regular or any(map(whole.is_relative_to, _OF_THE_KERNEL)) else whole


def _leads_nowhere(path: Path) -> UnusableError:
    return UnusableError(
        _("“{name}” leads nowhere.", name=path.name),
        _("Its links go round in a circle, or the folder that it is named from is gone."),
        _("Name another place."),
    )


def text_of(path: Path, most: int) -> str:
    """Return the text of a file that a person wrote, in UTF-8 with or without a byte order mark.

    Parameters
    ----------
    path : Path
        The file.
    most : int
        The bytes that it may have.

    Raises
    ------
    OSError
        Where it cannot be read.
    ValueError
        Where it is larger, or no such text.
    """
    with path.open("rb") as file:
        stored = file.read(most + 1)
    if len(stored) > most:
        raise ValueError("too large")
    return stored.decode("utf-8-sig")
