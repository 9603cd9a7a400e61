"""Layouts of places: a centred column that scrolls, and pairs of widgets."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui.window.widgets import theme

WIDEST = 880


class Scrolled(QScrollArea):
    """Scrolls from top to bottom, and to what Tab comes to from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)

    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        # Qt itself follows only the focus that was inside already.
        if now is not None and self.isAncestorOf(now) and now.visibleRegion().isEmpty():
            self.ensureWidgetVisible(now)


class ColumnPlace(Scrolled):
    """A place that scrolls, with one column in its middle.

    Attributes
    ----------
    column : QVBoxLayout
        Takes what the place holds, from the top on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        page, middle = QWidget(), QWidget()
        middle.setMaximumWidth(WIDEST)
        outer = QHBoxLayout(page)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addStretch()
        outer.addWidget(middle, 100)
        outer.addStretch()
        self.column = QVBoxLayout(middle)
        self.column.setContentsMargins(24, 24, 24, 24)
        self.column.setSpacing(theme.SPACE[3])
        self.setWidget(page)


class Pair(QWidget):
    """Two widgets beside each other; one above the other where there is no room for that.

    Parameters
    ----------
    first, second : QWidget
        The two.
    least : int
        The width in which they stand beside each other.
    """

    def __init__(self, first: QWidget, second: QWidget, least: int = 680) -> None:
        super().__init__()
        self._least = least
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.SPACE[3])
        self._layout.addWidget(first, 1)
        self._layout.addWidget(second, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Stack the two where they have no room beside each other."""
        super().resizeEvent(event)
        is_wide = event.size().width() >= self._least
        self._layout.setDirection(
            QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        )


def clear(layout: QLayout) -> None:
    """Hide and delete the widgets of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()  # At once, since it is deleted only in the event loop.
            widget.deleteLater()
