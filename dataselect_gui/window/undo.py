"""One step of undo, and what steps are called."""

from collections.abc import Callable, Sequence

from PySide6.QtGui import QUndoCommand

from dataselect_gui.errors import DataSelectError, disk_refused
from dataselect_gui.texts import ngettext


class Step(QUndoCommand):
    """One step of undo, made of two functions.

    Parameters
    ----------
    text : str
        What it does, for a person.
    do, undo : callable
        Make the change, and reverse it.
    fail : callable
        Called with the error where the change could not be written; the step is then dropped.
    rows : sequence of int
        The records that it is about.
    """

    def __init__(
        self,
        text: str,
        do: Callable[[], None],
        undo: Callable[[], None],
        fail: Callable[[DataSelectError], None],
        rows: Sequence[int],
    ) -> None:
        super().__init__(text)
        self.rows = rows
        self._do, self._undo, self._fail = do, undo, fail

    def redo(self) -> None:
        """Make the change, for the first time or again."""
        self._try(self._do)

    def undo(self) -> None:
        """Reverse the change."""
        self._try(self._undo)

    def _try(self, change: Callable[[], None]) -> None:
        try:
            change()
        except DataSelectError as error:
            self.setObsolete(True)
            self._fail(error)
        except OSError as error:
            self.setObsolete(True)
            self._fail(disk_refused(error))


def withholding(count: int, *, value: bool) -> str:
    """Return the name of a step that withholds so many records, or restores them."""
    if value:
        return ngettext("withheld {count:,} record", "withheld {count:,} records", count)
    return ngettext("restored {count:,} record", "restored {count:,} records", count)


def opting(count: int, *, out: bool) -> str:
    """Return the name of a step by which people with so many records opt out, or in."""
    if out:
        return ngettext("opted out {count:,} record", "opted out {count:,} records", count)
    return ngettext("opted in {count:,} record", "opted in {count:,} records", count)
