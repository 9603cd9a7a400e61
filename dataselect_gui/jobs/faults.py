"""Faults of the program, described by the type of the error and where it was raised.

The message is left out, since it might hold a record's content.
"""

import traceback
from pathlib import Path
from typing import Annotated

import msgspec

from dataselect_gui.errors import InternalError
from dataselect_gui.jobs.progress import Count
from dataselect_gui.texts import _

_PACKAGE = __name__.partition(".")[0]
_MOST_PLACES = 8
_Name = Annotated[str, msgspec.Meta(max_length=200)]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the program itself.

    Attributes
    ----------
    module : str
        As it is imported.
    line : int
        From 1.
    """

    module: _Name
    line: Count


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The description of an unexpected exception.

    Attributes
    ----------
    error : str
        The name of its type.
    file : str
        The name of the file that it was raised in, of whatever library.
    line : int
        Where in that file.
    places : tuple of Place
        The lines of the program itself that led there, the innermost first.
    """

    error: _Name
    file: _Name
    line: Count
    places: Annotated[tuple[Place, ...], msgspec.Meta(max_length=_MOST_PLACES)] = ()

    @property
    def sentence(self) -> str:
        """Kind and place for a person."""
        place = _("{file}, line {line}", file=self.file, line=self.line)
        return _("{error} in {place}.", error=self.error, place=place)


def fault_of(error: BaseException) -> Fault:
    """Return the description of an exception."""
    frames = list(traceback.walk_tb(error.__traceback__))
    places = [
        Place(str(frame.f_globals.get("__name__")), line)
        for frame, line in reversed(frames)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == _PACKAGE
    ]
    file, line = "?", 0
    if frames:
        file, line = Path(frames[-1][0].f_code.co_filename).name, frames[-1][1]
    return Fault(type(error).__name__[:200], file[:200], line, tuple(places[:_MOST_PLACES]))


def internal_error(fault: Fault) -> InternalError:
    """Return the error for a fault anywhere but in a job of the confined process."""
    return InternalError(
        _("Something went wrong inside the program."),
        fault.sentence,
        _("Nothing was lost. Please report these words."),
    )
