"""Pictures of a promise, and the marks under a slider."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QStyle, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import paint
from dataselect_gui.window.widgets.wheel import Slider


class Squares(QWidget):
    """100 squares, as many filled as leave."""

    def __init__(self) -> None:
        super().__init__()
        self._filled = 0
        self.setFixedSize(QSize(109, 109))

    def show_share(self, share: float) -> None:
        """Fill as many squares as records leave of a hundred."""
        self._filled = round(100 * share)
        self.setAccessibleName(visible(_("{count} of 100 squares filled", count=self._filled)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw the squares row by row."""
        del event
        painter = QPainter(self)
        colours = theme.palette()
        painter.setPen(QPen(theme.colour(colours.edge), 1))
        for place in range(100):
            row, column = divmod(place, 10)
            square = QRect(column * 11, row * 11, 8, 8)
            if place < self._filled:
                painter.fillRect(square.adjusted(0, 0, 1, 1), theme.colour(colours.leave))
            else:
                painter.drawRect(square)


class Bars(QWidget):
    """Bars of chances in a hundred: what is thought before in grey, and what it can become."""

    def __init__(self) -> None:
        super().__init__()
        self._chances: tuple[int, ...] = ()
        self.setFixedSize(QSize(109, 109))

    def show_chances(self, *chances: int) -> None:
        """Show chances; 50 is what is thought before."""
        self._chances = chances
        self.setAccessibleName(visible(_("Bars: {chances}", chances=", ".join(map(str, chances)))))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw the bars with their numbers above them."""
        del event
        painter = QPainter(self)
        colours = theme.palette()
        painter.setFont(theme.font(bold=True))
        line = painter.fontMetrics().height() + 2
        ground = self.height() - 1
        # Bars are to one scale, whose height is left above them.
        unit = (self.height() - line) / max(60, *self._chances, 1)
        step = (self.width() - 8) / max(1, len(self._chances))
        for place, value in enumerate(self._chances):
            left, height, width = 8 + place * step, value * unit, step - 8
            name = colours.edge if value == 50 else colours.accent
            painter.fillRect(QRectF(left, ground - height, width, height), theme.colour(name))
            painter.setPen(theme.colour(colours.text))
            above = QRectF(left, ground - height - line, width, line)
            paint(painter, above, Qt.AlignmentFlag.AlignCenter, str(value))
        painter.setPen(QPen(theme.colour(colours.edge), 1))
        painter.drawLine(0, ground, self.width(), ground)


class Ticks(QWidget):
    """The marks of a slider, written under their places.

    Parameters
    ----------
    slider : Slider
        The slider above, as wide as this.
    marks : sequence of str
        What to write, from the slider's first place to its last.
    """

    def __init__(self, slider: Slider, marks: Sequence[str]) -> None:
        super().__init__()
        self._slider, self._marks = slider, marks
        self.setFixedHeight(self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Write each mark under its place, within the edges."""
        del event
        painter = QPainter(self)
        painter.setFont(theme.font(-1))
        painter.setPen(theme.colour(theme.palette().dim))
        handle = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self._slider)
        step = (self.width() - handle) / (len(self._marks) - 1)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        for place, mark in enumerate(reversed(self._marks) if is_mirrored else self._marks):
            middle = handle / 2 + place * step
            width = painter.fontMetrics().horizontalAdvance(mark)
            left = min(max(0.0, middle - width / 2), self.width() - width)
            paint(painter, QRectF(left, 0, width + 1, self.height()), Qt.AlignmentFlag.AlignLeft, mark)
