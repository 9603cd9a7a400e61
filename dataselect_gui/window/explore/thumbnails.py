"""Pictures of records, decoded in a process of their own and kept while there is room.

A view requests the pictures that it shows now, which replaces its earlier requests: scrolling past a
thousand rows decodes those at which it stops. Threads read records, have them
decoded and make `QImage`s of the numbers that come back; a `QPixmap` belongs to the window's thread and
is made there.
"""

import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from cachetools import LRUCache
from PySide6.QtCore import QDeadlineTimer, QObject, Qt, QThread, Signal
from PySide6.QtGui import QImage, QPixmap

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.texts import _
from dataselect_gui.window import faults
from dataselect_gui.window.explore.tile import Shown
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.images import image_of
from dataselect_gui.workflow import ChangedRecordError, Lines, Look, Pictures, UnreadableRecordError

Key = tuple[int, int]
"""A row and the longer side that was asked for."""

_THREADS = 2
_MOST_BYTES = 64 * 1024 * 1024
_SIDES = (64, 128, 256, 512, 1024)


def key_of(row: int, side: float) -> Key:
    """Return the key of a picture that fills a square of so many device pixels.

    A few sizes serve all, so that another tile size seldom decodes anew.
    """
    return row, next((size for size in _SIDES if size >= side), _SIDES[-1])


class Thumbnails(QObject):
    """Decodes pictures of a project's records.

    Parameters
    ----------
    state : State
        What the window shows.
    parent : QObject or None
        The owner; it has to call `close` before it goes.

    Signals
    -------
    arrived(int)
        The picture of that row, or the reason why there is none, is available.
    lost(DataSelectError)
        No record can be read; their tiles stay empty.
    """

    arrived = Signal(int)
    lost = Signal(object)
    _decoded = Signal(int, object, object, bool)
    _missed = Signal(int, object)

    def __init__(self, state: State, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._cache: LRUCache[Key, Shown] = LRUCache(_MOST_BYTES, _size)
        self._threads: list[_Decoder] = []
        # The condition guards what the threads share, which is all that follows.
        self._condition = threading.Condition()
        self._single: deque[Key] = deque()
        self._visible: deque[Key] = deque()
        self._busy: set[Key] = set()
        self._is_to_open = self._is_opening = False
        self._generation = 0
        self._is_closed = False
        self._look: Look | None = state.look
        self._opening = threading.Lock()
        self._pictures: Pictures | None = None
        self._decoded.connect(self._on_decoded, Qt.ConnectionType.QueuedConnection)
        self._missed.connect(self._on_missed, Qt.ConnectionType.QueuedConnection)
        state.opened.connect(self._drop)
        self._prepare()

    def find(self, key: Key) -> Shown | None:
        """Return a picture, texts, why there is neither, or None where it is not decoded yet."""
        return self._cache.get(key)

    def want(self, keys: Iterable[Key]) -> None:
        """Request the pictures of the gallery, in place of its earlier request."""
        with self._condition:
            self._visible = deque(keys)
        self._wake()

    def want_single(self, key: Key) -> None:
        """Request one picture before all others, in place of the earlier such request."""
        with self._condition:
            self._single = deque([key])
        self._wake()

    def close(self, milliseconds: int = 10_000) -> None:
        """Stop the threads and wait for them; nothing is decoded any more.

        Parameters
        ----------
        milliseconds : int
            How long to wait at most: a disk that does not answer must not hold the window.
        """
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()
        deadline = QDeadlineTimer(milliseconds)
        ended = [thread for thread in self._threads if thread.wait(deadline)]
        for thread in ended:
            thread.deleteLater()
        self._threads = [thread for thread in self._threads if thread not in ended]

    @property
    def running(self) -> bool:
        """Whether there are threads."""
        return bool(self._threads)

    @property
    def is_waiting(self) -> bool:
        """Whether any requested picture is still to be decoded."""
        with self._condition:
            is_opening = self._is_to_open or self._is_opening
            return bool(is_opening or self._single or self._visible or self._busy)

    def take(self) -> tuple[int, Key | None] | None:
        """Return the next picture to decode, waiting for one; None at the end. For the threads.

        The first of all is none: then the source is to be opened, which takes longest.
        """
        with self._condition:
            while not self._is_closed:
                if self._is_to_open:
                    self._is_to_open, self._is_opening = False, True
                    return self._generation, None
                for queue in (self._single, self._visible):
                    while queue:
                        key = queue.popleft()
                        if key not in self._busy:
                            self._busy.add(key)
                            return self._generation, key
                self._condition.wait()
        return None

    def open_ahead(self, generation: int) -> None:
        """Open the source before a picture is requested. For the threads."""
        with suppress(Exception):  # Whoever requests a picture is told.
            self._open(generation)
        with self._condition:
            self._is_opening = False

    def decode(self, generation: int, key: Key) -> None:
        """Decode a picture and deliver it. For the threads."""
        outcome: QImage | Lines | str
        is_stale = False
        try:
            pictures = self._open(generation)
            if pictures is None:
                return
            seen = pictures.picture(*key)
            outcome = seen if isinstance(seen, tuple) else image_of(seen)
        except DataSelectError as error:
            outcome = ""
            self._missed.emit(generation, error)
        except UnreadableRecordError as reason:
            outcome, is_stale = str(reason), isinstance(reason, ChangedRecordError)
        except Exception as error:  # Nothing may end this thread.
            faults.note(error)
            outcome = _("The record cannot be read.")
        self._decoded.emit(generation, key, outcome, is_stale)

    def open_pictures(self) -> Pictures | None:
        """Return the project's pictures, or None where none is open. For threads: it may take long.

        Raises
        ------
        DataSelectError
            Where the source is not where it was.
        """
        return self._open(self._generation)

    def _open(self, generation: int) -> Pictures | None:
        """Return the project's pictures, or None where another project was opened meanwhile.

        Opening lists the source, which takes long for a large folder: never in the window's thread.
        """
        with self._opening:
            with self._condition:
                look, pictures = self._look, self._pictures
                if generation != self._generation or look is None:
                    return None
            if pictures is None:
                pictures = Pictures(look)
                with self._condition:
                    if generation == self._generation:
                        self._pictures = pictures
            return pictures

    def _wake(self) -> None:
        if self._is_closed or self._state.look is None:
            return
        if not self._threads:
            self._threads = [_Decoder(self) for _number in range(_THREADS)]
            for thread in self._threads:
                thread.start(QThread.Priority.LowPriority)
        with self._condition:
            self._condition.notify_all()

    def _on_missed(self, generation: int, error: DataSelectError) -> None:
        if generation == self._generation:
            self.lost.emit(error)

    def _on_decoded(
        self, generation: int, key: Key, outcome: QImage | Lines | str, is_stale: bool
    ) -> None:
        with self._condition:
            if generation != self._generation:
                return
            self._busy.discard(key)
        if is_stale:
            self._state.note_stale(key[0])
        self._cache[key] = QPixmap.fromImage(outcome) if isinstance(outcome, QImage) else outcome
        self.arrived.emit(key[0])

    def _drop(self) -> None:
        self._cache.clear()
        with self._condition:
            self._generation += 1
            self._single.clear()
            self._visible.clear()
            self._busy.clear()
            self._look = self._state.look
            self._pictures = None
            self._is_to_open = False
        self._prepare()

    def _prepare(self) -> None:
        if self._look is not None:  # Without a project it would only slow down the start.
            workflow.prepare_pictures()
            with self._condition:
                self._is_to_open = bool(self._look.scores)  # Otherwise another place is shown.
            self._wake()


class _Decoder(QThread):
    """Decodes one picture after the other."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__(thumbnails)
        self._thumbnails = thumbnails

    def run(self) -> None:
        """Decode until the end; called by the thread."""
        while (task := self._thumbnails.take()) is not None:
            generation, key = task
            if key is None:
                self._thumbnails.open_ahead(generation)
            else:
                self._thumbnails.decode(generation, key)


def _size(entry: Shown) -> int:
    if isinstance(entry, QPixmap):
        return 4 * entry.width() * entry.height()
    return len(entry) if isinstance(entry, str) else sum(len(name) + len(text) for name, text in entry)
