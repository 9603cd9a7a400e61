"""All records as tiles, in the order of a score.

The position of a tile is computed, not held in a layout with an object for each record: painting takes
time for the tiles in view alone. Images are shown whole, and their pixels stay visible when enlarged.
"""

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.arrangement import title_of
from dataselect_gui.window.explore.cut_line import paint_cut_line
from dataselect_gui.window.explore.scores import cut_shown, disagrees, model_says, short
from dataselect_gui.window.explore.thumbnails import Key, Thumbnails, key_of
from dataselect_gui.window.explore.tile import foot_of, paint_nothing_shown, paint_tile
from dataselect_gui.window.explore.tile_layout import EDGE, USUAL, TileLayout
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.spoken import Role, speak_as

SMALLEST, LARGEST = 48, 384
_SIDES = (48, 64, 80, 96, 128, 160, 192, 256, 320, 384)


class Gallery(QAbstractScrollArea):
    """Shows the records of a state.

    Parameters
    ----------
    state : State
        What the window shows.
    thumbnails : Thumbnails
        Decodes the pictures.
    parent : QWidget or None
        The owner.

    Attributes
    ----------
    cut_place : int or None
        The first place beyond the cut-off; None where the order is not that of the rule's score.

    Signals
    -------
    activated(int)
        A row was double-clicked, or Enter was pressed on it.
    menu_wanted(int, QPoint)
        The menu of a row is wanted, at a place of the screen.
    painted()
        Everything in view was painted: nothing there is still to be decoded.
    tile_changed(int)
        Tiles have another side.
    """

    activated = Signal(int)
    menu_wanted = Signal(int, QPoint)
    painted = Signal()
    tile_changed = Signal(int)

    def __init__(self, state: State, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._thumbnails = thumbnails
        self._tile_limit = USUAL
        self.cut_place: int | None = None
        self._anchor = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Otherwise a whole page of tiles would move at each change between one column and two.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        for widget in (self, self.viewport()):
            widget.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAccessibleName(visible(_("Records")))
        speak_as(self, Role.List)
        state.opened.connect(self._on_order)
        state.order_changed.connect(self._on_order)
        state.selection_changed.connect(self._on_selection)
        state.current_changed.connect(self._on_current)
        state.marked_changed.connect(self._repaint)
        state.stale_changed.connect(self._repaint)
        thumbnails.arrived.connect(self._repaint)
        self._on_order()

    # Geometry

    @property
    def tile(self) -> int:
        """The side that a tile's image is to have, in pixels; it is less where there is no room."""
        return self._tile_limit

    def set_tile(self, side: int) -> None:
        """Make tiles larger or smaller; the first one in view stays in view."""
        side = min(max(side, SMALLEST), LARGEST)
        if side != self._tile_limit:
            first = self._first_place()
            self._tile_limit = side
            self._lay_out(first)
            self.tile_changed.emit(side)

    @property
    def columns(self) -> int:
        """The number of tiles in a line."""
        return self._layout.columns(self.viewport().width())

    def tile_rect(self, place: int) -> QRect:
        """Return the rectangle of a tile in the viewport.

        Parameters
        ----------
        place : int
            Its place in the order that is shown.
        """
        line, column = divmod(place, self.columns)
        size = self._size
        x = EDGE + column * (size.width() + self._gap)
        y = self._line_gap + line * self._line_height - self.verticalScrollBar().value()
        return QRect(x, y, size.width(), size.height() + foot_of(self._state))

    def row_at(self, point: QPoint) -> int | None:
        """Return the record under a point of the viewport; None between tiles."""
        size = self._size
        column, right = divmod(point.x() - EDGE, size.width() + self._gap)
        top = point.y() - self._line_gap + self.verticalScrollBar().value()
        line, below = divmod(top, self._line_height)
        place = line * self.columns + column
        is_inside = right < size.width() and below < size.height() + foot_of(self._state)
        if 0 <= column < self.columns and is_inside and line >= 0 and place < len(self._state.order):
            return int(self._state.order[place])
        return None

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the preferred size."""
        return QSize(640, 480)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the least useful size."""
        return QSize(200, 100)

    @property
    def _size(self) -> QSize:
        return self._layout.size(self.viewport().width())

    @property
    def _layout(self) -> TileLayout:
        look = self._state.look
        return TileLayout(self._tile_limit, look is not None and look.is_read)

    @property
    def _gap(self) -> int:
        return self._layout.gap(self.viewport().width())

    @property
    def _line_gap(self) -> int:
        # The name of the cut-off stands in it.
        return QFontMetrics(theme.font(-1)).height() + 4

    @property
    def _line_height(self) -> int:
        return self._size.height() + foot_of(self._state) + self._line_gap

    def _first_place(self) -> int:
        line = -(-self.verticalScrollBar().value() // self._line_height)
        return line * self.columns

    def _lay_out(self, first: int) -> None:
        lines = -(-len(self._state.order) // self.columns)
        height = lines * self._line_height + self._line_gap
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, height - self.viewport().height()))
        bar.setPageStep(max(self._line_height, self.viewport().height() - self._line_height))
        bar.setSingleStep(max(1, self._line_height // 3))
        bar.setValue(first // self.columns * self._line_height)
        self._repaint()

    def _places_in_view(self, pages: int = 1) -> range:
        top = self.verticalScrollBar().value()
        first = top // self._line_height
        last = (top + pages * self.viewport().height()) // self._line_height
        return range(first * self.columns, min((last + 1) * self.columns, len(self._state.order)))

    def _show_place(self, place: int) -> None:
        top = place // self.columns * self._line_height
        bar = self.verticalScrollBar()
        bottom = top + self._line_height + self._line_gap - self.viewport().height()
        bar.setValue(min(max(bar.value(), bottom), top))

    # Signals of the state

    def _on_order(self) -> None:
        self._anchor = self._state.place_of(self._state.current) or 0
        self._find_cut()
        self._lay_out(0)
        self._describe()

    def _on_selection(self) -> None:
        self._find_cut()
        self._describe()
        self._repaint()

    def _find_cut(self) -> None:
        """Find the first place beyond the cut-off, where the order is that of the rule's score."""
        state = self._state
        cut, rule, look = state.selection.threshold, state.cut, state.look
        self.cut_place = None
        if cut is None or rule is None or look is None or state.sort != rule.score:
            return
        values = look.scores[rule.score]
        chosen = values <= cut if rule.lowest else values >= cut
        before = chosen if rule.lowest != state.descending else ~chosen & ~np.isnan(values)
        # Records that wait for a score stay among the others until they are sorted again.
        self.cut_place = int(np.flatnonzero(before[state.order]).max(initial=-1)) + 1

    def _on_current(self) -> None:
        current = self._state.current
        if current is not None:
            if (place := self._state.place_of(current)) is not None:
                self._show_place(place)
            self._announce(current)
        self._repaint()

    def _describe(self) -> None:
        count = len(self._state.order)
        chosen = int(np.count_nonzero(self._state.selection.chosen))
        if self._state.sort:
            text = ngettext(
                "{count:,} record, sorted by {score}; {selected:,} in the selection",
                "{count:,} records, sorted by {score}; {selected:,} in the selection",
                count,
                score=title_of(self._state.sort),
                selected=chosen,
            )
        else:
            text = ngettext(
                "{count:,} record; {selected:,} in the selection",
                "{count:,} records; {selected:,} in the selection",
                count,
                selected=chosen,
            )
        self.setAccessibleDescription(visible(text))

    def describe_record(self, row: int) -> str:
        """Return what the tile of a record shows, as text."""
        look = self._state.look
        if look is None:
            return ""
        parts = [look.ids[row]]
        label = look.label_of(row)
        if label is not None:
            parts.append(label)
        if look.is_corrected(row):
            parts.append(_("label corrected"))
        if (score := self._state.score) is not None:
            parts.append(f"{title_of(score)} {short(float(look.scores[score][row]))}")
        if look.answers is not None and (said := model_says(look, row)) is not None:
            parts.append(said)
        facts = (
            (disagrees(look, row), _("the model disagrees")),
            (self._state.selection.chosen[row], _("in the selection")),
            (self._state.withheld[row], _("withheld")),
            (self._state.opted_out[row], _("opted out")),
            (self._state.stale[row], _("changed since it was scored")),
            (self._state.marked[row], _("marked")),
        )
        parts.extend(text for is_so, text in facts if is_so)
        return ", ".join(parts)

    def _announce(self, row: int) -> None:
        if QAccessible.isActive() and self.isVisible():  # The table's cells speak for themselves.
            event = QAccessibleAnnouncementEvent(self, visible(self.describe_record(row)))
            QAccessible.updateAccessibility(event)

    def _repaint(self) -> None:
        self.viewport().update()

    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Make the record under the mouse current; Ctrl marks it, Shift a range."""
        row = self.row_at(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or row is None:
            event.ignore()
            return
        place = self._state.place_of(row) or 0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._state.mark_places(self._anchor, place)
        else:
            self._anchor = place
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._state.toggle_mark(row)
        self._state.set_current(row)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Activate the record under the mouse."""
        row = self.row_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and row is not None and not event.modifiers():
            self.activated.emit(row)
        else:
            self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Ask for the menu of the record under the mouse; by keyboard, for that of the current one."""
        is_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        row = self.row_at(event.pos()) if is_mouse else self._state.current
        if row is not None:
            self._state.set_current(row)
            tile = self.tile_rect(self._state.place_of(row) or 0).center()
            at = event.globalPos() if is_mouse else self.viewport().mapToGlobal(tile)
            self.menu_wanted.emit(row, at)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Move, mark, or change the size of tiles."""
        key, held = event.key(), event.modifiers()
        current = self._state.current
        if held & Qt.KeyboardModifier.ControlModifier:
            if key != Qt.Key.Key_A:
                event.ignore()
                return
            self._state.mark(self._state.order)
        elif (place := self._place_after(key)) is not None:
            if held & Qt.KeyboardModifier.ShiftModifier:
                self._state.mark_places(self._anchor, place)
            else:
                self._anchor = place
            self._state.set_current(int(self._state.order[place]))
        elif key == Qt.Key.Key_Space and current is not None:
            self._state.toggle_current()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and current is not None:
            self.activated.emit(current)
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self.set_tile(next((side for side in _SIDES if side > self.tile), LARGEST))
        elif key == Qt.Key.Key_Minus:
            self.set_tile(next((side for side in reversed(_SIDES) if side < self.tile), SMALLEST))
        elif key == Qt.Key.Key_Escape and self._state.marked.any():
            self._state.clear_marks()
        else:
            event.ignore()

    def _place_after(self, key: int) -> int | None:
        """Return the place that a key moves to from the current record; None for none."""
        last = len(self._state.order) - 1
        page = max(1, self.viewport().height() // self._line_height) * self.columns
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.columns,
            Qt.Key.Key_Down: self.columns,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -last,
            Qt.Key.Key_End: last,
        }
        if last < 0 or key not in steps:
            return None
        current = self._state.current
        if current is None:
            return last if key == Qt.Key.Key_End else 0
        place = self._state.place_of(current) or 0
        target = place + steps[Qt.Key(key)]
        # Up and down keep their column: from the first line up leads nowhere.
        if key == Qt.Key.Key_Up and target < 0:
            return place
        return min(max(target, 0), last)

    # Painting

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Lay the tiles out anew; the first one in view stays in view."""
        before = event.oldSize().width()
        height = self._layout.size(before).height() + foot_of(self._state) + self._line_gap
        top = self.verticalScrollBar().value()
        self._lay_out(-(-top // height) * self._layout.columns(before))
        if self._layout.columns(before) == self.columns and height == self._line_height:
            self.verticalScrollBar().setValue(top)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the tiles in view, and ask for the pictures that are missing."""
        del event
        colours = theme.palette()
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.colour(colours.ground))
        painter.setFont(theme.font(-1))
        if not len(self._state.order):
            paint_nothing_shown(painter, self.viewport().rect(), self._state)
            return
        missing: list[Key] = []
        side = self._size.height() * self.devicePixelRatioF()
        in_view = self._places_in_view()
        for place in in_view:
            row = int(self._state.order[place])
            key = key_of(row, side)
            picture = self._thumbnails.find(key)
            if picture is None:
                missing.append(key)
            rect = self.tile_rect(place)
            paint_tile(painter, self._state, rect, row, picture, has_focus=self.hasFocus())
        self._paint_cut(painter)
        painter.end()
        is_complete = not missing
        for place in range(in_view.stop, self._places_in_view(pages=2).stop):
            key = key_of(int(self._state.order[place]), side)
            if self._thumbnails.find(key) is None:
                missing.append(key)
        self._thumbnails.want(missing)
        if is_complete:
            self.painted.emit()

    def _paint_cut(self, painter: QPainter) -> None:
        """Paint the cut-off as one line around the tiles before it, without moving any."""
        cut, place = self._state.selection.threshold, self.cut_place
        if place is None or cut is None:
            return
        line, column = divmod(place, self.columns)
        top = line * self._line_height + self._line_gap // 2 - self.verticalScrollBar().value()
        bottom = top + self._line_height
        step = self._size.width() + self._gap
        left, right = EDGE - 3, self.columns * step + EDGE - self._gap // 2
        across = EDGE - self._gap // 2 + column * step if column else left
        points = [(across, top), (right, top)]
        if column:
            points = [(left, bottom), (across, bottom), *points]
        paint_cut_line(painter, cut_shown(self._state.cut, cut), points, across, self._line_gap)
