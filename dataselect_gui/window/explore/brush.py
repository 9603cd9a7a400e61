"""Brushing a chart: a drag over it, or the arrow keys, restrict what is shown to ranges of a score."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from dataselect_gui.window.explore.distribution import Distribution
from dataselect_gui.window.explore.plot import Plot
from dataselect_gui.workflow import Range, with_range, without_range

_FRAME_MS = 16
_LEAST_DRAG = 4
"""A mouse that moved fewer pixels was pressed and not dragged."""
_SHIFT, _ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


class Brush(QObject):
    """Makes ranges of drags and keys.

    A drag brushes a range, with Shift one more, with Alt it takes one out; a double click, Delete or
    Escape clears. Left and right move a caret along the bins, with Shift they brush.

    Parameters
    ----------
    plot : Plot
        The chart; a press on its cut-off is left alone.
    distribution : callable
        Returns what the chart shows.
    ranges : callable
        Returns what is brushed.

    Signals
    -------
    changed(list of tuple)
        These ranges are brushed now.
    """

    changed = Signal(object)

    def __init__(
        self,
        plot: Plot,
        distribution: Callable[[], Distribution],
        ranges: Callable[[], Sequence[Range]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._plot, self._distribution, self._ranges = plot, distribution, ranges
        self._pressed: QPoint | None = None
        self._held = Qt.KeyboardModifier.NoModifier
        self._before: list[Range] = []
        self._next: list[Range] | None = None
        self._caret = self._anchor = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._emit_next)
        for widget in (plot.widget, plot.widget.viewport()):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Take what brushes, and leave the cut-off's handle alone."""
        kind = event.type()
        if watched is self._plot.widget:
            if kind in {QEvent.Type.FocusIn, QEvent.Type.FocusOut}:
                self._show_caret(is_there=kind is QEvent.Type.FocusIn)
            return kind is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._on_key(event)
        if not isinstance(event, QMouseEvent):
            return False
        point = event.position().toPoint()
        if kind is QEvent.Type.MouseButtonDblClick:
            self._stop()
            self.changed.emit([])
            return True
        if kind is QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            if self._plot.has_handle_at(point) or not len(self._distribution().counts):
                return False
            self._pressed, self._held = point, event.modifiers()
            self._before = list(self._ranges())
            return True
        if self._pressed is None:
            return False
        if kind is QEvent.Type.MouseMove:
            self._on_moved(self._pressed, point)
        elif kind is QEvent.Type.MouseButtonRelease:
            self._on_moved(self._pressed, point)
            self._timer.stop()
            self._emit_next()
            self._stop()
        return True

    # The mouse

    def _on_moved(self, start: QPoint, point: QPoint) -> None:
        if self._next is None and abs(point.x() - start.x()) < _LEAST_DRAG:
            return
        ends = sorted((self._value_at(start), self._value_at(point)))
        drawn = ends[0], ends[1]
        if self._held & _SHIFT:
            self._next = with_range(self._before, drawn)
        elif self._held & _ALT:
            self._next = without_range(self._before, drawn)
        else:
            self._next = [drawn]
        if not self._timer.isActive():
            self._timer.start()

    def _value_at(self, point: QPoint) -> float:
        """Return the score at a point, to as many decimals as a cut-off has."""
        return self._score_at(self._plot.place_at(point))

    def _score_at(self, place: float) -> float:
        """Return the score at a place along the axis; at its ends there is no limit."""
        distribution = self._distribution()
        low, high = distribution.ends
        if not low < place < high:
            return float("-inf") if place <= low else float("inf")
        return float(distribution.rounded(distribution.value_at(place)))

    def _emit_next(self) -> None:
        if self._next is not None:
            self.changed.emit(self._next)

    def _stop(self) -> None:
        self._timer.stop()
        self._pressed = self._next = None

    # Keys

    def _on_key(self, event: QKeyEvent) -> bool:
        key, count = event.key(), len(self._distribution().counts)
        if key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Escape}:
            if self._pressed is not None:
                before = self._before
                self._stop()
                self.changed.emit(before)
                return True
            if not self._ranges():
                return False
            self.changed.emit([])
            return True
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Home: -count,
            Qt.Key.Key_End: count,
        }
        if key not in steps:
            return False
        self._caret = min(max(self._caret + steps[Qt.Key(key)], 0), count)
        if event.modifiers() & _SHIFT:
            low, high = sorted((self._anchor, self._caret))
            ends = self._score_at(self._place_of_edge(low)), self._score_at(self._place_of_edge(high))
            self.changed.emit([ends] if low < high else [])
        else:
            self._anchor = self._caret
        self._show_caret(is_there=True)
        return True

    def _place_of_edge(self, bin_: int) -> float:
        distribution = self._distribution()
        low, high = distribution.ends
        return low + (high - low) * bin_ / len(distribution.counts)

    def _show_caret(self, *, is_there: bool) -> None:
        self._plot.show_caret(self._place_of_edge(self._caret) if is_there else None)
