"""Maps of the record that is looked at, made on demand and kept in memory while there is room.

A worker takes seconds to start, so it makes the maps of several records at once: those that the owner
is likely to look at next. Where another record became current meanwhile, the worker is ended.
"""

from collections.abc import Iterable

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError, UnusableError
from dataselect_gui.texts import N_, _
from dataselect_gui.window.state import State
from dataselect_gui.workflow import JobContext, JobKind, RecordMaps, find_score

_MOST_BYTES = 64 * 1024 * 1024
_PAUSE_MILLISECONDS = 150
_AHEAD, _BEHIND, _SPREAD = 12, 3, 6
_LEAST_AHEAD = 4
"""Where fewer maps than these are ready, further ones are made."""
_TOP = 99.0
"""The percentile of the maps that are seen first at which the scale of colours ends."""

_NO_PICTURE = N_("A map is drawn over a picture, and these records have none.")

_Result = tuple[int, dict[int, RecordMaps], dict[str, float]]


class Maps(QObject):
    """The maps of a state's current record.

    Parameters
    ----------
    state : State
        What the window shows; its other jobs take precedence.
    parent : QObject or None
        The owner.

    Attributes
    ----------
    is_on : bool
        Whether the owner wants to see maps.
    error : DataSelectError or None
        Why no further map can be made, until it is tried again.

    Signals
    -------
    changed()
        There is something else to show.
    """

    changed = Signal()

    def __init__(self, state: State, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._jobs = state, state.jobs
        self.is_on = False
        self.error: DataSelectError | None = None
        self._is_watched = False
        self._cache: LRUCache[int, RecordMaps] = LRUCache(_MOST_BYTES, _size)
        self._ranges: dict[str, float] = {}
        self._project = 0
        self._making: tuple[int, frozenset[int]] | None = None
        self._place, self._leap, self._step = 0, 0, 1
        self._looked_ahead_from: int | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self._make)
        state.opened.connect(self._on_opened)
        state.current_changed.connect(self._on_current)
        self._jobs.started.connect(self.changed)
        self._jobs.finished.connect(self._on_free)

    # What there is

    @property
    def names(self) -> list[str]:
        """The scores of the open project that have a map."""
        look = self._state.look
        if look is None or look.is_read:
            return []
        return [name for name in look.scores if find_score(name).has_map]

    @property
    def obstacle(self) -> str:
        """Why no record of the open project can have a map; empty where that is not so."""
        look = self._state.look
        return _(_NO_PICTURE) if look is not None and look.is_read else ""

    @property
    def current(self) -> RecordMaps | None:
        """The maps of the current record; None where there are none yet."""
        return None if self._state.current is None else self._cache.get(self._state.current)

    @property
    def waits_for(self) -> str:
        """The title of the job that maps wait for; empty where they wait for none."""
        return self._jobs.title

    @property
    def is_waiting(self) -> bool:
        """Whether maps are about to be made."""
        return self._pause.isActive()

    @property
    def size(self) -> int:
        """The bytes of the maps that are kept."""
        return int(self._cache.currsize)

    def range_of(self, name: str) -> float | None:
        """Return the value at which the colours of a score's maps end; None where it is not known yet.

        It follows from the first maps that are made, some of them of records from all over the
        project, and then stays: the same colour is the same value in every record.
        """
        return self._ranges.get(name)

    # What is wanted

    def turn(self, *, on: bool) -> None:
        """Switch the making of maps on or off."""
        if on != self.is_on:
            self.is_on = on
            self.changed.emit()
            self._make()

    def watch(self, *, on: bool) -> None:
        """Set whether maps can be seen; where they cannot, none is begun."""
        self._is_watched = on
        self._pause.stop()
        self._make()

    def try_again(self) -> None:
        """Make maps again after it failed."""
        self.error = None
        self.changed.emit()
        self._make()

    # Within

    def _on_opened(self) -> None:
        self._project += 1
        self._cache.clear()
        self._ranges = {}
        self.error = self._looked_ahead_from = None
        self._place, self._leap, self._step = 0, 0, 1
        self._pause.stop()
        self._jobs.give_way()
        self.changed.emit()

    def _on_current(self) -> None:
        place = self._state.place_of(self._state.current) or 0
        leap = place - self._place
        # The same step twice, as from line to line, is likely to be repeated.
        self._step = leap if abs(leap) == 1 or (leap and leap == self._leap) else 1
        self._place, self._leap = place, leap
        self.changed.emit()
        self._make_soon()

    def _on_free(self) -> None:
        self.changed.emit()
        self._make_soon()  # The job's result may open another project.

    def _make_soon(self) -> None:
        if self.is_on and self._is_watched:
            self._pause.start()

    def _make(self) -> None:
        """Start to make the maps that are missing, if anything can be made now."""
        look, current = self._state.look, self._state.current
        if look is None or current is None or not (self.is_on and self._is_watched and self.names):
            return
        if self.error is not None or self._jobs.running:
            return
        if self._making is not None:
            project, rows = self._making
            if current not in self._cache and (project != self._project or current not in rows):
                self._jobs.give_way()
            return
        missing = self._rows_to_make(current)
        if not missing:
            return
        self._looked_ahead_from = current
        self._making = self._project, frozenset(missing)
        project, folder, needs_ranges = self._project, look.folder, not self._ranges

        def work(context: JobContext) -> _Result:
            made = workflow.maps(folder, missing, context)
            return project, made, _ranges_of(made.values()) if needs_ranges else {}

        self._jobs.start(JobKind.MAPS, work, self._on_made, self._on_failed, gives_way=True)

    def _rows_to_make(self, current: int) -> list[int]:
        """Return the rows to make maps of, the most urgent first; none where there is no need."""
        order, step = self._state.order, self._step
        place = self._state.place_of(self._state.current) or 0
        last = len(order) - 1
        ahead = [place + step * n for n in range(1, _AHEAD + 1)]
        behind = [place - step * n for n in range(1, _BEHIND + 1)]
        spread = [last * n // (_SPREAD - 1) for n in range(_SPREAD)] if not self._ranges else []
        places = [place, *ahead[:3], place + 1, place - 1, *spread, *ahead, *behind]
        near = [int(order[index]) for index in ahead[:_LEAST_AHEAD] if 0 <= index <= last]
        is_ready = self._looked_ahead_from == current or all(row in self._cache for row in near)
        if current in self._cache and is_ready:
            return []
        rows = dict.fromkeys(int(order[index]) for index in places if 0 <= index <= last)
        return [row for row in rows if row not in self._cache][: workflow.MOST_AT_ONCE]

    def _on_made(self, result: _Result) -> None:
        project, record_maps, ranges = result
        look, self._making = self._state.look, None
        if project == self._project and look is not None:
            if any(maps.id != look.ids[row] for row, maps in record_maps.items()):
                self.error = UnusableError(
                    _("The project has changed."),
                    _("It was scored again in another window or from the terminal."),
                    _("Open it again."),
                )
            else:
                self._ranges = {**ranges, **self._ranges}
                self._keep(record_maps)
            self.changed.emit()
        self._make()

    def _on_failed(self, error: DataSelectError) -> None:
        project, _rows = self._making or (None, ())
        self._making = None
        if project == self._project and not isinstance(error, InterruptedByPersonError):
            self.error = error
            self.changed.emit()
        self._make()

    def _keep(self, record_maps: dict[int, RecordMaps]) -> None:
        current = self._state.current
        shown = None if current is None else record_maps.get(current) or self._cache.get(current)
        self._cache.update(record_maps)
        if current is not None and shown is not None:
            self._cache[current] = shown  # Last, so that it is evicted last.


def _size(maps: RecordMaps) -> int:
    """Return the bytes that maps take; any one record's are kept, if need be alone."""
    return min(maps.size, _MOST_BYTES)


def _ranges_of(record_maps: Iterable[RecordMaps]) -> dict[str, float]:
    """Return for each score the value below which all but the brightest hundredth of its maps lies."""
    values: dict[str, list[NDArray[np.float32]]] = {}
    for of_record in record_maps:
        for name, of_score in of_record.maps.items():
            values.setdefault(name, []).append(of_score.ravel())
    tops = {name: float(np.percentile(np.concatenate(all_), _TOP)) for name, all_ in values.items()}
    return {name: top or 1.0 for name, top in tops.items()}
