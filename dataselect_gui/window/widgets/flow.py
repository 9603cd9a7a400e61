"""Widgets beside each other, which go on in a second line where there is no room for them in one."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget

from dataselect_gui.window.widgets import theme


class Flow(QWidget):
    """Widgets in as few lines as have room for them, each as wide as it wants to be.

    Parameters
    ----------
    *widgets : QWidget
        From the leading edge on.
    """

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        layout = _FlowLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE[1])
        for widget in widgets:
            layout.addWidget(widget)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)


class _FlowLayout(QLayout):
    """Puts its items into lines."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem, /) -> None:  # noqa: N802
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int, /) -> QLayoutItem | None:  # noqa: N802
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int, /) -> QLayoutItem | None:  # noqa: N802
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        return True

    def heightForWidth(self, width: int, /) -> int:  # noqa: N802
        return self._arrange(QRect(0, 0, width, 0), moves=False)

    def sizeHint(self) -> QSize:  # noqa: N802
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in shown) + self.spacing() * max(0, len(shown) - 1)
        return QSize(width, max((size.height() for size in shown), default=0))

    def minimumSize(self) -> QSize:  # noqa: N802
        least = QSize()
        for item in self._items:
            if not item.isEmpty():
                least = least.expandedTo(item.minimumSize())
        return least

    def setGeometry(self, room: QRect, /) -> None:  # noqa: N802
        super().setGeometry(room)
        self._arrange(room, moves=True)

    def _arrange(self, room: QRect, *, moves: bool) -> int:
        """Put the items into lines, and return how high these are together."""
        owner = self.parentWidget()
        assert owner is not None
        right_to_left = owner.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left, top, height = room.left(), room.top(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            width = min(size.width(), room.width())
            tall = item.heightForWidth(width) if item.hasHeightForWidth() else size.height()
            if left > room.left() and left + width > room.left() + room.width():
                left, top, height = room.left(), top + height + self.spacing(), 0
            if moves:
                at = room.left() + room.right() + 1 - left - width if right_to_left else left
                item.setGeometry(QRect(QPoint(at, top), QSize(width, tall)))
            left += width + self.spacing()
            height = max(height, tall)
        return top + height - room.top()
