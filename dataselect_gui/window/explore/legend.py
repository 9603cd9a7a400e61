"""The legend of the classes."""

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.explore.tile import SIGN, paint_class, paint_differs
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import paint, tip

_HEIGHT = 22
_CLASS, _GAP = 14, 14
_MOST_NAME = 100
_TITLE = N_("In the selection:")


class Legend(QWidget):
    """One line with the classes' signs, names, and how many records of each are in the selection.

    At its end stands the sign of records where the model disagrees with the label, if there are any.

    Parameters
    ----------
    state : State
        What the window shows.

    Attributes
    ----------
    entries : list of str
        Each class with its count.
    differing : str
        What that sign means; empty where there is no such record.

    Signals
    -------
    chosen(str)
        A class was clicked, by its name.
    """

    chosen = Signal(str)

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self.entries: list[str] = []
        self.differing = ""
        self._title = _(_TITLE)
        self._places: list[QRect] = []
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(visible(_("Classes")))
        state.opened.connect(self._count)
        state.selection_changed.connect(self._count)
        self._count()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the height of the line."""
        return QSize(0, _HEIGHT)

    def _count(self) -> None:
        names, codes, look = self._state.class_names, self._state.class_codes, self._state.look
        chosen = codes[self._state.selection.chosen & (codes >= 0)] if len(codes) else codes
        counts = np.bincount(chosen, minlength=len(names))
        shown = [
            visible(name if look is None else look.class_shown(name), _MOST_NAME) for name in names
        ]
        is_left_to_count = self._state.rule is None and look is not None and look.waits_for_count
        if is_left_to_count:  # There is no selection of which to count any.
            self._title, self.entries = _("Classes:"), shown
        else:
            numbers = zip(shown, counts.tolist(), strict=True)
            self._title, self.entries = _(_TITLE), [f"{name}: {count:,}" for name, count in numbers]
        differ = 0 if look is None or look.answers is None else int(look.answers.differ.sum())
        self.differing = _("The model disagrees") if differ else ""
        text = f"{self._title} {', '.join(self.entries)}" if names else ""
        text = "\n".join(filter(None, (text, self.differing)))
        self.setAccessibleDescription(visible(text))
        self.setToolTip(tip(text))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint as many classes as there is room for, and how many more there are."""
        del event
        painter = QPainter(self)
        colours = theme.palette()
        # The colours of classes are made for panels.
        painter.fillRect(self.rect(), theme.colour(colours.panel))
        painter.setFont(theme.font(-1))
        painter.setPen(theme.colour(colours.dim))
        metrics, middle = painter.fontMetrics(), self.height() / 2
        left, right = 8, self._paint_differing(painter)
        self._places = []
        if self.entries:
            paint(painter, self._room(left), Qt.AlignmentFlag.AlignVCenter, self._title)
            left += metrics.horizontalAdvance(self._title) + _GAP
        for code, entry in enumerate(self.entries):
            more = _("and {count} more", count=len(self.entries) - code)
            width = _CLASS + metrics.horizontalAdvance(entry)
            is_last = code == len(self.entries) - 1
            reserved = 0 if is_last else _GAP + metrics.horizontalAdvance(more)
            if left + width + reserved > right:
                paint(painter, self._room(left), Qt.AlignmentFlag.AlignVCenter, more)
                return
            self._places.append(QRect(left, 0, width, self.height()))
            paint_class(painter, colours, code, QPointF(left + 4, middle + 0.5))
            paint(painter, self._room(left + _CLASS), Qt.AlignmentFlag.AlignVCenter, entry)
            left += width + _GAP

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose a class."""
        at = event.position().toPoint()
        for name, place in zip(self._state.class_names, self._places, strict=False):
            if event.button() == Qt.MouseButton.LeftButton and place.contains(at):
                self.chosen.emit(name)

    def _paint_differing(self, painter: QPainter) -> int:
        """Paint the sign of records where the model disagrees; return where room for classes ends."""
        width = SIGN + 5 + painter.fontMetrics().horizontalAdvance(self.differing) + 8
        if not self.differing or width > self.width() // 2:
            return self.width()
        left, colours = self.width() - width, theme.palette()
        paint_differs(painter, colours, QPoint(left, (self.height() - SIGN) // 2))
        painter.setPen(theme.colour(colours.dim))
        middle = Qt.AlignmentFlag.AlignVCenter
        paint(painter, self._room(left + SIGN + 5), middle, self.differing)
        return left - _GAP

    def _room(self, left: int) -> QRect:
        return QRect(left, 0, self.width() - left, self.height())
