"""The one state that all views read and through which all changes go.

Four sets are never mixed: *shown* records pass the filter, *marked* ones are highlighted, the
*selection* follows the rule, and *withheld* ones are the owner's word. Views hold no copy of any.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, disk_refused
from dataselect_gui.workflow import Look, Rule, Selection, select


class State(QObject):
    """What the window shows.

    Signals
    -------
    opened()
        Another project, or none, is open: everything changed.
    order_changed()
        The records are sorted otherwise.
    selection_changed()
        The rule, its cut or the withheld records changed.
    current_changed()
        Another record is current.
    marked_changed()
        Other records are marked.
    failed(DataSelectError)
        A change could not be written; nothing changed.
    """

    opened = Signal()
    order_changed = Signal()
    selection_changed = Signal()
    current_changed = Signal()
    marked_changed = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.look: Look | None = None
        self.undo = QUndoStack(self)
        self.sort: str | None = None
        self.descending = True
        self.order: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.rule: Rule | None = None
        self.eligible: NDArray[np.bool_] = np.empty(0, dtype=bool)
        self.selection = Selection(np.empty(0, dtype=bool), None)
        self.marked: NDArray[np.bool_] = np.empty(0, dtype=bool)
        self.current: int | None = None

    # Opening

    def open(self, project: Path) -> None:
        """Show a project.

        Raises
        ------
        UnusableError
            Where it is none.
        """
        found = workflow.look(project)
        self.undo.clear()
        self.look = found
        self.rule = found.rule
        self.eligible = found.eligible.copy()
        self.marked = np.zeros(len(found.ids), dtype=bool)
        self.current = None
        wanted = self.rule.score if self.rule is not None else found.request.score
        self.sort = wanted if wanted in found.scores else next(iter(found.scores), None)
        self.descending = not (self.rule is not None and self.rule.lowest)
        if self.rule is None:
            self._propose_rule()
        self._select()
        self._sort()
        self.opened.emit()

    def close(self) -> None:
        """Show no project."""
        self.undo.clear()
        self.look = self.rule = self.sort = self.current = None
        self.order = np.empty(0, dtype=np.int64)
        self.eligible = self.marked = np.empty(0, dtype=bool)
        self.selection = Selection(np.empty(0, dtype=bool), None)
        self.opened.emit()

    # What is looked at; no step of undo

    def set_current(self, row: int | None) -> None:
        """Make a record the current one."""
        if row != self.current:
            self.current = row
            self.current_changed.emit()

    def mark(self, rows: Sequence[int], *, keep: bool = False) -> None:
        """Mark records, instead of the others or beside them."""
        marked = self.marked.copy() if keep else np.zeros_like(self.marked)
        marked[list(rows)] = True
        self._set_marked(marked)

    def toggle_mark(self, row: int) -> None:
        """Mark a record, or no longer."""
        marked = self.marked.copy()
        marked[row] = not marked[row]
        self._set_marked(marked)

    def clear_marks(self) -> None:
        """Mark nothing."""
        self._set_marked(np.zeros_like(self.marked))

    def targets(self) -> list[int]:
        """Return the rows that a command acts on: the marked ones, else the current one."""
        rows: list[int] = np.flatnonzero(self.marked).tolist()
        return rows or ([] if self.current is None else [self.current])

    # Changes, each one step of undo

    def sort_by(self, score: str, *, descending: bool = True) -> None:
        """Sort the records by a score."""
        if (score, descending) != (self.sort, self.descending):
            before = (self.sort, self.descending)
            self._push(
                f"sort by {score}",
                lambda: self._sort_now(score, descending),
                lambda: self._sort_now(*before),
            )

    def set_rule(self, rule: Rule) -> None:
        """Replace the rule."""
        if rule != self.rule:
            before = self.rule
            self._push(
                "change of the rule",
                lambda: self._rule_now(rule),
                lambda: self._rule_now(before),
            )

    def preview_rule(self, rule: Rule) -> None:
        """Show what a rule would pick, without making it the project's: while a cut-off is dragged."""
        if self.look is not None:
            self.selection = select(rule, self.look.scores[rule.score], self.eligible)
            self.selection_changed.emit()

    def end_preview(self) -> None:
        """Show what the project's own rule picks again."""
        self._select()
        self.selection_changed.emit()

    def withhold(self, rows: Sequence[int]) -> None:
        """Withhold records: they will never leave."""
        self._set_eligible([row for row in rows if self.eligible[row]], value=False)

    def restore(self, rows: Sequence[int]) -> None:
        """Let withheld records be considered again."""
        self._set_eligible([row for row in rows if not self.eligible[row]], value=True)

    # Within

    def _set_marked(self, marked: NDArray[np.bool_]) -> None:
        self.marked = marked
        self.marked_changed.emit()

    def _set_eligible(self, rows: Sequence[int], *, value: bool) -> None:
        if rows:
            noun = "record" if len(rows) == 1 else "records"
            self._push(
                f"{'restored' if value else 'withheld'} {len(rows):,} {noun}",
                lambda: self._eligible_now(rows, value=value),
                lambda: self._eligible_now(rows, value=not value),
            )

    def _push(self, text: str, do: Callable[[], None], undo: Callable[[], None]) -> None:
        self.undo.push(_Step(text, do, undo, self.failed.emit))

    def _sort_now(self, score: str | None, descending: bool) -> None:
        self.sort, self.descending = score, descending
        self._sort()
        self.order_changed.emit()

    def _rule_now(self, rule: Rule | None) -> None:
        assert self.look is not None
        workflow.put_selection(self.look.folder, rule, self._withheld(self.eligible))
        self.rule = rule
        self._select()
        self.selection_changed.emit()

    def _eligible_now(self, rows: Sequence[int], *, value: bool) -> None:
        assert self.look is not None
        eligible = self.eligible.copy()
        eligible[list(rows)] = value
        workflow.put_selection(self.look.folder, self.rule, self._withheld(eligible))
        self.eligible = eligible
        self._select()
        self.selection_changed.emit()

    def _withheld(self, eligible: NDArray[np.bool_]) -> list[str]:
        assert self.look is not None
        return [self.look.ids[row] for row in np.flatnonzero(~eligible).tolist()]

    def _propose_rule(self) -> None:
        """Take the request's own rule, where it has one: its threshold is public, its count is not."""
        assert self.look is not None
        request = self.look.request
        count = request.stated.get("count")
        rule: Rule | None = None
        if request.score in self.look.scores and request.threshold is not None:
            rule = workflow.make_rule(request.score, threshold=str(request.threshold))
        elif request.score in self.look.scores and count is not None:
            rule = workflow.make_rule(request.score, count=min(count, len(self.look.ids)))
        if rule is not None:
            workflow.put_selection(self.look.folder, rule, self._withheld(self.eligible))
            self.rule = rule

    def _select(self) -> None:
        if self.look is None or self.rule is None or self.rule.score not in self.look.scores:
            self.selection = Selection(np.zeros(len(self.eligible), dtype=bool), None)
        else:
            self.selection = select(self.rule, self.look.scores[self.rule.score], self.eligible)

    def _sort(self) -> None:
        if self.look is None:
            return
        if self.sort is None:
            self.order = np.arange(len(self.look.ids))
            return
        values = self.look.scores[self.sort]
        keys = np.where(np.isnan(values), np.inf, -values if self.descending else values)
        self.order = np.argsort(keys, kind="stable")


class _Step(QUndoCommand):
    """One step of undo, made of two functions."""

    def __init__(
        self,
        text: str,
        do: Callable[[], None],
        undo: Callable[[], None],
        fail: Callable[[DataSelectError], None],
    ) -> None:
        super().__init__(text)
        self._do, self._undo, self._fail = do, undo, fail

    def redo(self) -> None:
        """Do it, for the first time or again."""
        self._try(self._do)

    def undo(self) -> None:
        """Take it back."""
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
