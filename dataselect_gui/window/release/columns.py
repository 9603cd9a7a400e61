"""The three columns of the Release place: each scrolls alone; with little room all are one."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from dataselect_gui.window.widgets import theme

_ANSWERS, _PARCEL = (300, 332), (290, 350)
"""The least and the usual width of the outer columns; the middle one takes the rest."""
_BESIDE = 36
"""The margins of a column and its scroll bar."""
_GROWS = 160
"""Over so many pixels beyond `theme.NARROW` the outer columns grow."""


class Columns(QWidget):
    """Three columns beside each other, or below each other.

    Parameters
    ----------
    answers, consequence, parcel : QWidget
        From the leading edge on.

    Signals
    -------
    scrolled()
        A person scrolled one of them.
    """

    scrolled = Signal()

    def __init__(self, answers: QWidget, consequence: QWidget, parcel: QWidget) -> None:
        super().__init__()
        self._parts = (answers, consequence, parcel)
        self._is_narrow: bool | None = None
        self._areas = tuple(_area() for _part in self._parts)
        for area in self._areas:
            area.verticalScrollBar().actionTriggered.connect(self.scrolled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for area, stretch in zip(self._areas, (0, 1, 0), strict=True):
            row.addWidget(area, stretch)
        self._fill(is_narrow=False)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return what stacked columns need, or a window with three of them could not be made small."""
        return self._areas[1].minimumSizeHint()

    def arrange(self, width: int) -> None:
        """Set the columns beside each other where a width has room for that."""
        is_narrow = width < theme.NARROW
        if is_narrow != self._is_narrow:
            self._fill(is_narrow=is_narrow)
        grown = min(_GROWS, max(0, width - theme.NARROW))
        for area, (least, usual) in ((self._areas[0], _ANSWERS), (self._areas[2], _PARCEL)):
            area.setFixedWidth(least + grown * (usual - least) // _GROWS + _BESIDE)

    def begin(self) -> None:
        """Begin at the top."""
        for area in self._areas:
            area.verticalScrollBar().setValue(0)

    def show_column(self, part: QWidget) -> None:
        """Scroll to the top of a column."""
        area = self._area_of(part)
        top = part.y() - theme.SPACE[3]
        area.verticalScrollBar().setValue(top)

    def show_widget(self, widget: QWidget) -> None:
        """Scroll to a widget; one that stands in no column is seen anyway."""
        if self.isAncestorOf(widget):
            self._area_of(widget).ensureWidgetVisible(widget)

    # Within

    def _area_of(self, widget: QWidget) -> QScrollArea:
        return next(area for area in self._areas if area.isAncestorOf(widget))

    def _fill(self, *, is_narrow: bool) -> None:
        """Put each column into an area of its own, or all of them into the middle one."""
        self._is_narrow = is_narrow
        first, middle, last = self._parts
        groups = ((), self._parts, ()) if is_narrow else ((first,), (middle,), (last,))
        # All columns have left the former pages before these are deleted.
        pages = [_page(*group) for group in groups]
        for area, page, group in zip(self._areas, pages, groups, strict=True):
            area.setWidget(page)
            area.setVisible(bool(group))


def _area() -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def _page(*parts: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(theme.SPACE[2], theme.SPACE[3], theme.SPACE[2], theme.SPACE[3])
    column.setSpacing(theme.SPACE[3])
    for part in parts:
        column.addWidget(part)
    column.addStretch()
    return page
