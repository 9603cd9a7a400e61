"""Pictures of a promise, and the marks under a slider."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSlider, QStyle, QWidget

from dataselect_gui.window import theme


class Squares(QWidget):
    """100 squares, as many filled as leave."""

    def __init__(self) -> None:
        super().__init__()
        self._filled = 0
        self.setFixedSize(QSize(109, 109))

    def show_share(self, share: float) -> None:
        """Fill as many squares as records leave of a hundred."""
        self._filled = round(100 * share)
        self.setAccessibleName(f"{self._filled} of 100 squares filled")
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
    """Two bars: what is thought before, and no less than what once a record is missing."""

    def __init__(self) -> None:
        super().__init__()
        self._least = 0
        self.setFixedSize(QSize(109, 109))

    def show_least(self, least: int) -> None:
        """Show what 50 in 100 becomes no less than."""
        self._least = least
        self.setAccessibleName(f"Two bars, 50 and {least}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw the bars with their numbers above them."""
        del event
        painter = QPainter(self)
        colours = theme.palette()
        painter.setFont(theme.font(bold=True))
        line = painter.fontMetrics().height() + 2
        ground = self.height() - 1
        # Bars are to the scale of 100, whose height is left above them.
        unit = (self.height() - line) / 60
        for place, (value, name) in enumerate(((50, colours.edge), (self._least, colours.accent))):
            left, height = 8 + place * 50, value * unit
            painter.fillRect(QRectF(left, ground - height, 42, height), theme.colour(name))
            painter.setPen(theme.colour(colours.text))
            words = QRectF(left, ground - height - line, 42, line)
            painter.drawText(words, Qt.AlignmentFlag.AlignCenter, str(value))
        painter.setPen(QPen(theme.colour(colours.edge), 1))
        painter.drawLine(0, ground, self.width(), ground)


class Ticks(QWidget):
    """The marks of a slider, written under their places.

    Parameters
    ----------
    slider : QSlider
        The slider above, as wide as this.
    marks : sequence of str
        What to write, from the slider's first place to its last.
    """

    def __init__(self, slider: QSlider, marks: Sequence[str]) -> None:
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
            painter.drawText(QRectF(left, 0, width + 1, self.height()), mark)
