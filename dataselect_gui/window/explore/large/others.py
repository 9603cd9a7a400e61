"""The records of one person, as a line of small tiles."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.explore.thumbnails import Thumbnails, key_of
from dataselect_gui.window.explore.tile import paint_whole
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import elided, paint
from dataselect_gui.window.widgets.spoken import Role, speak_as

_SIDE, _READ_WIDTH, _GAP, _EDGE = 56, 112, 6, 3
"""Of a tile with a picture, and of one with the id of what is read; between tiles; around them."""


class Others(QScrollArea):
    """Shows the records of a person, the current one framed; a click or Enter goes to another.

    Parameters
    ----------
    state : State
        What the window shows.
    thumbnails : Thumbnails
        Decodes the pictures.

    Attributes
    ----------
    tiles : Tiles
        The tiles, which have the focus.

    Signals
    -------
    chosen(int)
        A record is to be shown.
    """

    chosen = Signal(int)

    def __init__(self, state: State, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.tiles = Tiles(state, thumbnails)
        self.tiles.chosen.connect(self.chosen)
        self.tiles.came_to.connect(self._reveal)
        self.setWidget(self.tiles)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Make room for the bar where it is needed."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        bar = self.horizontalScrollBar().sizeHint().height()
        is_long = self.tiles.width() > self.width()
        self.setFixedHeight(_SIDE + 2 * _EDGE + (bar if is_long else 0))

    def _reveal(self, rect: QRect) -> None:
        self._fit()
        self.ensureVisible(rect.center().x(), rect.center().y(), rect.width(), 0)


class Tiles(QWidget):
    """The tiles of `Others`.

    Attributes
    ----------
    rows : sequence of int
        Their records, from the left.

    Signals
    -------
    chosen(int)
        A record is to be shown.
    came_to(QRect)
        The tile there is to be scrolled to.
    """

    chosen = Signal(int)
    came_to = Signal(QRect)

    def __init__(self, state: State, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._state, self._thumbnails = state, thumbnails
        self.rows: Sequence[int] = ()
        self._row, self._place = -1, 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        speak_as(self, Role.List)
        thumbnails.arrived.connect(self.update)

    def show_rows(self, rows: Sequence[int], row: int) -> None:
        """Show records, of which one is the current one."""
        self.rows, self._row = rows, row
        self._place = rows.index(row) if row in rows else 0
        self.resize(self.sizeHint())
        count = max(0, len(rows) - 1)
        text = ngettext(
            "{count:,} other record of the same {unit}",
            "{count:,} other records of the same {unit}",
            count,
            unit=self._unit,
        )
        self.setAccessibleName(visible(text))
        self._say()
        self.update()
        self.came_to.emit(self.tile_rect(self._place))

    def tile_rect(self, place: int) -> QRect:
        """Return where a tile lies."""
        return QRect(_EDGE + place * (self._width + _GAP), _EDGE, self._width, _SIDE)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the room for all tiles."""
        return QSize(2 * _EDGE + len(self.rows) * (self._width + _GAP), _SIDE + 2 * _EDGE)

    @property
    def _is_read(self) -> bool:
        return self._state.look is not None and self._state.look.is_read

    @property
    def _width(self) -> int:
        return _READ_WIDTH if self._is_read else _SIDE

    @property
    def _unit(self) -> str:
        look = self._state.look
        return _("person") if look is None else look.unit_column or _("unit")

    def _say(self) -> None:
        look = self._state.look
        if look is not None and self.rows:
            self.setAccessibleDescription(visible(look.ids[self.rows[self._place]]))

    def _go_to(self, place: int) -> None:
        self._place = min(max(place, 0), len(self.rows) - 1)
        self._say()
        self.update()
        self.came_to.emit(self.tile_rect(self._place))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go to the record under the mouse."""
        at = event.position().toPoint()
        for place, row in enumerate(self.rows):
            if event.button() == Qt.MouseButton.LeftButton and self.tile_rect(place).contains(at):
                self.chosen.emit(row)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Move along the line, and go to a record."""
        key = event.key()
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if key in steps and self.rows:
            self._go_to(self._place + steps[Qt.Key(key)])
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and self.rows:
            self.chosen.emit(self.rows[self._place])
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Paint the ring."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Paint no ring."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the tiles in view, and ask for the pictures that are missing."""
        look = self._state.look
        if look is None:
            return
        colours = theme.palette()
        painter = QPainter(self)
        painter.setFont(theme.font(-1))
        missing = []
        step = self._width + _GAP
        first = max(0, event.rect().left() // step - 1)
        for place in range(first, min(len(self.rows), event.rect().right() // step + 1)):
            row, rect = self.rows[place], self.tile_rect(place)
            painter.fillRect(rect, theme.colour(colours.sunk))
            key = key_of(row, _SIDE * self.devicePixelRatioF())
            picture = None if self._is_read else self._thumbnails.find(key)
            if isinstance(picture, QPixmap):
                paint_whole(painter, rect, picture)
            elif self._is_read or isinstance(picture, str):
                painter.setPen(theme.colour(colours.dim))
                middle = Qt.TextElideMode.ElideMiddle
                text = elided(painter.fontMetrics(), look.ids[row], middle, rect.width() - 8)
                paint(painter, rect, Qt.AlignmentFlag.AlignCenter, text)
            else:
                missing.append(key)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if row == self._row:
                painter.setPen(QPen(theme.colour(colours.accent), 2))
                painter.drawRect(rect.adjusted(-1, -1, 1, 1))
            if place == self._place and self.hasFocus():
                painter.setPen(QPen(theme.colour(colours.text), 1, Qt.PenStyle.DotLine))
                painter.drawRect(rect.adjusted(2, 2, -3, -3))
        if missing:
            self._thumbnails.want(missing)
