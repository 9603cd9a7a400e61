"""Finds records by a filter: at once where that is quick, else away from the window's thread."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from dataselect_gui.errors import DataSelectError, UsageError
from dataselect_gui.window.latest import Latest
from dataselect_gui.window.state import State
from dataselect_gui.workflow import JobContext, JobKind, all_of, brush_of, filter_of

AT_ONCE = 20_000
"""Up to how many records anything is quick."""


class Search(QObject):
    """Shows what a filter finds; a later one replaces an earlier one.

    Parameters
    ----------
    state : State
        What the window shows.
    parent : QObject
        The owner; it has to call `close` before it goes.

    Signals
    -------
    begun()
        A search that takes longer than a moment began.
    ended(str)
        A search ended; why its filter is not understood, or nothing where it is.
    """

    begun = Signal()
    ended = Signal(str)

    def __init__(self, state: State, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self._latest = Latest(self, pause=0)

    @property
    def is_working(self) -> bool:
        """Whether a result is still to come."""
        return self._latest.waiting

    @property
    def running(self) -> bool:
        """Whether its thread is running."""
        return self._latest.running

    def close(self) -> None:
        """Stop, and wait for the thread."""
        self._latest.close()

    def drop(self) -> None:
        """Forget what is being looked for."""
        self._latest.drop()

    def look_for(self, text: str) -> None:
        """Show what a filter or words find; everything where there are none."""
        self._latest.drop()
        state, columns = self._state, self._state.columns
        if state.look is None or columns is None:
            return
        if not text.strip():
            if state.filter:
                state.show_only(None)
            self.ended.emit("")
            return
        meant, score = filter_of(text, columns), state.score

        def work(context: JobContext | None = None) -> NDArray[np.int64]:
            del context
            matches = columns.find(meant)
            if score is not None:
                # The chart of the score ignores its own brush: what it needs is kept.
                columns.find(all_of(brush_of(meant, score)[0]) or meant)
            return np.flatnonzero(matches)

        def succeed(rows: NDArray[np.int64]) -> None:
            state.show_only(rows, by=text)
            self.ended.emit("")

        def fail(error: DataSelectError) -> None:
            self.ended.emit(f"{error.what} {error.why}")

        if len(state.look.ids) > AT_ONCE and not columns.is_quick(meant):
            self._latest.ask(JobKind.SEARCH, work, succeed, fail)
            self.begun.emit()
            return
        try:
            rows = work()
        except UsageError as error:
            fail(error)
        else:
            succeed(rows)
