"""All actions in one list that can be searched: type, choose with the arrows, Enter."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui.window import theme
from dataselect_gui.window.actions import ACTIONS

_WIDTH, _LINE = 460, 30
_MOST_LINES = 9
_KEY = Qt.ItemDataRole.UserRole


class ActionList(QFrame):
    """A line to type into over the actions that fit; Esc closes, Enter runs.

    Parameters
    ----------
    actions : mapping of str to QAction
        What `make_actions` made.
    owner : QWidget
        The window.
    """

    def __init__(self, actions: Mapping[str, QAction], owner: QWidget) -> None:
        super().__init__(owner, Qt.WindowType.Popup)
        self._actions = actions
        self.setProperty("role", "panel")
        self.setAccessibleName("All actions")
        self.field = QLineEdit()
        self.field.setPlaceholderText("What do you want to do?")
        self.field.setAccessibleName("Search the actions")
        self.list = QTreeWidget()
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName("Actions")
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(theme.SPACE[1])
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._run)

    def open_over(self, owner: QWidget) -> None:
        """Show all that can be done now, in the upper middle of a window."""
        self.field.clear()
        self._filter("")
        width = min(_WIDTH, owner.width() - 32)
        lines = min(_MOST_LINES, self.list.topLevelItemCount())
        self.resize(width, _LINE * lines + self.field.sizeHint().height() + 28)
        corner = owner.mapToGlobal(owner.rect().topLeft())
        self.move(corner.x() + (owner.width() - width) // 2, corner.y() + theme.HEADER + 8)
        self.show()

    def texts(self) -> list[str]:
        """Return what is offered, from the top on."""
        items = (self.list.topLevelItem(place) for place in range(self.list.topLevelItemCount()))
        return [item.text(0) for item in items if item is not None]

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Begin to type at once."""
        super().showEvent(event)
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Let the arrows and Enter act on the list while the line has the focus."""
        if watched is self.field and isinstance(event, QKeyEvent):
            if event.type() != QEvent.Type.KeyPress:
                return False
            if event.key() in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
                self._step(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._run(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _step(self, step: int) -> None:
        count = self.list.topLevelItemCount()
        if count:
            self._choose((self.list.currentIndex().row() + step) % count)

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        self.list.clear()
        for one in ACTIONS:
            action = self._actions[one.key]
            if one.key == "actions" or not action.isEnabled():
                continue
            if all(word in one.text.casefold() for word in words):
                keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                item = QTreeWidgetItem([one.text, keys])
                item.setData(0, _KEY, one.key)
                item.setSizeHint(0, QSize(0, _LINE))
                item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.list.addTopLevelItem(item)
        self._choose(0)

    def _choose(self, place: int) -> None:
        item = self.list.topLevelItem(place)
        if item is not None:
            self.list.setCurrentItem(item)

    def _run(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            key = str(item.data(0, _KEY))
            self.hide()  # First: what is done may open a window of its own.
            self._actions[key].trigger()
