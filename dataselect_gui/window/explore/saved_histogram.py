"""The histogram as a picture in a file, with what it shows written over it."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter

from dataselect_gui.window.explore.histogram import Histogram
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import paint
from dataselect_gui.window.widgets.saved_chart import SavedChart, file_name_of

_LEAST_WIDTH, _HEIGHT, _EDGE = 720, 240, 12


class SavedHistogram(SavedChart):
    """Saves a histogram, whether or not it is folded.

    Parameters
    ----------
    histogram : Histogram
        The histogram.
    state : State
        What the window shows.
    """

    def __init__(self, histogram: Histogram, state: State) -> None:
        self._histogram, self._state = histogram, state
        super().__init__(histogram, self._file_name, self._paint, self._whole_size)

    def _file_name(self) -> str:
        return file_name_of("histogram", self._state.sort or "")

    def _whole_size(self) -> QSize:
        return QSize(max(_LEAST_WIDTH, self._histogram.width()), _HEIGHT + self._head)

    @property
    def _head(self) -> int:
        return 2 * QFontMetrics(theme.font()).lineSpacing() + _EDGE

    def _paint(self, painter: QPainter) -> None:
        """Write what is shown, and draw the bars below it."""
        was_folded, size = self._histogram.is_folded, self._whole_size()
        self._histogram.set_folded(False)
        chart = self._histogram.chart
        painter.setFont(theme.font())
        painter.setPen(theme.colour(theme.palette().text))
        room = QRect(_EDGE, _EDGE // 2, size.width() - 2 * _EDGE, self._head)
        wrap = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        paint(painter, room, wrap, self._histogram.accessibleDescription())
        if chart is not None:
            before = chart.size()
            chart.resize(size.width(), _HEIGHT)
            bars = QRect(0, 0, size.width(), _HEIGHT)
            chart.render(painter, QRectF(bars.translated(0, self._head)), bars)
            chart.resize(before)
        self._histogram.set_folded(was_folded)
