"""Paints a record that is read, not seen: texts, each with what it is called."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter

from dataselect_gui.plain import visible
from dataselect_gui.texts import ngettext
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import elided, paint
from dataselect_gui.workflow import Lines

_EDGE, _GAP, _BETWEEN = 6, 6, 16
_MOST_FOR_NAMES = 0.5
"""Of the width."""
_LEAST_WIDTH = 190
"""Of a column of names with their texts."""
_ROUNDING = 2
"""Pixels by which a text may be wider than it is measured."""
_MOST_SHOWN = 2000
"""Characters of one text."""
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_WRAPPED = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


def paint_lines(painter: QPainter, into: QRect, lines: Lines) -> None:
    """Paint as much of a record as fits, and say what is left out.

    A text without a name takes as many lines as there are; texts with names take a line each, in as
    many columns as there is room for.
    """
    room = into.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
    painter.save()
    painter.setFont(theme.font(-1))
    if any(name for name, _text in lines):
        _paint_cells(painter, room, lines)
    elif lines:
        _paint_text(painter, room, " ".join(text for _name, text in lines))
    painter.restore()


def _paint_text(painter: QPainter, room: QRect, text: str) -> None:
    colours, metrics = theme.palette(), painter.fontMetrics()
    height = max(1, room.height() // metrics.lineSpacing()) * metrics.lineSpacing()
    line = QRect(room.x(), room.y(), room.width(), height)

    def fits(count: int) -> bool:
        part = visible(text[:count]) + ("…" if count < len(text) else "")
        return metrics.boundingRect(line, int(_WRAPPED), part).height() <= height

    count = min(len(text), _MOST_SHOWN)
    if not fits(count):
        low, high = 0, count  # The first so many characters fit, and so many do not.
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        count = low
    painter.setPen(theme.colour(colours.text))
    paint(painter, line, _WRAPPED, visible(text[:count]) + ("…" if count < len(text) else ""))


def _paint_cells(painter: QPainter, room: QRect, lines: Lines) -> None:
    colours, metrics = theme.palette(), painter.fontMetrics()
    height = metrics.lineSpacing()
    per_column = max(1, room.height() // height)
    columns = min(max(1, room.width() // _LEAST_WIDTH), -(-len(lines) // per_column))
    width = (room.width() - (columns - 1) * _BETWEEN) // columns
    shown = len(lines) if len(lines) <= per_column * columns else per_column * columns - 1
    for first in range(0, shown, per_column):
        part = lines[first : min(first + per_column, shown)]
        widest = max(metrics.horizontalAdvance(visible(name)) for name, _text in part)
        names = min(widest + _ROUNDING, int(width * _MOST_FOR_NAMES))
        left = room.x() + first // per_column * (width + _BETWEEN)
        for place, (name, text) in enumerate(part):
            line = QRect(left, room.y() + place * height, width, height)
            painter.setPen(theme.colour(colours.dim))
            paint(painter, line, _MIDDLE, _cut(painter, name, names))
            line.setLeft(left + names + _GAP)
            painter.setPen(theme.colour(colours.text))
            paint(painter, line, _MIDDLE, _cut(painter, text, line.width()))
    if shown < len(lines):
        column, place = divmod(shown, per_column)
        left = room.x() + column * (width + _BETWEEN)
        more = len(lines) - shown
        painter.setPen(theme.colour(colours.dim))
        line = QRect(left, room.y() + place * height, width, height)
        paint(painter, line, _MIDDLE, ngettext("{count} more", "{count} more", more))


def _cut(painter: QPainter, text: str, room: int) -> str:
    return elided(painter.fontMetrics(), visible(text[:_MOST_SHOWN]), Qt.TextElideMode.ElideRight, room)
