"""The large view: one record in the place of the gallery.

It takes the place of histogram and gallery, never a window of its own. Esc goes back to the tile,
arrows go to the records before and after, in the order and under the filter of the gallery.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.explore.large.canvas import STEP, Canvas
from dataselect_gui.window.explore.large.greys import sizes_of
from dataselect_gui.window.explore.large.levels import Levels
from dataselect_gui.window.explore.large.others import Others
from dataselect_gui.window.explore.large.page import Page
from dataselect_gui.window.explore.map_view import MapView
from dataselect_gui.window.explore.thumbnails import Thumbnails, key_of
from dataselect_gui.window.latest import Latest
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import HATCH, Sign, paint_hatch
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, Label, tip
from dataselect_gui.workflow import (
    ChangedRecordError,
    JobContext,
    JobKind,
    Lines,
    UnreadableRecordError,
    WholePicture,
    unit_rows,
    whole_record,
)

_PAN = 48
_STACKED = 760
"""The width below which zoom and greys stand one above the other."""
_SIDES = (1024, 512, 256, 128, 64)


@dataclass(frozen=True)
class _Read:
    """What came of reading a record.

    Attributes
    ----------
    record : WholePicture, Lines or str
        The record, or why it cannot be read.
    sizes : sequence of ndarray
        Of a picture, see `sizes_of`.
    unit : sequence of int
        The rows of its person.
    is_stale : bool
        Whether it is not what was scored.
    """

    record: WholePicture | Lines | str
    sizes: Sequence[NDArray[np.generic]] = ()
    unit: Sequence[int] = ()
    is_stale: bool = False


class LargeView(QWidget):
    """Shows the current record of a state, large.

    Parameters
    ----------
    state : State
        What the window shows.
    thumbnails : Thumbnails
        Opens the records, and decodes the small pictures.
    over : MapView
        Paints the map over the picture.

    Attributes
    ----------
    is_open : bool
        Whether it is shown.
    canvas : Canvas
        The picture.
    page : Page
        The record where it is read.
    levels : Levels
        Window and level.
    others : Others
        The records of the same person.
    place, zoom : Label
        Where the record stands among those that are shown, and how large it is.
    back, before, after : Button
        Go back to the gallery, and to the records beside this one.

    Signals
    -------
    opened(), closed()
        It is to be shown in place of the gallery, or the gallery again.
    menu_wanted(int, QPoint)
        A menu for a row is wanted, at a place of the screen.
    """

    opened = Signal()
    closed = Signal()
    menu_wanted = Signal(int, QPoint)

    def __init__(self, state: State, thumbnails: Thumbnails, over: MapView) -> None:
        super().__init__()
        self._state, self._thumbnails = state, thumbnails
        self.is_open, self._is_flat = False, False
        self._reading = Latest(self, pause=0)
        self._row: int | None = None
        self.canvas, self.page = Canvas(over), Page()
        self.levels = Levels(state.failed.emit)
        self.others = Others(state, thumbnails)
        self._build()
        self.canvas.view_changed.connect(self._show_zoom)
        self.canvas.window_dragged.connect(self._on_dragged)
        self.canvas.menu_wanted.connect(self._on_menu)
        self.levels.changed.connect(self._on_levels)
        self.others.chosen.connect(state.set_current)
        state.opened.connect(self.close_view)
        state.order_changed.connect(self._show_place)
        state.current_changed.connect(self._on_current)
        self._show_zoom()

    @property
    def is_working(self) -> bool:
        """Whether a record is being read."""
        return self._reading.waiting

    @property
    def has_threads(self) -> bool:
        """Whether its thread is running."""
        return self._reading.running

    def open_row(self, row: int) -> None:
        """Show a record."""
        if self._state.look is None:
            return
        self.is_open = True
        self._state.set_current(row)
        self._show_row()
        self.opened.emit()
        self.content.setFocus()

    def close_view(self) -> None:
        """Show the gallery again."""
        if self.is_open:
            self.is_open = False
            self._row = None
            self._reading.drop()
            self.closed.emit()

    def set_flat(self, is_flat: bool) -> None:
        """Leave the room to the picture: greys by number alone, and no line of the person's records."""
        self._is_flat = is_flat
        self.levels.set_brief(is_flat)
        self.others.setVisible(not is_flat and len(self.others.tiles.rows) > 1)
        self._direct()

    def close_threads(self) -> None:
        """Stop reading, and wait for the thread."""
        self._reading.close()

    @property
    def content(self) -> QWidget:
        """What shows the record."""
        return self.page if self._stack.currentIndex() else self.canvas

    # Construction

    def _build(self) -> None:
        self.back = Button(_("Back"))
        self.back.setToolTip(tip(_("Back to all records (Esc)")))
        self.back.clicked.connect(self.close_view)
        self._id, self.place = Elided(Qt.TextElideMode.ElideMiddle), Label()
        self._id.setFont(theme.font(1, bold=True))
        self.place.setProperty("role", "dim")
        self.before = self._button("‹", _("The record before (←)"), self._step_back)
        self.after = self._button("›", _("The next record (→)"), self._step_on)
        self._sign = Sign(leaves=False, step=-1)
        self._sign.set_brief(True)  # The panel of the record beside it has the words.
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 12, 4)
        head.setSpacing(theme.SPACE[1])
        head.addWidget(self.back)
        head.addWidget(self._id, 1)
        for widget in (self._sign, self.place, self.before, self.after):
            head.addWidget(widget)

        self._smaller = self._button("−", _("Smaller (−)"), self._zoom_out)
        self.zoom = Label()
        self.zoom.setMinimumWidth(self.zoom.fontMetrics().horizontalAdvance("0000 %"))
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._larger = self._button("+", _("Larger (+)"), self._zoom_in)
        self.fit = Button(_("Fit"))
        self.fit.setToolTip(tip(_("The whole picture (Z)")))
        self.fit.clicked.connect(self.canvas.fit)
        self.actual = Button("1:1")
        self.actual.setToolTip(tip(_("One pixel of the picture is one of the screen (Z)")))
        self.actual.setAccessibleName(visible(_("Actual size")))
        self.actual.clicked.connect(self._on_actual)
        self._zooming = QWidget()
        zoom = QHBoxLayout(self._zooming)
        zoom.setContentsMargins(0, 0, 0, 0)
        zoom.setSpacing(theme.SPACE[0])
        for widget in (self._smaller, self.zoom, self._larger, self.fit, self.actual):
            zoom.addWidget(widget)
        self._foot = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._foot.setContentsMargins(12, 4, 12, 4)
        self._foot.setSpacing(theme.SPACE[1])
        self._foot.addWidget(self._zooming, 0, Qt.AlignmentFlag.AlignLeft)
        self._foot.addWidget(self.levels, 1)

        self._stack = QStackedWidget()
        self._stack.addWidget(self.canvas)
        paper = QWidget()
        middle = QHBoxLayout(paper)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.addWidget(self.page)
        self._stack.addWidget(paper)
        column = QVBoxLayout(self)
        column.setContentsMargins(HATCH, 0, 0, 0)
        column.setSpacing(theme.SPACE[0])
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        column.addLayout(self._foot)
        strip = QHBoxLayout()
        strip.setContentsMargins(12, 0, 12, 4)
        strip.addWidget(self.others)
        column.addLayout(strip)
        self.others.hide()
        self.levels.hide()
        self.setAccessibleName(visible(_("Large view")))

    def _button(self, text: str, about: str, do: object) -> Button:
        button = Button(text)
        button.setToolTip(tip(about))
        button.setAccessibleName(visible(about))
        button.setFixedWidth(theme.TARGET + 8)
        button.clicked.connect(do)
        return button

    # What is shown

    def _on_current(self) -> None:
        if self.is_open and self._state.current is None:
            self.close_view()
        elif self.is_open and self._state.current != self._row:
            self._show_row()

    def _show_row(self) -> None:
        """Show what is known of the current record at once, and read it."""
        look, row = self._state.look, self._state.current
        if look is None or row is None:
            return
        self._row = row
        self._stack.setCurrentIndex(int(look.is_read))
        self._zooming.setVisible(not look.is_read)
        self._id.set_full_text(look.ids[row])
        self._show_place()
        self.canvas.show_stand_in(self._stand_in(row))
        thumbnails = self._thumbnails

        def work(context: JobContext) -> _Read:
            del context
            pictures = thumbnails.open_pictures()
            if pictures is None:
                return _Read("")
            unit = unit_rows(look, row)
            try:
                record = whole_record(pictures, row)
            except UnreadableRecordError as reason:
                return _Read(str(reason), (), unit, isinstance(reason, ChangedRecordError))
            return _Read(record, sizes_of(record) if isinstance(record, WholePicture) else (), unit)

        self._reading.ask(JobKind.LOOKING, work, self._on_read, self._on_failed)

    def _stand_in(self, row: int) -> QPixmap | None:
        """Return the largest picture of a record that is decoded already."""
        pictures = (self._thumbnails.find(key_of(row, side)) for side in _SIDES)
        return next((picture for picture in pictures if isinstance(picture, QPixmap)), None)

    def _on_read(self, read: _Read) -> None:
        if not self.is_open or self._row is None:
            return
        if read.is_stale:
            self._state.note_stale(self._row)
        self.others.tiles.show_rows(read.unit, self._row)
        self.others.setVisible(not self._is_flat and len(read.unit) > 1)
        is_grey = isinstance(read.record, WholePicture) and read.record.is_grey
        self.levels.setVisible(is_grey)
        if isinstance(read.record, WholePicture):
            if is_grey:
                self.levels.show_picture(read.record)
            self.canvas.show_picture(read.sizes)
        elif self._stack.currentIndex():
            self.page.show_record(read.record)
        else:
            self.canvas.show_reason(read.record if isinstance(read.record, str) else "")

    def _on_failed(self, error: DataSelectError) -> None:
        text = f"{error.what} {error.why}"
        self.levels.hide()
        self.page.show_record(text)
        self.canvas.show_reason(text)

    def _show_place(self) -> None:
        """Show where the record stands among those that are shown."""
        order, place = self._state.order, self._state.place_of(self._row)
        total = len(order)
        if place is None:
            self.place.setText(_("not among the {total:,} shown", total=total))
        else:
            self.place.setText(_("{place:,} of {total:,}", place=place + 1, total=total))
        self.before.setEnabled(total > 0 and place != 0)
        self.after.setEnabled(total > 0 and place != total - 1)

    def _show_zoom(self) -> None:
        scale = self.canvas.scale
        self.zoom.setText("" if scale is None else f"{100 * scale:.0f} %")
        for button in (self._smaller, self._larger, self.fit, self.actual):
            button.setEnabled(scale is not None)
        self.canvas.setAccessibleDescription(visible(self.zoom.text()))

    # Acts

    def _step_back(self) -> None:
        self._step(-1)

    def _step_on(self) -> None:
        self._step(1)

    def _step(self, by: int) -> None:
        """Go to a record before or after this one; to the first one where it is not shown."""
        order, place = self._state.order, self._state.place_of(self._row)
        if len(order):
            target = 0 if place is None else min(max(place + by, 0), len(order) - 1)
            self._state.set_current(int(order[target]))

    def _zoom_in(self) -> None:
        self.canvas.zoom(STEP)

    def _zoom_out(self) -> None:
        self.canvas.zoom(1 / STEP)

    def _on_actual(self) -> None:
        if self.canvas.scale != 1.0:
            self.canvas.toggle_actual_size()

    def _on_dragged(self, right: int, down: int) -> None:
        if not self.levels.isHidden():
            self.levels.drag(right, down)

    def _on_levels(self) -> None:
        self.canvas.set_range(self.levels.black, self.levels.white)

    def _on_menu(self, at: QPoint) -> None:
        if self._row is not None:
            self.menu_wanted.emit(self._row, at)

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Go back, go to another record, or zoom."""
        key, canvas = event.key(), self.canvas
        count = len(self._state.order)
        is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        pans = {
            Qt.Key.Key_Left: (_PAN, 0),
            Qt.Key.Key_Right: (-_PAN, 0),
            Qt.Key.Key_Up: (0, _PAN),
            Qt.Key.Key_Down: (0, -_PAN),
        }
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Home: -count,
            Qt.Key.Key_End: count,
        }
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            event.ignore()
        elif key == Qt.Key.Key_Escape:
            self.close_view()
        elif key in pans and (is_shifted or key not in steps):
            canvas.pan(*pans[Qt.Key(key)])
        elif key in steps:
            self._step(steps[Qt.Key(key)])
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self._zoom_in()
        elif key == Qt.Key.Key_Minus:
            self._zoom_out()
        elif key == Qt.Key.Key_Z:
            canvas.toggle_actual_size()
        elif key == Qt.Key.Key_Space and self._row is not None:
            self._state.toggle_mark(self._row)
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Put zoom and greys above each other where there is little room."""
        super().resizeEvent(event)
        self._direct()

    def _direct(self) -> None:
        stacked, beside = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        is_stacked = self.width() < _STACKED and not self._is_flat
        self._foot.setDirection(stacked if is_stacked else beside)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the hatch of what stays on this machine."""
        super().paintEvent(event)
        paint_hatch(self)
