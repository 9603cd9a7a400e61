"""A picture that is zoomed and moved by mouse and keys.

The wheel zooms at the pointer: there is no page here that it could scroll. A drag with the left button
moves the picture, one with the right button changes contrast and brightness, as in the viewers that
radiologists use.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.explore.large.greys import greys_of
from dataselect_gui.window.explore.map_view import MapView
from dataselect_gui.window.explore.tile import paint_whole
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import paint
from dataselect_gui.window.widgets.spoken import Role, speak_as

STEP = 1.25
"""How much one press of a key or one notch of the wheel zooms."""
_NOTCH = 120
"""What Qt calls one notch of a wheel."""
_LARGEST = 32.0
"""Pixels of the screen for one of the picture, at most."""


class Canvas(QWidget):
    """Shows a picture, with the map over it where there is one.

    Parameters
    ----------
    over : MapView
        Paints the map.

    Attributes
    ----------
    text : str
        What is written over it, or in place of it.

    Signals
    -------
    view_changed()
        It was zoomed.
    window_dragged(int, int)
        The right button was dragged so far to the right and down, in pixels.
    menu_wanted(QPoint)
        A menu is wanted, at that place of the screen.
    """

    view_changed = Signal()
    window_dragged = Signal(int, int)
    menu_wanted = Signal(QPoint)

    def __init__(self, over: MapView) -> None:
        super().__init__()
        self._map = over
        self._sizes: Sequence[NDArray[np.generic]] = ()
        self._stand_in: QPixmap | None = None
        self.text = ""
        self._range = 0.0, 255.0
        self._is_fitted, self._scale, self._centre = True, 1.0, QPointF()
        self._drawn: tuple[object, QImage] | None = None
        self._held: QPointF | None = None
        self._pressed: QPoint | None = None
        self._is_dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAccessibleName(visible(_("Picture of the record")))
        speak_as(self, Role.Graphic)
        over.changed.connect(self.update)

    # What is shown

    def show_stand_in(self, picture: QPixmap | None) -> None:
        """Show a small picture in place of one that is being decoded."""
        self._stand_in = picture
        self.text = _("Reading the record…")
        self.update()

    def show_picture(self, sizes: Sequence[NDArray[np.generic]]) -> None:
        """Show a picture, at the same place of it where the last one was as large."""
        is_alike = bool(self._sizes) and self._sizes[0].shape[:2] == sizes[0].shape[:2]
        self._sizes, self._drawn, self.text, self._stand_in = sizes, None, "", None
        if not is_alike:
            self._is_fitted = True
        self._lay_out()

    def show_reason(self, text: str) -> None:
        """Show why there is no picture."""
        self._sizes, self._drawn, self._stand_in, self.text = (), None, None, text
        self._is_fitted = True
        self.update()
        self.view_changed.emit()

    def set_range(self, black: float, white: float) -> None:
        """Set which values are black and white."""
        self._range = black, white
        self.update()

    # The view

    @property
    def scale(self) -> float | None:
        """How many pixels of the screen one of the picture takes; None where there is no picture."""
        return self._scale if self._sizes else None

    @property
    def is_fitted(self) -> bool:
        """Whether the whole picture is shown, as large as there is room."""
        return self._is_fitted

    @property
    def picture_rect(self) -> QRectF:
        """Where the whole picture lies, in pixels of the widget; parts of it may be outside."""
        ratio, size = self.devicePixelRatioF(), self._size
        width, height = size.width() * self._scale / ratio, size.height() * self._scale / ratio
        middle = QRectF(self.rect()).center() - self._centre * (self._scale / ratio)
        return QRectF(middle.x(), middle.y(), width, height)

    def fit(self) -> None:
        """Show the whole picture."""
        self._is_fitted = True
        self._lay_out()

    def toggle_actual_size(self, at: QPointF | None = None) -> None:
        """Show one pixel of the picture as one of the screen; or the whole picture again."""
        if self._is_fitted or self._scale != 1.0:
            self._zoom_to(1.0, at)
        else:
            self.fit()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom, keeping what lies at a point of the widget there, or else in its middle."""
        self._zoom_to(self._scale * factor, at)

    def pan(self, right: float, down: float) -> None:
        """Move the picture by pixels of the widget."""
        self._centre -= QPointF(right, down) * (self.devicePixelRatioF() / self._scale)
        self._lay_out()

    def _zoom_to(self, scale: float, at: QPointF | None) -> None:
        if not self._sizes:
            return
        ratio, middle = self.devicePixelRatioF(), QRectF(self.rect()).center()
        off = (middle if at is None else at) - middle
        least = min(self._fitting, 1.0)
        wanted = min(max(scale, least), max(_LARGEST, 4 * self._fitting))
        self._centre += off * (ratio / self._scale) - off * (ratio / wanted)
        self._is_fitted, self._scale = wanted == self._fitting, wanted
        self._lay_out()

    @property
    def _size(self) -> QSize:
        """The picture's width and height in its own pixels."""
        if not self._sizes:
            return QSize(1, 1)
        height, width = self._sizes[0].shape[:2]
        return QSize(width, height)

    @property
    def _fitting(self) -> float:
        size, ratio = self._size, self.devicePixelRatioF()
        across, down = self.width() * ratio / size.width(), self.height() * ratio / size.height()
        return max(min(across, down), 1e-6)

    def _lay_out(self) -> None:
        """Keep the picture in the middle where there is room, and its edges outside where not."""
        if self._is_fitted:
            self._scale = self._fitting
        ratio, size = self.devicePixelRatioF(), self._size
        half = QPointF(self.width(), self.height()) * (ratio / self._scale / 2)
        self._centre = QPointF(
            _within(self._centre.x(), half.x(), size.width()),
            _within(self._centre.y(), half.y(), size.height()),
        )
        self.update()
        self.view_changed.emit()

    # Events

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the preferred size."""
        return QSize(640, 480)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the least useful size."""
        return QSize(96, 64)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Fit the picture again."""
        super().resizeEvent(event)
        self._lay_out()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Paint the ring."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Paint no ring."""
        super().focusOutEvent(event)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom at the pointer."""
        notches = event.angleDelta().y() / _NOTCH
        if notches:
            self.zoom(STEP**notches, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begin to move the picture, or to change its window."""
        self._held, self._pressed = event.position(), event.position().toPoint()
        self._is_dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Move the picture, or change its window."""
        if self._held is None or self._pressed is None:
            return
        far = (event.position().toPoint() - self._pressed).manhattanLength()
        self._is_dragging |= far >= QApplication.startDragDistance()
        if not self._is_dragging:
            return
        moved, self._held = event.position() - self._held, event.position()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.pan(moved.x(), moved.y())
        elif event.buttons() & Qt.MouseButton.RightButton:
            self.window_dragged.emit(round(moved.x()), round(moved.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """End a drag; the right button without one asks for the menu."""
        self.unsetCursor()
        if event.button() == Qt.MouseButton.RightButton and not self._is_dragging:
            self.menu_wanted.emit(event.globalPosition().toPoint())
        self._held = self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Show the picture pixel by pixel where it was clicked, or all of it again."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.toggle_actual_size(event.position())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Ask for the menu by keyboard; by mouse it is asked for when the button is let go."""
        if event.reason() != QContextMenuEvent.Reason.Mouse:
            self.menu_wanted.emit(self.mapToGlobal(self.rect().center()))
        event.accept()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint what is seen of the picture, or why there is none."""
        del event
        colours = theme.palette()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(colours.sunk))
        if self._stand_in is not None:
            painter.setOpacity(0.6)
            paint_whole(painter, self.rect(), self._stand_in)
            painter.setOpacity(1.0)
        elif self._sizes and not self.text:
            rect = self.picture_rect
            if not self._map.paint(painter, rect.toRect()):
                self._paint_part(painter, rect)
        if self.text:
            self._paint_text(painter, colours)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour(colours.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_part(self, painter: QPainter, rect: QRectF) -> None:
        """Paint what is seen, cut out of the size that is nearest to the screen's."""
        shrunk = 0
        while shrunk + 1 < len(self._sizes) and self._scale * 2 ** (shrunk + 1) <= 1:
            shrunk += 1
        values = self._sizes[shrunk]
        across, down = rect.width() / values.shape[1], rect.height() / values.shape[0]
        seen = rect.intersected(QRectF(self.rect())).translated(-rect.topLeft())
        if seen.isEmpty():
            return
        left, top = int(seen.left() / across), int(seen.top() / down)
        right = min(values.shape[1], int(seen.right() / across) + 1)
        bottom = min(values.shape[0], int(seen.bottom() / down) + 1)
        made_of = shrunk, left, top, right, bottom, self._range
        if self._drawn is None or self._drawn[0] != made_of:
            self._drawn = made_of, _image(values[top:bottom, left:right], *self._range)
        target = QRectF(left * across, top * down, (right - left) * across, (bottom - top) * down)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._scale < 1)
        painter.drawImage(target.translated(rect.topLeft()), self._drawn[1])

    def _paint_text(self, painter: QPainter, colours: theme.Palette) -> None:
        """Paint a sentence on a ground of its own, in the middle."""
        wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        room = self.rect().adjusted(24, 24, -24, -24)
        lines = painter.boundingRect(room, int(wrap), visible(self.text))
        painter.fillRect(QRect(lines).adjusted(-12, -8, 12, 8), theme.colour(colours.panel))
        painter.setPen(theme.colour(colours.text))
        paint(painter, room, wrap, self.text)


def _within(centre: float, half: float, length: int) -> float:
    """Return the middle of what is seen along one axis, so that no more is empty than must be."""
    return length / 2 if length <= 2 * half else min(max(centre, half), length - half)


def _image(values: NDArray[np.generic], black: float, white: float) -> QImage:
    form = QImage.Format.Format_RGB888
    if values.ndim == 2:
        values, form = greys_of(values, black, white), QImage.Format.Format_Grayscale8
    held = np.ascontiguousarray(values)
    height, width = held.shape[:2]
    borrowed = QImage(held.data, width, height, held.strides[0], form)
    # The conversion copies, so that nothing points into `held` any more.
    return borrowed.convertToFormat(QImage.Format.Format_RGB32)
