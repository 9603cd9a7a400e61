"""One step of undo."""

from collections.abc import Callable, Sequence

from PySide6.QtGui import QUndoCommand

from dataselect_gui.errors import DataSelectError, disk_refused


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
