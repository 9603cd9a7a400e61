"""The cut-off as a line among the records."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import paint


def paint_cut_line(
    painter: QPainter, cut: str, points: Sequence[tuple[int, int]], across: int, height: int
) -> None:
    """Paint a line with the cut-off written on its last part.

    Parameters
    ----------
    painter : QPainter
        Paints on the records.
    cut : str
        The cut-off.
    points : sequence of (int, int)
        What the line goes through, in pixels; the last part is level.
    across : int
        Where the text begins, unless there is no room.
    height : int
        Of the text, in pixels.
    """
    colours = theme.palette()
    right, top = points[-1]
    painter.setPen(QPen(theme.colour(colours.accent), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([QPointF(*point) for point in points]))
    text = _("cut-off {value}", value=cut)
    width = painter.fontMetrics().horizontalAdvance(text) + 12
    label = QRect(min(across, right - width), top - height // 2, width, height)
    painter.fillRect(label, theme.colour(colours.accent))
    painter.setPen(theme.colour(colours.on_accent))
    paint(painter, label, Qt.AlignmentFlag.AlignCenter, text)
