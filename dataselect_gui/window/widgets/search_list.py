"""A search field over a list of what matches: type, choose with the arrows, Enter."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui.plain import visible
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import TreeLine

_WIDTH, _LINE, _MOST_LINES = 460, 30, 9
_KEY = Qt.ItemDataRole.UserRole


class SearchList(QFrame):
    """Floats over a widget's upper middle; Esc closes it, Enter runs the chosen line.

    Parameters
    ----------
    owner : QWidget
        The widget over which it opens.
    name, field_name, list_name : str
        What it, its field and its list are called.
    """

    def __init__(self, owner: QWidget, name: str, field_name: str, list_name: str) -> None:
        super().__init__(owner)
        self._owner = owner
        self._before: QWidget | None = None
        self.setProperty("role", "float")
        self.setAccessibleName(visible(name))
        self.field = QLineEdit()
        self.field.setAccessibleName(visible(field_name))
        self.list = QTreeWidget()
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(visible(list_name))
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
        self.hide()

    def entries(self, typed: str) -> Iterable[tuple[str, str, str]]:
        """Return what matches what was typed: for each line its key, its text and a word at its end."""
        raise NotImplementedError

    def run(self, key: str) -> None:
        """Do what a line stands for."""
        raise NotImplementedError

    def open(self) -> None:
        """Show all lines, with the focus in the search field."""
        self._before = QApplication.focusWidget()
        self.field.clear()
        self._filter("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_again(self) -> None:
        """Hide, and give the focus back."""
        self.hide()
        if self._before is not None:
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None

    def texts(self) -> list[str]:
        """Return the lines, from the top."""
        items = (self.list.topLevelItem(place) for place in range(self.list.topLevelItemCount()))
        return [item.text(0) for item in items if item is not None]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Pass arrows, Enter and Esc to the list while the field has the focus."""
        if watched is self.field and isinstance(event, QKeyEvent):
            return self._press(event)
        if watched is self.field and event.type() == QEvent.Type.FocusOut:
            self.hide()  # The person went on elsewhere.
        return super().eventFilter(watched, event)

    def _press(self, event: QKeyEvent) -> bool:
        """Handle a key; return whether it was one of the list's."""
        key, count = event.key(), self.list.topLevelItemCount()
        is_press = event.type() == QEvent.Type.KeyPress
        if event.type() == QEvent.Type.ShortcutOverride and key == Qt.Key.Key_Escape:
            event.accept()  # Esc closes the list, whatever shortcut it may be elsewhere.
        elif is_press and key == Qt.Key.Key_Escape:
            self.close_again()
        elif is_press and key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
            step = 1 if key == Qt.Key.Key_Down else -1
            self._choose((self.list.currentIndex().row() + step) % max(1, count))
        elif is_press and key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._run(self.list.currentItem())
        else:
            return False
        return True

    def _filter(self, text: str) -> None:
        self.list.clear()
        for key, name, aside in self.entries(text):
            item = TreeLine(name, aside)
            item.setData(0, _KEY, key)
            item.setSizeHint(0, QSize(0, _LINE))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.list.addTopLevelItem(item)
        self._choose(0)
        self._lay_out()

    def _lay_out(self) -> None:
        """Place the list in the upper middle of its owner, as high as its lines."""
        top = theme.HEADER + 8
        width = min(_WIDTH, self._owner.width() - 32)
        lines = min(_MOST_LINES, self.list.topLevelItemCount())
        height = self.field.sizeHint().height() + 18 + (_LINE * lines + 10 if lines else 0)
        self.list.setVisible(bool(lines))
        self.setGeometry(
            (self._owner.width() - width) // 2,
            top,
            width,
            min(height, self._owner.height() - top - theme.FOOTER),
        )

    def _choose(self, place: int) -> None:
        item = self.list.topLevelItem(place)
        if item is not None:
            self.list.setCurrentItem(item)

    def _run(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            key = str(item.data(0, _KEY))
            self.close_again()  # First, since it may open a dialog.
            self.run(key)
