"""Save a chart as a picture: by the right button, the Menu key, or an action of the window."""

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QMenu, QWidget

from dataselect_gui.errors import DataSelectError, file_refused
from dataselect_gui.permissions import replacing
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import MenuAction, choose_place, show_refusal

_SHARP = 2
"""Pixels of a PNG for one of the window, along each side."""
_DOTS = 96
"""Pixels of the window in an inch."""
_MOST_NAME = 80
_PICTURES, _DRAWINGS = N_("Pictures (*.png)"), N_("Drawings (*.svg)")


class SavedChart(QObject):
    """Lets a person save what a chart shows, in its own colours.

    Parameters
    ----------
    chart : QWidget
        The chart, whose menu it makes.
    name : callable
        What the file is called at first, without an ending.
    draw : callable
        Draws the chart from the upper left corner on.
    size : callable
        The size of what is drawn.
    svg : callable or None
        Returns the drawing where there is one already; else it is drawn.
    """

    def __init__(
        self,
        chart: QWidget,
        name: Callable[[], str],
        draw: Callable[[QPainter], None],
        size: Callable[[], QSize],
        svg: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(chart)
        self._chart, self._name, self._draw, self._size, self._made = chart, name, draw, size, svg
        chart.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        chart.customContextMenuRequested.connect(self._show_menu)

    def save(self) -> None:
        """Ask where to, and save it in pixels or as a drawing, by the ending."""
        self._save("png", f"{_(_PICTURES)};;{_(_DRAWINGS)}")

    def save_png(self) -> None:
        """Ask where to, and save it in pixels."""
        self._save("png", _(_PICTURES))

    def save_svg(self) -> None:
        """Ask where to, and save it as a drawing."""
        self._save("svg", _(_DRAWINGS))

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self._chart)
        menu.setAccessibleName(visible(_("Chart")))
        for text, do in ((_("Save as PNG…"), self.save_png), (_("Save as SVG…"), self.save_svg)):
            action = MenuAction(text, menu)
            action.triggered.connect(do)
            menu.addAction(action)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._chart.mapToGlobal(at))

    def _save(self, ending: str, kinds: str) -> None:
        to = choose_place(self._chart, _("Save the chart"), f"{self._name()}.{ending}", kinds)
        if to is None:
            return
        is_drawing = (to.suffix or f".{ending}").lower() == ".svg"
        to = to if to.suffix else to.with_suffix(f".{ending}")
        try:
            with replacing(to) as file:
                file.write(self._svg() if is_drawing else self._png())
        except OSError as error:
            show_refusal(self._chart, str(file_refused(to.name, error)))
        except DataSelectError as error:
            show_refusal(self._chart, str(error))

    def _png(self) -> bytes:
        image = QImage(self._size() * _SHARP, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(_SHARP)
        image.fill(theme.colour(theme.palette().panel))
        painter = QPainter(image)
        self._draw(painter)
        painter.end()
        held = QByteArray()
        buffer = QBuffer(held)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(image)
        buffer.close()
        return bytes(held.data())

    def _svg(self) -> bytes:
        if self._made is not None:
            return self._made().encode()
        held = QByteArray()
        buffer = QBuffer(held)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        made = QSvgGenerator()
        made.setOutputDevice(buffer)
        made.setResolution(_DOTS)
        made.setSize(self._size())
        made.setViewBox(QRect(QPoint(), self._size()))
        painter = QPainter(made)
        painter.fillRect(QRect(QPoint(), self._size()), theme.colour(theme.palette().panel))
        self._draw(painter)
        painter.end()
        buffer.close()
        return bytes(held.data())


def file_name_of(*parts: str) -> str:
    """Return a name for a file, of letters, digits and hyphens alone."""
    text = "-".join(parts)
    kept = "".join(char if char.isalnum() or char in "-_" else "-" for char in text)
    return kept.strip("-")[:_MOST_NAME] or "chart"
