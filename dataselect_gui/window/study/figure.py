"""A figure of a study, drawn at any size and in the window's own colours."""

import re

from PySide6.QtCore import QByteArray, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.saved_chart import SavedChart, file_name_of
from dataselect_gui.window.widgets.theme import Palette

_LARGEST = 1.45
"""How much larger than it was drawn a figure is shown at most: its letters are then the window's."""


class Figure(QWidget):
    """Shows an SVG drawing as wide as there is room, whole, and as sharp as the screen.

    Parameters
    ----------
    svg : str
        The drawing, which has the colours of the light palette.
    name, description : str
        What it is about and what it shows, for whoever does not see it.
    """

    def __init__(self, svg: str, name: str, description: str) -> None:
        super().__init__()
        self._svg = svg
        self._natural_renderer = QSvgRenderer(QByteArray(self._svg.encode()))
        self._natural = self._natural_renderer.defaultSize()
        self._drawn_as: tuple[int, float, str] | None = None
        self._drawn = QPixmap()
        self.setAccessibleName(visible(name))
        self.setAccessibleDescription(visible(description))
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # So that the Menu key finds it.
        SavedChart(self, lambda: file_name_of(name), self._render, self.sizeHint, lambda: svg)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size it was drawn for."""
        return self._natural

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Say that the height follows from the width."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Return the height at which nothing is cut off."""
        return self._fitted(width).height()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw it, anew where the size or the colours changed."""
        del event
        colours, ratio = theme.palette(), self.devicePixelRatioF()
        wanted = (self.width(), ratio, colours.name)
        if wanted != self._drawn_as:
            self._drawn, self._drawn_as = self._draw(colours, ratio), wanted
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour(colours.accent), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _render(self, painter: QPainter) -> None:
        """Draw it as it is in the study's folder: in light colours."""
        painter.fillRect(QRectF(QPointF(), QSizeF(self._natural)), Qt.GlobalColor.white)
        self._natural_renderer.render(painter, QRectF(QPointF(), QSizeF(self._natural)))

    def _fitted(self, width: int) -> QSize:
        """Return the size of the drawing where there is that much room."""
        share = min(width / max(1, self._natural.width()), _LARGEST)
        return (QSizeF(self._natural) * share).toSize()

    def _draw(self, colours: Palette, ratio: float) -> QPixmap:
        size = self._fitted(self.width())
        made = QPixmap(size * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        renderer = QSvgRenderer(QByteArray(recoloured(self._svg, colours).encode()))
        renderer.render(painter, QRectF(QPointF(), QSizeF(size)))
        painter.end()
        return made


def recoloured(svg: str, colours: Palette) -> str:
    """Return a drawing in the light palette with the colours of another one."""
    light = theme.LIGHT
    pairs = {
        getattr(light, key): getattr(colours, key) for key in ("panel", "text", "dim", "line", "edge")
    }
    pairs |= dict(zip(light.classes, colours.classes, strict=True))
    known = {old.lower(): new for old, new in pairs.items()}
    return re.sub("#[0-9a-fA-F]{6}", lambda colour: known.get(colour[0].lower(), colour[0]), svg)
