"""Paints a record as a tile: its picture, its foot, and its signs."""

import math
from typing import TypeAlias

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap, QPolygonF

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.explore.lines import paint_lines
from dataselect_gui.window.explore.scores import disagrees, short
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import elided, paint
from dataselect_gui.workflow import Lines

Shown: TypeAlias = QPixmap | Lines | str
"""The picture of a record, its texts, or why there is neither."""
FOOT = 22
"""The height of a tile below its picture."""
ANSWER = 16
"""How much higher the foot is where it says what the model answers."""
SIGN = 15
"""The width and height of a sign, in pixels."""
_BAR = 3
_LEAST_FOR_TEXT = 96


def foot_of(state: State) -> int:
    """Return the height of a foot: where records that look wrong are shown alone, it says an answer."""
    look = state.look
    says_answer = look is not None and look.answers is not None and state.shown is not None
    return FOOT + ANSWER if says_answer else FOOT


def paint_tile(
    painter: QPainter,
    state: State,
    rect: QRect,
    row: int,
    picture: Shown | None,
    *,
    has_focus: bool,
) -> None:
    """Paint a record as a tile.

    Parameters
    ----------
    painter : QPainter
        Its font is that of the foot.
    state : State
        Holds the record's label, score and flags.
    rect : QRect
        The tile's rectangle: a square and its foot.
    row : int
        The record.
    picture : QPixmap, tuple, str or None
        Its picture or its texts, or why there is none; None while that is not known.
    has_focus : bool
        Whether keys act on the tiles.
    """
    colours = theme.palette()
    foot = foot_of(state)
    image = QRect(rect.x(), rect.y(), rect.width(), rect.height() - foot)
    is_withheld = not state.eligible[row]  # Withheld by the owner, or its person opted out.
    painter.fillRect(rect, theme.colour(colours.panel))
    painter.fillRect(image, theme.colour(colours.sunk))
    painter.setOpacity(0.3 if is_withheld else 1.0)
    if isinstance(picture, QPixmap):
        paint_whole(painter, image, picture)
    elif isinstance(picture, tuple):
        paint_lines(painter, image, picture)
    painter.setOpacity(1.0)
    if isinstance(picture, str):
        painter.setPen(theme.colour(colours.warn if state.stale[row] else colours.dim))
        wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        text = picture if image.width() >= _LEAST_FOR_TEXT else "?"
        paint(painter, image.adjusted(4, 4, -4, -4), wrap, text)
    _paint_foot(painter, state, rect.adjusted(0, 0, 0, FOOT - foot), row)
    if foot > FOOT:
        _paint_answer(painter, state, rect, row)
    signs = image.topLeft() + QPoint(5, 5)
    if is_withheld:
        _paint_withheld(painter, colours, signs)
        signs += QPoint(SIGN + 4, 0)
    if state.look is not None and state.look.is_corrected(row):
        paint_relabelled(painter, colours, signs)
        signs += QPoint(SIGN + 4, 0)
    if state.look is not None and disagrees(state.look, row):
        paint_differs(painter, colours, signs)
    if state.selection.chosen[row]:
        bar = QRect(rect.x(), rect.bottom() - _BAR + 1, rect.width(), _BAR)
        painter.fillRect(bar, theme.colour(colours.accent))
    if state.marked[row]:
        _paint_marked(painter, colours, rect)
    if row == state.current:
        pen = QPen(theme.colour(colours.accent if has_focus else colours.edge), 2)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect.adjusted(-2, -2, 2, 2))


def _paint_foot(painter: QPainter, state: State, rect: QRect, row: int) -> None:
    colours = theme.palette()
    foot = QRect(rect.x() + 5, rect.bottom() - FOOT + 1, rect.width() - 10, FOOT - _BAR + 1)
    middle = Qt.AlignmentFlag.AlignVCenter
    metrics = painter.fontMetrics()
    look, name = state.look, state.score
    score = "" if look is None or name is None else short(float(look.scores[name][row]))
    width = metrics.horizontalAdvance(score)
    code = int(state.class_codes[row])
    left = foot.x()
    label = None if look is None else look.label_of(row)
    if label is not None:
        if code >= 0:
            paint_class(painter, colours, code, QPointF(left + 4, foot.center().y() + 1))
            left += 13
        name = visible(label)
        room = foot.right() - left - width - 4
        if room < metrics.horizontalAdvance("mmm"):
            name = name[:2]
        if room < metrics.horizontalAdvance(name[:2]):
            score, room = "", foot.right() - left
        painter.setPen(theme.colour(colours.text))
        text = elided(metrics, name, Qt.TextElideMode.ElideRight, room)
        paint(painter, QRect(left, foot.y(), room, foot.height()), middle, text)
    painter.setPen(theme.colour(colours.dim))
    paint(painter, foot, middle | Qt.AlignmentFlag.AlignRight, score)


def paint_nothing_shown(painter: QPainter, rect: QRect, state: State) -> None:
    """Write why no record is shown."""
    painter.setPen(theme.colour(theme.palette().dim))
    painter.setFont(theme.font())
    text = _("No record matches.") if state.look is not None else _("No project is open.")
    paint(painter, rect, Qt.AlignmentFlag.AlignCenter, text)


def paint_whole(painter: QPainter, into: QRect, picture: QPixmap) -> None:
    """Paint a picture as large as it fits, never cropped; pixels stay squares when enlarged."""
    scale = min(into.width() / picture.width(), into.height() / picture.height())
    size = QSize(max(1, round(picture.width() * scale)), max(1, round(picture.height() * scale)))
    target = QRect(QPoint(0, 0), size)
    target.moveCenter(into.center())
    ratio = painter.device().devicePixelRatioF()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale * ratio < 1)
    painter.drawPixmap(target, picture)


def paint_class(painter: QPainter, colours: theme.Palette, code: int, centre: QPointF) -> None:
    """Paint the sign of a class: six colours, then the same ones with another shape."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(colours.classes[code % len(colours.classes)]))
    painter.translate(centre)
    shape = code // len(colours.classes) % 4
    if shape == 0:
        painter.drawEllipse(QPointF(0, 0), 4, 4)
    elif shape == 1:
        painter.drawRect(QRectF(-3.5, -3.5, 7, 7))
    elif shape == 2:
        painter.drawPolygon(QPolygonF([QPointF(0, -4.5), QPointF(4.5, 3.5), QPointF(-4.5, 3.5)]))
    else:
        corners = [QPointF(0, -5), QPointF(5, 0), QPointF(0, 5), QPointF(-5, 0)]
        painter.drawPolygon(QPolygonF(corners))
    painter.restore()


def _paint_answer(painter: QPainter, state: State, rect: QRect, row: int) -> None:
    """Paint what the model answers, below the label that was given."""
    look = state.look
    answer = None if look is None or look.answers is None else look.answers.short(row)
    colours = theme.palette()
    line = QRect(rect.x() + 5, rect.bottom() - ANSWER - _BAR + 1, rect.width() - 10, ANSWER)
    text = _("no answer") if answer is None else f"→ {visible(answer)}"
    painter.setPen(theme.colour(colours.dim if answer is None else colours.text))
    text = elided(painter.fontMetrics(), text, Qt.TextElideMode.ElideRight, line.width())
    paint(painter, line, Qt.AlignmentFlag.AlignVCenter, text)


def _circle(painter: QPainter, colours: theme.Palette, at: QPoint, pen: QPen) -> QRectF:
    """Paint the ground of a sign; the pen stays for what comes upon it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    circle = QRectF(at.x(), at.y(), SIGN, SIGN)
    painter.setBrush(theme.colour(colours.panel))
    painter.setPen(pen)
    painter.drawEllipse(circle)
    return circle


def paint_differs(painter: QPainter, colours: theme.Palette, at: QPoint) -> None:
    """Paint a sign of two things that are not equal: the model's answer is not the given label."""
    painter.save()
    circle = _circle(painter, colours, at, QPen(theme.colour(colours.warn), 1.5))
    for off in (-2, 2):
        middle = circle.center() + QPointF(0, off)
        painter.drawLine(middle - QPointF(3.5, 0), middle + QPointF(3.5, 0))
    painter.drawLine(circle.center() + QPointF(-2.5, 4.5), circle.center() + QPointF(2.5, -4.5))
    painter.restore()


def paint_relabelled(painter: QPainter, colours: theme.Palette, at: QPoint) -> None:
    """Paint a tag: the owner gave the record another label than its file has."""
    painter.save()
    circle = _circle(painter, colours, at, QPen(theme.colour(colours.accent), 1.5))
    x, y = circle.x(), circle.y()
    corners = [(3.5, 5), (8, 5), (11.5, 7.5), (8, 10), (3.5, 10)]
    painter.drawPolygon(QPolygonF([QPointF(x + across, y + down) for across, down in corners]))
    painter.restore()


def _paint_withheld(painter: QPainter, colours: theme.Palette, at: QPoint) -> None:
    """Paint a barred circle."""
    painter.save()
    circle = _circle(painter, colours, at, QPen(theme.colour(colours.stay), 2))
    off = SIGN / 2 * math.sqrt(0.5)
    painter.drawLine(circle.center() + QPointF(-off, off), circle.center() + QPointF(off, -off))
    painter.restore()


def _paint_marked(painter: QPainter, colours: theme.Palette, rect: QRect) -> None:
    """Paint an outline and a tick in the top right corner."""
    painter.save()
    pen = QPen(theme.colour(colours.text), 2)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(1, 1, -1, -1))
    corner = QRect(rect.right() - 17, rect.y(), 18, 18)
    painter.fillRect(corner, theme.colour(colours.text))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour(colours.panel), 2))
    x, y = corner.x(), corner.y()
    painter.drawPolyline(
        QPolygonF([QPointF(x + 4.5, y + 9.5), QPointF(x + 7.5, y + 12.5), QPointF(x + 13.5, y + 5.5)])
    )
    painter.restore()
