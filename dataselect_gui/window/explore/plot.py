"""The plot of a histogram; nothing else uses the plotting library, which is slow to import."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from dataselect_gui.window.explore.distribution import Distribution
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.spoken import Role, speak_as

_REACH = 7
"""Within how many pixels of the cut-off's handle the mouse takes hold of it."""
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Plot:
    """Bars along an axis, the cut-off as a line to drag, and the ranges that are brushed.

    Parameters
    ----------
    owner : QWidget
        Has the plot.
    drag : callable
        Takes the place along the axis to which the cut-off is dragged.
    end : callable
        Called when the mouse lets go of it.

    Attributes
    ----------
    widget : QWidget
        The plot.
    """

    def __init__(self, owner: QWidget, drag: Callable[[float], None], end: Callable[[], None]) -> None:
        import pyqtgraph

        self._library, self._drag = pyqtgraph, drag
        self.widget: Any = pyqtgraph.GraphicsLayoutWidget(owner)
        self.widget.setProperty("role", "plot")
        self.widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        speak_as(self.widget, Role.Chart)
        self.widget.ci.setContentsMargins(6, 2, 6, 0)
        self.widget.ci.setSpacing(0)
        self._view: Any = self.widget.addViewBox(0, 0, enableMenu=False, enableMouse=False)
        self._axis: Any = pyqtgraph.AxisItem("bottom")
        self._axis.linkToView(self._view)
        self._axis.enableAutoSIPrefix(enable=False)
        # Ticks stand below the axis: above it they would pass for bars.
        self._axis.setStyle(tickLength=4, maxTickLevel=0)
        self.widget.addItem(self._axis, 1, 0)
        self._all: Any = pyqtgraph.BarGraphItem(x=[0], height=[0], width=1)
        self._shown: Any = pyqtgraph.BarGraphItem(x=[0], height=[0], width=1)
        self._chosen: Any = pyqtgraph.BarGraphItem(x=[0], height=[0], width=1)
        self._line: Any = pyqtgraph.InfiniteLine(movable=True)
        self._caret: Any = pyqtgraph.InfiniteLine(movable=False)
        self._caret.setVisible(False)
        self._ranges: list[Any] = []
        for item in (self._all, self._shown, self._chosen, self._caret, self._line):
            self._view.addItem(item, ignoreBounds=True)
        self._line.sigDragged.connect(self._on_dragged)
        self._line.sigPositionChangeFinished.connect(end)
        self.colour()

    def colour(self) -> None:
        """Take the colours of the theme."""
        colours = theme.palette()
        self.widget.setBackground(colours.panel)
        self._axis.setPen(colours.edge)
        self._axis.setTextPen(colours.dim)
        self._axis.setTickFont(theme.font(-1))
        self._all.setOpts(pen=None, brush=theme.colour(colours.edge, 120))
        self._shown.setOpts(pen=None, brush=theme.colour(colours.accent, 110))
        self._chosen.setOpts(pen=None, brush=theme.colour(colours.accent))
        self._line.setPen(self._library.mkPen(colours.text, width=2))
        self._line.setHoverPen(self._library.mkPen(colours.accent, width=3))
        self._line.clearMarkers()
        self._line.addMarker("<|>", 0.92, 12)
        self._caret.setPen(self._library.mkPen(colours.accent, width=1, style=Qt.PenStyle.DashLine))
        for item in self._ranges:
            self._colour_range(item)

    def show_distribution(
        self,
        distribution: Distribution,
        shown: NDArray[np.int64] | None,
        chosen: NDArray[np.int64],
    ) -> None:
        """Show how many records there are in each bin, how many are shown, and how many selected.

        Parameters
        ----------
        distribution : Distribution
            Of all records.
        shown, chosen : ndarray of int64
            The height of each bar; None for `shown` where all are.
        """
        low, high = distribution.ends
        marks = distribution.ticks
        self._axis.setTicks(
            None if marks is None else [[(distribution.place_of(m), _mark(m)) for m in marks]]
        )
        width = (high - low) / len(chosen)
        centres = low + width * (np.arange(len(chosen)) + 0.5)
        self._all.setOpts(x=centres, height=distribution.counts, width=0.86 * width)
        self._shown.setVisible(shown is not None)
        if shown is not None:
            self._shown.setOpts(x=centres, height=shown, width=0.86 * width)
        self._chosen.setOpts(x=centres, height=chosen, width=0.86 * width)
        margin = 0.01 * (high - low)
        top = 1.05 * max(1, int(distribution.counts.max()))
        self._view.setRange(xRange=(low - margin, high + margin), yRange=(0, top), padding=0)
        self._line.setBounds((low - margin, high + margin))

    def show_cut(self, cut: float | None) -> None:
        """Show the cut-off at a place along the axis, or none."""
        self._line.setVisible(cut is not None)
        if cut is not None:
            self._line.setValue(cut)

    def show_ranges(self, ranges: Sequence[tuple[float, float]]) -> None:
        """Show what is brushed, by places along the axis."""
        while len(self._ranges) > len(ranges):
            self._view.removeItem(self._ranges.pop())
        while len(self._ranges) < len(ranges):
            item = self._library.LinearRegionItem((0, 0), movable=False)
            item.setZValue(-10)  # Behind the bars.
            self._colour_range(item)
            self._view.addItem(item, ignoreBounds=True)
            self._ranges.append(item)
        for item, ends in zip(self._ranges, ranges, strict=True):
            item.setRegion(ends)

    def show_caret(self, place: float | None) -> None:
        """Show where the keys are along the axis."""
        self._caret.setVisible(place is not None)
        self.widget.update()  # Its frame shows the focus.
        if place is not None:
            self._caret.setValue(place)

    def place_at(self, point: QPoint) -> float:
        """Return the place along the axis that is under a point of the widget."""
        return float(self._view.mapSceneToView(self.widget.mapToScene(point)).x())

    def has_handle_at(self, point: QPoint) -> bool:
        """Say whether the mouse takes hold of the cut-off at a point of the widget."""
        if not self._line.isVisible():
            return False
        middle = self._view.mapViewToScene(self._library.Point(self._line.value(), 0))
        return abs(int(self.widget.mapFromScene(middle).x()) - point.x()) <= _REACH

    def stop_drag(self) -> None:
        """Let go of the cut-off, though the button is still down."""
        self._line.moving = False

    def _colour_range(self, item: Any) -> None:  # noqa: ANN401
        accent = theme.palette().accent
        item.setBrush(theme.colour(accent, 36))
        for line in item.lines:
            line.setPen(self._library.mkPen(accent, width=1))

    def _on_dragged(self, line: Any) -> None:  # noqa: ANN401
        self._drag(float(line.value()))


def _mark(value: float) -> str:
    """Return what a mark of a logarithmic axis says: powers of ten as people write them."""
    digits, _sign, power = f"{value:g}".partition("e")
    if not power:
        return digits
    raised = f"10{str(int(power)).translate(_SUPERSCRIPTS)}"
    return raised if digits == "1" else f"{digits}·{raised}"
