"""The records of a state as rows of a model of Qt, which asks for the cells in view alone."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTableView

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.explore.record_columns import RecordColumn
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import elided, paint, tip

Index = QModelIndex | QPersistentModelIndex
_PAD = 8
_LEADING = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
_TRAILING = Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter


class RecordModel(QAbstractTableModel):
    """The records that are shown, in their order, by the chosen columns; it holds no copies.

    Parameters
    ----------
    state : State
        What the window shows.
    describe : callable
        Returns a record in words.

    Attributes
    ----------
    columns : sequence of RecordColumn
        Those that are shown.
    """

    def __init__(self, state: State, describe: Callable[[int], str]) -> None:
        super().__init__()
        self._state, self._describe = state, describe
        self.columns: Sequence[RecordColumn] = []
        self._order = state.order

    def show_columns(self, columns: Sequence[RecordColumn]) -> None:
        """Show these columns, and the records as they are ordered now."""
        self.beginResetModel()
        self.columns, self._order = columns, self._state.order
        self.endResetModel()

    def record_at(self, index: Index) -> int:
        """Return the record of a row."""
        return int(self._order[index.row()])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Return how many records are shown."""
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Return how many columns are shown."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a cell; for a screen reader, the first one tells of the whole record."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[index.column()].text(self.record_at(index))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            column, record = self.columns[index.column()], self.record_at(index)
            if index.column() == 0:
                return visible(self._describe(record))
            return visible(f"{column.title}: {column.text(record) or _('nothing')}")
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self.columns[index.column()].text(self.record_at(index)))
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return the title of a column, or the place of a record with a tick where it is marked."""
        if orientation == Qt.Orientation.Vertical:
            if role != Qt.ItemDataRole.DisplayRole:
                return None
            is_marked = self._state.marked[self._order[section]]
            return f"✓ {section + 1:,}" if is_marked else f"{section + 1:,}"
        column, down = self.columns[section], self._state.descending
        is_sorted = column.key == self._state.sort
        if role == Qt.ItemDataRole.DisplayRole:
            sign = (" ↓" if down else " ↑") if is_sorted else ""
            return visible(f"{column.title}{sign}")
        if role == Qt.ItemDataRole.AccessibleTextRole and is_sorted:
            way = _("highest first") if down else _("lowest first")
            if not column.is_number:
                way = _("Z to A") if down else _("A to Z")
            return visible(f"{column.title}, {way}")
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(column.about)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _TRAILING if column.is_number else _LEADING
        return None


class RecordPainter(QStyledItemDelegate):
    """Paints cells: marked records tinted, the current one with a ring, those that never leave dim.

    Parameters
    ----------
    state : State
        What the window shows.
    model : RecordModel
        Its records.
    view : QTableView
        Where it paints.

    Attributes
    ----------
    cut_place : int or None
        The first row beyond the cut-off, above which a line is painted; None for none.
    """

    def __init__(self, state: State, model: RecordModel, view: QTableView) -> None:
        super().__init__(view)
        self._state, self._model, self._view = state, model, view
        self.cut_place: int | None = None

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Return the least useful size."""
        del option, index
        return QSize(40, theme.TARGET)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a cell."""
        state, colours, rect = self._state, theme.palette(), option.rect
        column, record = self._model.columns[index.column()], self._model.record_at(index)
        painter.save()
        if state.marked[record]:
            painter.fillRect(rect, theme.colour(colours.accent, 40))
        elif record == state.current:
            painter.fillRect(rect, theme.colour(colours.sunk))
        painter.setPen(theme.colour(colours.text if state.eligible[record] else colours.dim))
        room = rect.adjusted(_PAD, 0, -_PAD, 0)
        where = Qt.TextElideMode.ElideMiddle if column.key == "id" else Qt.TextElideMode.ElideRight
        text = elided(painter.fontMetrics(), column.text(record), where, room.width())
        paint(painter, room, _TRAILING if column.is_number else _LEADING, text)
        if record == state.current:
            is_focused = self._view.hasFocus()
            painter.setPen(QPen(theme.colour(colours.accent if is_focused else colours.edge), 2))
            painter.drawLine(rect.left(), rect.top() + 1, rect.right(), rect.top() + 1)
            painter.drawLine(rect.left(), rect.bottom(), rect.right(), rect.bottom())
            if is_focused and index == self._view.currentIndex():
                painter.drawRect(rect.adjusted(1, 1, -1, -1))
        if index.row() == self.cut_place:
            painter.fillRect(rect.x(), rect.y(), rect.width(), 2, theme.colour(colours.accent))
        painter.restore()
