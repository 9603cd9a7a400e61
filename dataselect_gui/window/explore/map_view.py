"""The map of the current record: its controls, its scale of colours and its summary."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFontMetrics,
    QImage,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.arrangement import title_of
from dataselect_gui.window.explore.maps import Maps
from dataselect_gui.window.explore.scores import short
from dataselect_gui.window.explore.tile import paint_whole
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.plain import Button, ComboBox, Label, elided, paint, tip
from dataselect_gui.window.widgets.wheel import Slider
from dataselect_gui.workflow import SCORES, find_mapped_score, spoken_name

_USUAL_OPACITY = 45
_BAR = 12
_SAME_SCALE = N_(
    "The same colour means the same value in every record of this project. The scale was set"
    " by the first maps that were made, and stays until you open the project again."
)
_PLACES = (
    (N_("in the upper left"), N_("at the top"), N_("in the upper right")),
    (N_("at the left"), N_("in the centre"), N_("at the right")),
    (N_("in the lower left"), N_("at the bottom"), N_("in the lower right")),
)


class MapView(QWidget):
    """The controls of the map under a picture; paints the map over it.

    Parameters
    ----------
    maps : Maps
        Computes the maps.

    Attributes
    ----------
    button : Button
        Shows or hides the map.
    score : ComboBox
        Whose map is shown.
    opacity : Slider
        From the record alone to the map alone, in hundredths.
    scale : ColourScale
        What the colours mean.
    status : Label
        What the map shows, or why there is none.
    again : Button
        Tries again after a failure.

    Signals
    -------
    changed()
        The picture is to be painted anew.
    """

    changed = Signal()

    def __init__(self, maps: Maps) -> None:
        super().__init__()
        self._maps = maps
        self._layers: tuple[QPixmap, QPixmap] | None = None
        self._painted: tuple[str, str] | None = None
        self.summary = ""
        self.button = Button(_("Map"))
        self.button.setCheckable(True)
        self.button.setToolTip(tip(_("Where in the record a score comes from (M)")))
        self.button.clicked.connect(self._on_button)
        self.score = ComboBox()
        self.score.setAccessibleName(visible(_("Score of the map")))
        self.score.activated.connect(self._show)
        self.opacity = Slider()
        self.opacity.setRange(0, 100)
        self.opacity.setValue(_USUAL_OPACITY)
        self.opacity.setAccessibleName(visible(_("How strongly the map covers the record")))
        self.opacity.setToolTip(tip(_("From the record alone to the map alone")))
        self.opacity.valueChanged.connect(self.changed)
        self.scale = ColourScale()
        self.status = paragraph(role="dim")
        self._meaning = paragraph(step=-1, role="dim")
        self.again = Button(_("Try again"))
        self.again.clicked.connect(maps.try_again)

        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.button)
        head.addWidget(self.score)
        head.addStretch()
        self._mix = QWidget()
        mix = QHBoxLayout(self._mix)
        mix.setContentsMargins(0, 0, 0, 0)
        mix.setSpacing(8)
        for widget in (Label(_("Record")), self.opacity, Label(_("Map"))):
            mix.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._mix)
        column.addWidget(self.scale)
        column.addWidget(self.status)
        column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._meaning)
        maps.changed.connect(self._show)
        self._show()

    def paint(self, painter: QPainter, into: QRect) -> bool:
        """Paint the model's input and the map over it; return whether there is a map."""
        if self._layers is None:
            return False
        view, over = self._layers
        paint_whole(painter, into, view)
        painter.setOpacity(self.opacity.value() / 100)
        paint_whole(painter, into, over)
        painter.setOpacity(1.0)
        return True

    def _on_button(self) -> None:
        self._maps.turn(on=self.button.isChecked())

    def _show(self) -> None:
        """Show the map, or why there is none."""
        maps, names = self._maps, self._maps.names
        if [self.score.itemData(place) for place in range(self.score.count())] != names:
            self.score.clear()
            for name in names:
                self.score.add(title_of(name), name)
        name = self.score.chosen() or ""
        record_maps, top = maps.current, maps.range_of(name)
        values = None if record_maps is None else record_maps.maps.get(name)
        is_shown = maps.is_on and record_maps is not None and values is not None and top is not None
        self.button.setChecked(maps.is_on)
        self.score.setVisible(maps.is_on and len(names) > 1)
        self._mix.setVisible(is_shown)
        self.scale.setVisible(maps.is_on and top is not None)
        self._meaning.setVisible(is_shown)
        self.again.setVisible(maps.is_on and values is None and maps.error is not None)
        self.status.setVisible(maps.is_on)
        self.status.setToolTip("")
        if top is not None:
            self.scale.show_range(top, _(find_mapped_score(name).map_text.unit))
        if not maps.is_on or record_maps is None or values is None or top is None:
            self._layers = self._painted = None
            self.summary = ""
            self.status.setText(self._reason(name) if maps.is_on else "")
        elif self._painted != (record_maps.id, name):
            self._painted = record_maps.id, name
            self._layers = _picture(record_maps.view), _picture(coloured(values, top))
            self._meaning.setText(_(find_mapped_score(name).map_text.meaning))
            self.summary = summary_of(values)
            self.status.setText(self.summary)
            if QAccessible.isActive():
                QAccessible.updateAccessibility(
                    QAccessibleAnnouncementEvent(self, visible(self.summary))
                )
        self.changed.emit()

    def _reason(self, name: str) -> str:
        """Return why there is no map, or not yet."""
        maps = self._maps
        if maps.obstacle:
            return maps.obstacle
        if not name:
            *others, last = [spoken_name(name) for name, score in SCORES.items() if score.has_map]
            mapped = _("{others} and {last}", others=", ".join(others), last=last) if others else last
            return _("No score of this project has a map: only {scores} have one.", scores=mapped)
        if maps.current is not None:
            return maps.current.reasons.get(name, "")
        if maps.waits_for:
            job = f"{maps.waits_for[0].lower()}{maps.waits_for[1:]}"
            return _("Maps wait until {job} has ended.", job=job)
        if maps.error is not None:
            self.status.setToolTip(tip(str(maps.error)))
            return maps.error.what
        return _("Making the map. This takes a few seconds…")


class ColourScale(QWidget):
    """The colours of maps from the lowest to the highest value, and what is measured."""

    def __init__(self) -> None:
        super().__init__()
        self._top = 1.0
        self._unit = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_range(self, top: float, unit: str) -> None:
        """Show that the colours go from 0 to a value, of a unit."""
        self._top, self._unit = top, unit
        self.setToolTip(tip(f"{unit.capitalize()}. {_(_SAME_SCALE)}"))
        description = _(
            "Colours: dark blue is 0, yellow {value} and more, {unit}", value=short(top), unit=unit
        )
        self.setAccessibleName(visible(description))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size of the bar and two lines of text."""
        return QSize(160, _BAR + 4 + 2 * self._line)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the same: nothing of it may give way."""
        return self.sizeHint()

    @property
    def _line(self) -> int:
        return QFontMetrics(theme.font(-1)).height()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the colours, their two ends, and the unit under them."""
        del event
        colours = theme.palette()
        painter = QPainter(self)
        bar = QRect(0, 0, self.width(), _BAR)
        painter.drawPixmap(bar.adjusted(1, 1, -1, -1), _picture(_colours()[None]))
        painter.setPen(theme.colour(colours.edge))
        painter.drawRect(bar.adjusted(0, 0, -1, -1))
        painter.setFont(theme.font(-1))
        painter.setPen(theme.colour(colours.text))
        ends = QRect(0, _BAR + 4, self.width(), self._line)
        paint(painter, ends, Qt.AlignmentFlag.AlignLeft, "0")
        paint(painter, ends, Qt.AlignmentFlag.AlignRight, _("{value} and more", value=short(self._top)))
        painter.setPen(theme.colour(colours.dim))
        unit = elided(painter.fontMetrics(), self._unit, Qt.TextElideMode.ElideRight, self.width())
        paint(painter, ends.translated(0, self._line), Qt.AlignmentFlag.AlignLeft, unit)


def summary_of(values: NDArray[np.float32]) -> str:
    """Return as text where a map is high, and the ratio of its peak to its median.

    Parameters
    ----------
    values : ndarray
        Shape (height, width); none is negative.
    """
    peak, middle = float(values.max()), float(np.median(values))
    if peak == float(values.min()):
        return _("The same everywhere.")
    thirds = [np.array_split(line, 3, axis=1) for line in np.array_split(values, 3, axis=0)]
    means = np.array([[part.mean() if part.size else 0.0 for part in line] for line in thirds])
    line, column = divmod(int(means.argmax()), 3)
    where = _(_PLACES[line][column])
    if middle == 0:
        return _("Brightest on average {where}. At least half of the map is 0.", where=where)
    ratio = f"{peak / middle:,.{0 if peak / middle >= 10 else 1}f}"
    return _(
        "Brightest on average {where}. Its brightest point is {ratio} times its middle value.",
        where=where,
        ratio=ratio,
    )


def coloured(values: NDArray[np.float32], top: float) -> NDArray[np.uint8]:
    """Return a map in colours, shape (height, width, 3); from `top` on they are all the brightest."""
    steps = np.clip(values / top, 0, 1) * 255
    pixels: NDArray[np.uint8] = _colours()[steps.round().astype(np.uint8)]
    return pixels


@cache
def _colours() -> NDArray[np.uint8]:
    """Return 256 colours from dark blue to yellow, as bright as they are high; shape (256, 3)."""
    from pyqtgraph import colormap

    table: NDArray[np.uint8] = colormap.get("cividis").getLookupTable(nPts=256, alpha=False)
    return table


def _picture(pixels: NDArray[np.uint8] | None) -> QPixmap:
    """Return pixels, shape (height, width) or (height, width, 3), as a picture."""
    assert pixels is not None
    held = np.ascontiguousarray(pixels)
    form = QImage.Format.Format_RGB888 if held.ndim == 3 else QImage.Format.Format_Grayscale8
    height, width = held.shape[:2]
    borrowed = QImage(held.data, width, height, held.strides[0], form)
    # The conversion copies, so that nothing points into `held` any more.
    return QPixmap.fromImage(borrowed.convertToFormat(QImage.Format.Format_RGB32))
