"""The pictures beside the explanations of terms: a few shapes each, in the theme's colours.

They show made-up values. Words within them are few, since a picture cannot wrap them.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from dataselect_gui.texts import _
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import paint

HEIGHT = 96
_GAP = 8.0


def draw(term: Term, painter: QPainter, room: QRectF) -> None:
    """Draw a term's picture.

    Parameters
    ----------
    term : Term
        The term.
    painter : QPainter
        Draws it.
    room : QRectF
        Where.
    """
    painter.setFont(theme.font(-1))
    _PICTURES[term](painter, room.adjusted(1, 1, -1, -1))


def _fill(painter: QPainter, area: QRectF, value: str, edge: str = "") -> None:
    painter.setPen(QPen(theme.colour(edge), 1) if edge else Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(value))
    painter.drawRoundedRect(area, 2, 2)


def _line(painter: QPainter, *ends: float, value: str, width: float = 1.5) -> None:
    painter.setPen(QPen(theme.colour(value), width))
    painter.drawLine(QLineF(*ends))


def _arrow(painter: QPainter, start: float, end: float, y: float, value: str) -> None:
    _line(painter, start, y, end, y, value=value, width=2.5)
    for side in (-5, 5):
        _line(painter, end - 6, y + side, end, y, value=value, width=2.5)


def _words(painter: QPainter, area: QRectF, text: str, *, end: bool = False) -> None:
    painter.setPen(theme.colour(theme.palette().dim))
    side = Qt.AlignmentFlag.AlignTrailing if end else Qt.AlignmentFlag.AlignLeading
    paint(painter, area, side | Qt.AlignmentFlag.AlignVCenter, text)


def _axis(painter: QPainter, room: QRectF) -> float:
    """Draw a scale from low to high along the foot; return its height."""
    y = room.bottom() - 22
    _line(painter, room.left(), y, room.right(), y, value=theme.palette().edge)
    foot = QRectF(room.left(), y + 2, room.width(), 20)
    _words(painter, foot, _("low"))
    _words(painter, foot, _("high"), end=True)
    return y


def _bars(
    painter: QPainter, room: QRectF, heights: Sequence[float], strong: Callable[[int], bool]
) -> None:
    """Draw bars over a scale; those that are meant in the strong colour."""
    y, colours = _axis(painter, room), theme.palette()
    step = room.width() / len(heights)
    for place, height in enumerate(heights):
        bar = QRectF(room.left() + place * step + 1, y - height, step - 2, height)
        _fill(painter, bar, colours.accent if strong(place) else colours.edge)


def _two_rows(painter: QPainter, room: QRectF, names: tuple[str, str]) -> list[QRectF]:
    """Write a name before each of two rows, and return the rooms behind them."""
    widest = max(painter.fontMetrics().horizontalAdvance(name) for name in names)
    left = min(widest + 16.0, room.width() / 2)
    rows = []
    for place, name in enumerate(names):
        row = QRectF(
            room.left(), room.top() + place * room.height() / 2, room.width(), room.height() / 2
        )
        _words(painter, QRectF(row.left(), row.top(), left, row.height()), name)
        rows.append(row.adjusted(left, 12, 0, -12))
    return rows


_HILL = (3, 6, 11, 18, 28, 40, 50, 56, 50, 42, 33, 25, 19, 14, 10, 7, 5, 4, 3, 2)


def _score(painter: QPainter, room: QRectF) -> None:
    y, colours = _axis(painter, room), theme.palette()
    for share in (0.03, 0.16, 0.28, 0.44, 0.58, 0.9):
        tile = QRectF(room.left() + share * (room.width() - 28), y - 46, 24, 24)
        _fill(painter, tile, colours.sunk, colours.edge)
        middle = tile.center().x()
        _line(painter, middle, y - 20, middle, y - 4, value=colours.accent)
        painter.setBrush(theme.colour(colours.accent))
        painter.drawEllipse(QPointF(middle, y), 3, 3)


def _vog(painter: QPainter, room: QRectF) -> None:
    colours, side = theme.palette(), 52.0
    step = (room.width() - side) / 2
    for place, (x, y) in enumerate(((6, 8), (28, 4), (16, 30))):
        tile = QRectF(room.left() + place * step, room.top() + 8, side, side)
        _fill(painter, tile, colours.sunk, colours.edge)
        _fill(painter, QRectF(tile.left() + x, tile.top() + y, 18, 18), colours.accent)
        if place < 2:
            _arrow(painter, tile.right() + 16, tile.left() + step - 16, tile.center().y(), colours.edge)
    foot = QRectF(room.left(), room.bottom() - 24, room.width(), 20)
    _words(painter, foot, _("early in training"))
    _words(painter, foot, _("at its end"), end=True)


def _plis(painter: QPainter, room: QRectF) -> None:
    colours, side = theme.palette(), 34.0
    for place, (row, reach) in enumerate(
        zip(_two_rows(painter, room, (_("as it is"), _("a dot changed"))), (0.25, 0.9), strict=True)
    ):
        tile = QRectF(row.left(), row.center().y() - side / 2, side, side)
        _fill(painter, tile, colours.sunk, colours.edge)
        if place:
            _fill(painter, QRectF(tile.left() + 21, tile.top() + 8, 5, 5), colours.text)
        start = tile.right() + 12
        _arrow(
            painter, start, start + reach * (room.right() - start), tile.center().y(), colours.accent
        )


def _gradient_norm(painter: QPainter, room: QRectF) -> None:
    colours = theme.palette()
    rows = _two_rows(painter, room, (_("low"), _("high")))
    for row, reach in zip(rows, (0.2, 0.9), strict=True):
        middle = row.center().y()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(colours.edge))
        painter.drawEllipse(QPointF(row.left() + 7, middle), 7, 7)
        start = row.left() + 20
        _arrow(painter, start, start + reach * (row.right() - start), middle, colours.accent)


def _answers(painter: QPainter, room: QRectF) -> None:
    """Draw how sure a model is of the given label, for a low and a high value."""
    colours = theme.palette()
    rows = _two_rows(painter, room, (_("low"), _("high")))
    for row, sure in zip(rows, (0.92, 0.08), strict=True):
        bar = QRectF(row.left(), row.center().y() - 9, row.width(), 18)
        _fill(painter, bar, colours.sunk, colours.edge)
        _fill(painter, QRectF(bar.left(), bar.top(), sure * bar.width(), bar.height()), colours.accent)
        text = _("{percent} % sure of its label", percent=round(100 * sure))
        painter.setPen(theme.colour(colours.on_accent if sure > 0.5 else colours.text))
        inner = bar.adjusted(8 if sure > 0.5 else sure * bar.width() + 8, 0, 0, 0)
        paint(painter, inner, Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter, text)


def _distance(painter: QPainter, room: QRectF) -> None:
    """Draw the way from the model's answer to the label, for a low and a high value."""
    colours = theme.palette()
    rows = _two_rows(painter, room, (_("low"), _("high")))
    for row, way in zip(rows, (0.12, 0.85), strict=True):
        middle, start = row.center().y(), row.left() + 8
        end = start + way * (row.width() - 24)
        _line(painter, start, middle, end, middle, value=colours.accent, width=3)
        _line(painter, start, middle - 12, start, middle + 12, value=colours.text, width=3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(colours.accent))
        painter.drawEllipse(QPointF(end, middle), 6, 6)
    low = rows[0]
    aside = low.adjusted(0.12 * low.width() + 24, -12, 0, 12)
    _words(painter, aside, _("the model's answer, beside the label"))


def _privacy_loss(painter: QPainter, room: QRectF) -> None:
    colours = theme.palette()
    _words(painter, QRectF(room.left(), room.top(), room.width(), 20), _("each bar is a record"))
    foot, step = room.bottom() - 4, room.width() / 10
    _line(painter, room.left(), foot, room.right(), foot, value=colours.edge)
    for place, height in enumerate((14, 18, 15, 20, 17, 24, 16, 60, 14, 18)):
        bar = QRectF(room.left() + place * step + 2, foot - height, step - 4, height)
        _fill(painter, bar, colours.accent if height > 50 else colours.edge)


def _epsilon(painter: QPainter, room: QRectF) -> None:
    """Draw of ten picked records those that leave, for a small and a large ε."""
    colours = theme.palette()
    rows = _two_rows(painter, room, ("ε 0.5", "ε 2"))
    for row, leaving in zip(rows, (4, 9), strict=True):
        step = min(26.0, row.width() / 10)
        for place in range(10):
            tile = QRectF(row.left() + place * step, row.center().y() - step / 2, step - 4, step - 4)
            leaves = place < leaving
            _fill(painter, tile, colours.leave if leaves else colours.panel, colours.edge)


def _delta(painter: QPainter, room: QRectF) -> None:
    colours, step = theme.palette(), 8.0
    columns, rows = int(room.width() // step), int(room.height() // step)
    painter.setPen(Qt.PenStyle.NoPen)
    for place in range(columns * rows):
        row, column = divmod(place, columns)
        is_odd = (row, column) == (rows // 2, 2 * columns // 3)
        painter.setBrush(theme.colour(colours.stop if is_odd else colours.line))
        middle = QPointF(room.left() + (column + 0.5) * step, room.top() + (row + 0.5) * step)
        painter.drawEllipse(middle, 4 if is_odd else 2, 4 if is_odd else 2)


def _bounds(painter: QPainter, room: QRectF) -> None:
    colours = theme.palette()
    inner = room.adjusted(24, 0, -24, 0)
    _bars(painter, inner, _HILL, lambda _place: False)
    for x in (inner.left(), inner.right()):
        _line(painter, x, room.top() + 4, x, room.bottom() - 18, value=colours.accent, width=3)


def _card(painter: QPainter, room: QRectF) -> None:
    colours = theme.palette()
    sheet = QRectF(room.left() + 8, room.top() + 4, 68, room.height() - 8)
    _fill(painter, sheet, colours.panel, colours.edge)
    for place, share in enumerate((0.5, 0.8, 0.7, 0.8, 0.4)):
        y = sheet.top() + 16 + 14 * place
        end = sheet.left() + 8 + share * (sheet.width() - 12)
        _line(
            painter,
            sheet.left() + 8,
            y,
            end,
            y,
            value=colours.dim if place else colours.accent,
            width=3,
        )
    middle = sheet.center().y()
    _line(painter, sheet.right() + 8, middle, sheet.right() + 56, middle, value=colours.edge)
    for place in range(3):
        tile = QRectF(sheet.right() + 64 + 46 * place, middle - 19, 38, 38)
        _fill(painter, tile, colours.leave_tint, colours.leave)


def _digest(painter: QPainter, room: QRectF) -> None:
    rows = _two_rows(painter, room, (_("“Dear Ann”"), _("“Dear Anna”")))
    for row, text in zip(rows, ("3f9a 51c0 …", "b07d e41f …"), strict=True):
        middle = row.center().y()
        _arrow(painter, row.left(), row.left() + 32, middle, theme.palette().edge)
        _words(painter, QRectF(row.left() + 44, middle - 12, row.width() - 44, 24), text)


def _cut_off(painter: QPainter, room: QRectF) -> None:
    cut = 12
    _bars(painter, room, _HILL, lambda place: place >= cut)
    x = room.left() + cut * room.width() / len(_HILL)
    _line(painter, x, room.top() + 2, x, room.bottom() - 22, value=theme.palette().text, width=2)


def _selection(painter: QPainter, room: QRectF) -> None:
    colours, step = theme.palette(), 44.0
    for place in range(2 * int(room.width() // step)):
        row, column = place % 2, place // 2
        tile = QRectF(
            room.left() + column * step, room.top() + row * step + 4, step - _GAP, step - _GAP
        )
        _fill(painter, tile, colours.sunk, colours.edge)
        if place % 3 == 1:
            _fill(painter, QRectF(tile.left(), tile.bottom() - 6, tile.width(), 6), colours.accent)


def _calibration(painter: QPainter, room: QRectF) -> None:
    """Draw the values of clean records, and the limit above which few of them are."""
    limit = 17
    _bars(painter, room, _HILL, lambda place: place < limit)
    x = room.left() + limit * room.width() / len(_HILL)
    _line(painter, x, room.top() + 2, x, room.bottom() - 22, value=theme.palette().text, width=2)


def _mechanism(painter: QPainter, room: QRectF) -> None:
    """Draw what is selected, chance, and what leaves of it."""
    colours, side = theme.palette(), 22.0
    middle, ends = room.center(), (room.left() + 8, room.right() - 3 * side - 16)
    for place in range(6):
        row, column = place % 2, place // 2
        for at, leaves in zip(ends, (True, place not in {1, 4}), strict=True):
            top = middle.y() + (row - 1) * (side + 6) + 3
            tile = QRectF(at + column * (side + 4), top, side, side)
            _fill(painter, tile, colours.accent if leaves else colours.panel, colours.edge)
    die = QRectF(middle.x() - 18, middle.y() - 18, 36, 36)
    _fill(painter, die, colours.panel, colours.text)
    painter.setBrush(theme.colour(colours.text))
    for x, y in ((-9, -9), (0, 0), (9, 9)):
        painter.drawEllipse(middle + QPointF(x, y), 2, 2)


def _odds(painter: QPainter, room: QRectF) -> None:
    """Draw odds of 1 to 1, and of 3 to 1."""
    colours = theme.palette()
    rows = _two_rows(painter, room, (_("1 to 1"), _("3 to 1")))
    for row, share in zip(rows, (0.5, 0.75), strict=True):
        bar = QRectF(row.left(), row.center().y() - 9, row.width(), 18)
        _fill(painter, bar, colours.sunk, colours.edge)
        _fill(painter, QRectF(bar.left(), bar.top(), share * bar.width(), bar.height()), colours.accent)


def _noise(painter: QPainter, room: QRectF) -> None:
    """Draw a number, and where it may be shown."""
    colours = theme.palette()
    _bars(painter, room, [56 * 0.72 ** abs(place - 9) + 2 for place in range(19)], lambda _at: False)
    x = room.center().x()
    _line(painter, x, room.top() + 2, x, room.bottom() - 22, value=colours.accent, width=3)


def _clip(painter: QPainter, room: QRectF) -> None:
    """Draw pulls of three sizes, one of which goes past the limit."""
    colours = theme.palette()
    limit = room.left() + 0.6 * room.width()
    for place, reach in enumerate((0.3, 0.5, 0.95)):
        y, end = room.top() + 20 + 26 * place, room.left() + reach * room.width()
        _arrow(painter, room.left(), min(end, limit), y, colours.accent)
        if end > limit:
            _line(painter, limit + 6, y, end, y, value=colours.line, width=2.5)
    _line(painter, limit, room.top() + 4, limit, room.bottom() - 4, value=colours.text, width=2)


def _checkpoint(painter: QPainter, room: QRectF) -> None:
    """Draw training as a line, and the moment at which the model was saved."""
    colours, y = theme.palette(), room.center().y()
    _arrow(painter, room.left(), room.right() - 8, y, colours.edge)
    saved = QPointF(room.left() + 0.62 * room.width(), y)
    painter.setBrush(theme.colour(colours.accent))
    painter.drawEllipse(saved, 8, 8)
    foot = QRectF(room.left(), room.bottom() - 24, room.width(), 20)
    _words(painter, foot, _("early in training"))
    _words(painter, foot, _("at its end"), end=True)


def _dp(painter: QPainter, room: QRectF) -> None:
    """Draw what a model learned with a record, and without it: almost the same."""
    colours = theme.palette()
    rows = _two_rows(painter, room, (_("with a record"), _("without it")))
    for row, shift in zip(rows, (0.0, 0.04), strict=True):
        for place, height in enumerate(_HILL):
            step = row.width() / len(_HILL)
            tall = height * (row.height() + 12) / 60 * (1 + (shift if place % 2 else -shift))
            bar = QRectF(row.left() + place * step, row.bottom() - tall, step - 1.5, tall)
            _fill(painter, bar, colours.accent)


def _alpha(painter: QPainter, room: QRectF) -> None:
    """Draw a hundred clean records, five of which are lost."""
    colours, step = theme.palette(), min(room.width() / 25, room.height() / 4)
    for place in range(100):
        row, column = divmod(place, 25)
        tile = QRectF(room.left() + column * step, room.top() + row * step, step - 3, step - 3)
        lost = place % 21 == 10
        _fill(painter, tile, colours.panel if lost else colours.edge, colours.stop if lost else "")


def _person(painter: QPainter, room: QRectF) -> None:
    """Draw the records of two persons, each person's in a frame."""
    colours, side = theme.palette(), 30.0
    left = room.left() + 4
    for count in (2, 4):
        frame = QRectF(left, room.center().y() - 26, count * (side + 6) + 10, 52)
        _fill(painter, frame, colours.panel, colours.accent)
        for place in range(count):
            tile = QRectF(left + 8 + place * (side + 6), frame.center().y() - side / 2, side, side)
            _fill(painter, tile, colours.sunk, colours.edge)
        left = frame.right() + 16


def _pld(painter: QPainter, room: QRectF) -> None:
    """Draw amounts of leaking by how likely they are; the worst is rare."""
    _bars(painter, room, _HILL, lambda place: place == len(_HILL) - 1)


def _budget(painter: QPainter, room: QRectF) -> None:
    """Draw what is spent, what a release takes, and what is left."""
    colours, y = theme.palette(), room.center().y() - 20
    bar = QRectF(room.left(), y, room.width(), 22)
    _fill(painter, bar, colours.sunk, colours.edge)
    _fill(painter, QRectF(bar.left(), y, 0.4 * bar.width(), 22), colours.accent)
    foot = QRectF(room.left(), bar.bottom() + 4, room.width(), 20)
    _words(painter, foot, _("spent"))
    _words(painter, foot, _("left"), end=True)


def _signature(painter: QPainter, room: QRectF) -> None:
    """Draw a sheet that is sealed."""
    colours = theme.palette()
    sheet = QRectF(room.left() + 8, room.top() + 4, 68, room.height() - 8)
    _fill(painter, sheet, colours.panel, colours.edge)
    for place, share in enumerate((0.8, 0.7, 0.8)):
        y = sheet.top() + 16 + 14 * place
        end = sheet.left() + 8 + share * (sheet.width() - 12)
        _line(painter, sheet.left() + 8, y, end, y, value=colours.dim, width=3)
    seal = QPointF(sheet.right() - 18, sheet.bottom() - 18)
    painter.setBrush(theme.colour(colours.accent))
    painter.drawEllipse(seal, 11, 11)
    shaft = sheet.right() + 56
    middle = room.center().y()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.colour(colours.accent), 3))
    painter.drawEllipse(QPointF(shaft, middle), 11, 11)
    _line(painter, shaft + 12, middle, shaft + 70, middle, value=colours.accent, width=3)
    for tooth in (52, 66):
        _line(painter, shaft + tooth, middle, shaft + tooth, middle + 10, value=colours.accent, width=3)


_PICTURES: dict[Term, Callable[[QPainter, QRectF], None]] = {
    Term.SCORE: _score,
    Term.VOG: _vog,
    Term.PLIS: _plis,
    Term.GRADIENT_NORM: _gradient_norm,
    Term.EL2N: _distance,
    Term.PRIVACY_LOSS: _privacy_loss,
    Term.LOSS: _answers,
    Term.EPSILON: _epsilon,
    Term.DELTA: _delta,
    Term.BOUNDS: _bounds,
    Term.CARD: _card,
    Term.DIGEST: _digest,
    Term.CUT_OFF: _cut_off,
    Term.SELECTION: _selection,
    Term.CALIBRATION: _calibration,
    Term.MECHANISM: _mechanism,
    Term.ODDS: _odds,
    Term.NOISE: _noise,
    Term.CLIP: _clip,
    Term.CHECKPOINT: _checkpoint,
    Term.DP: _dp,
    Term.ALPHA: _alpha,
    Term.PERSON: _person,
    Term.PLD: _pld,
    Term.BUDGET: _budget,
    Term.SIGNATURE: _signature,
}
