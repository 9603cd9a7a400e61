"""How records are looked at: which are shown, in which order, which are marked, which is current.

Nothing of it is kept with a project. Sorting is a step of undo; marks, the filter and the current
record are none.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from dataselect_gui import workflow
from dataselect_gui.texts import _
from dataselect_gui.window.arrangement import Arrangement, title_of
from dataselect_gui.window.undo import Step

if TYPE_CHECKING:
    from dataselect_gui.workflow import FilterColumns, Look, ScoreCut


class View(QObject):
    """How the records of a project are looked at; the part of the state that no file holds.

    Attributes
    ----------
    arrangement : Arrangement
        Which records are shown, and in which order; `sort_by` and `show_only` change it.
    columns : FilterColumns or None
        What the records can be looked for and sorted by, as it is now.
    marked, stale : ndarray of bool
        The records that are marked, and those that are not what was scored. Shape (n,).
    current : int or None
        The row of the current record.
    undo : QUndoStack
        The steps of undo.

    Signals
    -------
    order_changed()
        The records are sorted otherwise, or others are shown.
    current_changed()
        Another record is current.
    marked_changed()
        Other records are marked.
    stale_changed()
        More records were found not to be what was scored.
    undo_changed()
        There is another step to undo or redo.
    failed(DataSelectError)
        A change could not be made; nothing changed.
    """

    order_changed = Signal()
    current_changed = Signal()
    marked_changed = Signal()
    stale_changed = Signal()
    undo_changed = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo = QUndoStack(self)
        # Through a signal of this object: a stack that is deleted empties itself.
        self.undo.indexChanged.connect(self.undo_changed)
        self.arrangement = Arrangement()
        self.columns: FilterColumns | None = None
        self.marked: NDArray[np.bool_] = np.empty(0, dtype=bool)
        self.stale: NDArray[np.bool_] = np.empty(0, dtype=bool)
        self.current: int | None = None

    # What is shown, and in which order; see `Arrangement`

    @property
    def sort(self) -> str | None:
        """The column that the records are sorted by."""
        return self.arrangement.sort

    @property
    def score(self) -> str | None:
        """The score that charts and tiles show."""
        return self.arrangement.score

    @property
    def descending(self) -> bool:
        """Whether the highest comes first."""
        return self.arrangement.descending

    @property
    def filter(self) -> str:
        """The filter by which records are shown."""
        return self.arrangement.filter

    @property
    def shown(self) -> NDArray[np.int64] | None:
        """The rows that the filter finds; None for all."""
        return self.arrangement.shown

    @property
    def order(self) -> NDArray[np.int64]:
        """The rows that are shown, in their order."""
        return self.arrangement.order

    def place_of(self, row: int | None) -> int | None:
        """Return the place of a record in the order; None where it is not shown."""
        if row is None:
            return None
        places = np.flatnonzero(self.order == row)
        return int(places[0]) if len(places) else None

    def sort_by(self, column: str, *, descending: bool = True) -> None:
        """Sort by a score, or by anything else that is `Arrangement.sortable`; one step of undo."""
        if (column, descending) != (before := (self.sort, self.descending)):
            self._push(
                _("sort by {score}", score=title_of(column)),
                lambda: self._sort_now(column, descending=descending),
                lambda: self._sort_now(before[0], descending=before[1]),
            )

    def show_only(self, rows: NDArray[np.int64] | None, by: str = "") -> None:
        """Show what a filter finds alone, or all again; selection and marks stay."""
        self.arrangement.show_only(rows, by)
        self.order_changed.emit()

    # Current and marked records

    def set_current(self, row: int | None) -> None:
        """Make a record the current one."""
        if row != self.current:
            self.current = row
            self.current_changed.emit()

    def mark(self, rows: Sequence[int] | NDArray[np.int64], *, keep: bool = False) -> None:
        """Mark records; `keep` leaves the others marked."""
        marked = self.marked.copy() if keep else np.zeros_like(self.marked)
        marked[np.asarray(rows, dtype=np.int64)] = True
        self._set_marked(marked)

    def toggle_mark(self, row: int) -> None:
        """Mark a record, or unmark it."""
        marked = self.marked.copy()
        marked[row] = not marked[row]
        self._set_marked(marked)

    def toggle_current(self) -> None:
        """Mark the current record, or unmark it; what is hidden is not marked by accident."""
        if self.current is not None and self.place_of(self.current) is not None:
            self.toggle_mark(self.current)

    def mark_places(self, anchor: int, place: int) -> None:
        """Mark the records from one place of the order to another, whichever comes first."""
        first, last = sorted((min(anchor, len(self.order) - 1), place))
        self.mark(self.order[first : last + 1])

    def clear_marks(self) -> None:
        """Unmark all records."""
        self._set_marked(np.zeros_like(self.marked))

    def undone_rows(self) -> Sequence[int]:
        """Return the records that the last undone step was about."""
        step = self.undo.command(self.undo.index()) if self.undo.canRedo() else None
        return step.rows if isinstance(step, Step) else ()

    def targets(self) -> list[int]:
        """Return the rows that a command acts on: the marked ones, else the current one.

        Marked records that the filter hides are left out: nobody withholds what is out of sight.
        """
        if self.marked.any():
            shown = self.marked if self.shown is None else self.marked[self.shown]
            rows: list[int] = np.flatnonzero(shown).tolist()
            return rows if self.shown is None else self.shown[rows].tolist()
        return [] if self.current is None else [self.current]

    def note_stale(self, row: int) -> None:
        """Note that a record changed since it was scored; views notice as they read records."""
        if not self.stale[row]:
            self.stale[row] = True
            self.stale_changed.emit()

    # Within

    def _begin_view(self, look: "Look", cut: "ScoreCut | None") -> None:
        """Show all records of a project, by the score that it cuts by."""
        self.columns = workflow.FilterColumns(look)
        self.marked = np.zeros(len(look.ids), dtype=bool)
        self.stale = np.zeros(len(look.ids), dtype=bool)
        self.current = None
        score = look.request.score if cut is None else cut.score
        self.arrangement = Arrangement()  # Another thread may still prepare the former one.
        self.arrangement.begin(
            self.columns,
            len(look.ids),
            tuple(look.scores),
            score if score in look.scores else next(iter(look.scores), None),
            descending=cut is None or not cut.lowest,
        )

    def _renew_view(self, look: "Look") -> None:
        """Look for and sort records by their new labels from now on; what is shown stays."""
        self.columns = workflow.FilterColumns(look)
        self.arrangement.use(self.columns)

    def _end_view(self) -> None:
        """Show nothing."""
        self.arrangement, self.columns, self.current = Arrangement(), None, None
        self.marked = self.stale = np.empty(0, dtype=bool)

    def _sort_now(self, column: str | None, *, descending: bool) -> None:
        self.arrangement.sort_by(column, descending=descending)
        self.order_changed.emit()

    def _set_marked(self, marked: NDArray[np.bool_]) -> None:
        self.marked = marked
        self.marked_changed.emit()

    def _push(
        self, text: str, do: Callable[[], None], undo: Callable[[], None], rows: Sequence[int] = ()
    ) -> None:
        self.undo.push(Step(text, do, undo, self.failed.emit, rows))
