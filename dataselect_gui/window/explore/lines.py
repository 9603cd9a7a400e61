"""Paints a record that is read, not seen: texts, each with what it is called."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter

from dataselect_gui.plain import visible
from dataselect_gui.texts import ngettext
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import elided, paint
from dataselect_gui.workflow import Lines

_EDGE, _GAP = 6, 6
_MOST_FOR_NAMES = 0.5
"""Of the width."""
_MOST_SHOWN = 2000
"""Characters of one text."""


def paint_lines(painter: QPainter, into: QRect, lines: Lines) -> None:
    """Paint as many texts as fit, and how many more there are.

    A text with a name takes one line, the names in a column of their own; one without takes as many
    lines as there is room for.
    """
    colours, room = theme.palette(), into.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
    painter.save()
    painter.setFont(theme.font(-1))
    metrics = painter.fontMetrics()
    height, start = metrics.lineSpacing(), room.y()
    widest = max((metrics.horizontalAdvance(visible(name)) for name, _text in lines), default=0)
    names = min(widest, int(room.width() * _MOST_FOR_NAMES))
    for place, (name, text) in enumerate(lines):
        left = (room.bottom() - start + 1) // height
        more = len(lines) - place
        if left < min(2, more):  # The last line of the room says how many it lacks.
            painter.setPen(theme.colour(colours.dim))
            rest = QRect(room.x(), start, room.width(), height)
            paint(painter, rest, _MIDDLE, ngettext("{count} more", "{count} more", more))
            break
        line = QRect(room.x(), start, room.width(), height if name else left * height)
        if name:
            painter.setPen(theme.colour(colours.dim))
            paint(painter, line, _MIDDLE, _cut(painter, name, names))
            line.setLeft(line.left() + names + _GAP)
            painter.setPen(theme.colour(colours.text))
            paint(painter, line, _MIDDLE, _cut(painter, text, line.width()))
            start += height
        else:
            painter.setPen(theme.colour(colours.text))
            shown = text[:_MOST_SHOWN]
            paint(painter, line, _WRAPPED, shown)
            start += metrics.boundingRect(line, int(_WRAPPED), visible(shown)).height()
    painter.restore()


_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_WRAPPED = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


def _cut(painter: QPainter, text: str, room: int) -> str:
    return elided(painter.fontMetrics(), visible(text[:_MOST_SHOWN]), Qt.TextElideMode.ElideRight, room)
