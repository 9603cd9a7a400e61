"""All records as rows of a table, in the order of the gallery: its equal for eyes, keys and readers."""

from collections.abc import Callable, Collection

import numpy as np
from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView

from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.explore.record_columns import RecordColumn, record_columns, sortable
from dataselect_gui.window.explore.record_model import Index, RecordModel, RecordPainter
from dataselect_gui.window.explore.tile import paint_nothing_shown
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.plain import MenuAction

MOST_COPIED = 5_000
_LINE = 26
_WIDTHS = {"id": 150, "label": 110, "answer": 120, "confidence": 112, "person": 110}
_USUAL_WIDTH, _MOST_WIDTH = 88, 220


class RecordTable(QTableView):
    """Shows the records of a state; which is current and which are marked is the state's.

    Parameters
    ----------
    state : State
        What the window shows.
    describe : callable
        Returns a record in words.

    Attributes
    ----------
    hidden : frozenset of str
        The keys of columns that are not shown.

    Signals
    -------
    record_activated(int)
        A record was double-clicked, or Enter was pressed on it.
    sort_wanted(str, bool)
        The records are to be sorted by a column, and whether the highest is to come first.
    columns_changed()
        Other columns are shown.
    menu_wanted(int, QPoint)
        The menu of a record is wanted, at a place of the screen.
    noted(str)
        What became of a copy, for a person.
    """

    record_activated = Signal(int)
    sort_wanted = Signal(str, bool)
    columns_changed = Signal()
    menu_wanted = Signal(int, QPoint)
    noted = Signal(str)

    def __init__(self, state: State, describe: Callable[[int], str]) -> None:
        super().__init__()
        self._state = state
        self.hidden: frozenset[str] = frozenset()
        self._all: list[RecordColumn] = []
        self._widths: dict[str, int] = {}
        self._anchor = 0
        self._is_behind = False
        self._records = RecordModel(state, describe)
        self._records.setParent(self)
        self._painter = RecordPainter(state, self._records, self)
        self.setModel(self._records)
        self.setItemDelegate(self._painter)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setMinimumHeight(100)
        for widget in (self, self.viewport()):
            widget.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAccessibleName(visible(_("Records as a table")))
        rows = self.verticalHeader()
        rows.setDefaultSectionSize(max(_LINE, self.fontMetrics().height() + 8))
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setSectionsClickable(False)
        rows.setHighlightSections(False)
        rows.setDefaultAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        columns = self.horizontalHeader()
        columns.setHighlightSections(False)
        columns.setSectionsClickable(True)
        columns.setMinimumSectionSize(40)
        columns.setStretchLastSection(True)
        columns.setTextElideMode(Qt.TextElideMode.ElideRight)
        columns.sectionClicked.connect(self._on_header)
        columns.sectionResized.connect(self._on_resized)
        columns.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        columns.customContextMenuRequested.connect(self._on_header_menu)
        state.opened.connect(self._on_opened)
        state.labels_changed.connect(self._on_opened)
        state.order_changed.connect(self._on_order)
        state.selection_changed.connect(self._on_selection)
        state.current_changed.connect(self._on_current)
        state.marked_changed.connect(self._repaint)
        state.stale_changed.connect(self._repaint)
        self._on_opened()

    @property
    def columns(self) -> list[RecordColumn]:
        """All columns that there are, hidden ones among them."""
        return self._all

    def set_hidden(self, hidden: Collection[str]) -> None:
        """Hide these columns and show the others; the first one is always shown."""
        chosen = frozenset(hidden)
        if chosen != self.hidden:
            self.hidden = chosen
            self._lay_out()
            self.columns_changed.emit()

    def set_cut(self, place: int | None) -> None:
        """Paint the cut-off above a row; None where the order is not that of the rule's score."""
        self._painter.cut_place = place
        self.viewport().update()

    def choose_columns(self) -> None:
        """Ask which columns to show."""
        self._ask_columns(self.mapToGlobal(QPoint(0, self.horizontalHeader().height())))

    def copy_records(self) -> None:
        """Copy the marked records that are shown, else the current one, as text with tabs."""
        order, current = self._state.order, self._state.current
        rows = order[self._state.marked[order]]
        if not len(rows) and current is not None:
            rows = order[order == current]
        if not len(rows):
            self.noted.emit(_("Nothing to copy: mark records first, by Space or Ctrl+click."))
            return
        if len(rows) > MOST_COPIED:
            self.noted.emit(
                _("Nothing was copied: at most {most:,} records can be copied.", most=MOST_COPIED)
            )
            return
        columns = self._records.columns
        lines = [[column.title for column in columns]]
        lines += [[column.copy(row) for column in columns] for row in rows.tolist()]
        # A tab or a line's end in a name would look like another cell.
        text = "\n".join("\t".join(cell.replace("\t", " ") for cell in line) for line in lines)
        QGuiApplication.clipboard().setText(text)
        self.noted.emit(
            ngettext(
                "{count:,} record copied, for you alone: scores stay on this machine.",
                "{count:,} records copied, for you alone: scores stay on this machine.",
                len(rows),
            )
        )

    # Signals of the state

    def _on_opened(self) -> None:
        self._all = record_columns(self._state)
        self._on_order()

    def _on_order(self) -> None:
        """Show the records in their order, as soon as the table is seen."""
        self._is_behind = True
        self._anchor = self._state.place_of(self._state.current) or 0
        if self.isVisible():
            self._lay_out()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Catch up with what changed while the table was hidden."""
        if self._is_behind:
            self._lay_out()
        super().showEvent(event)
        self._on_current()

    def _on_selection(self) -> None:
        self._describe()
        self._repaint()

    def _on_current(self) -> None:
        if self._is_behind or not self.isVisible():
            return
        place = self._state.place_of(self._state.current)
        if place is None:
            self.setCurrentIndex(QModelIndex())
        elif place != self.currentIndex().row():
            column = max(0, self.currentIndex().column())
            self.setCurrentIndex(self._records.index(place, column))
        self._repaint()

    def _repaint(self) -> None:
        self.viewport().update()
        self.verticalHeader().viewport().update()

    def _describe(self) -> None:
        text = ngettext("{count:,} record", "{count:,} records", len(self._state.order))
        chosen = int(np.count_nonzero(self._state.selection.chosen))
        selected = _("{count:,} in the selection", count=chosen)
        self.setAccessibleDescription(visible(f"{text}; {selected}"))

    # Columns

    def _lay_out(self) -> None:
        """Show the chosen columns of the records that are shown."""
        self._is_behind = False
        chosen = [column for column in self._all[1:] if column.key not in self.hidden]
        header, shown = self.horizontalHeader(), [*self._all[:1], *chosen]
        header.blockSignals(True)
        self._records.show_columns(shown)
        header.blockSignals(False)
        for section, column in enumerate(shown):
            header.resizeSection(section, self._width_of(column))
        self._describe()
        self._on_current()

    def _width_of(self, column: RecordColumn) -> int:
        if column.key in self._widths:
            return self._widths[column.key]
        title = self.horizontalHeader().fontMetrics().horizontalAdvance(visible(column.title))
        return min(max(title + 32, _WIDTHS.get(column.key, _USUAL_WIDTH)), _MOST_WIDTH)

    def _on_resized(self, section: int, _before: int, width: int) -> None:
        if section < len(self._records.columns) - 1:  # The last one takes what room is left.
            self._widths[self._records.columns[section].key] = width

    def _on_header(self, section: int) -> None:
        """Ask to sort by a column: numbers from the highest, texts from A; or the other way round."""
        column, state = self._records.columns[section], self._state
        if column.key in sortable(state):
            is_sorted = column.key == state.sort
            down = not state.descending if is_sorted else column.is_number
            self.sort_wanted.emit(column.key, down)

    def _on_header_menu(self, at: QPoint) -> None:
        self._ask_columns(self.horizontalHeader().mapToGlobal(at))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Ask for the menu of the record under the mouse; by keyboard, for that of the current one."""
        is_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if is_mouse else self.currentIndex()
        if index.isValid():
            self.setCurrentIndex(index)
            cell = self.viewport().mapToGlobal(self.visualRect(index).center())
            at = event.globalPos() if is_mouse else cell
            self.menu_wanted.emit(self._records.record_at(index), at)

    def _ask_columns(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(visible(_("Columns")))
        for column in self._all[1:]:
            action = MenuAction(column.title, menu)
            action.setCheckable(True)
            action.setChecked(column.key not in self.hidden)
            action.setData(column.key)
            menu.addAction(action)
        menu.triggered.connect(self._on_column)
        menu.popup(at)

    def _on_column(self, action: MenuAction) -> None:
        self.set_hidden(self.hidden ^ {str(action.data())})

    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Make the record under the mouse current; Ctrl marks it, Shift a range."""
        index, held = self.indexAt(event.position().toPoint()), event.modifiers()
        if event.button() != Qt.MouseButton.LeftButton or not index.isValid():
            event.ignore()
            return
        self.setCurrentIndex(index)
        if held & Qt.KeyboardModifier.ShiftModifier:
            self._state.mark_places(self._anchor, index.row())
        else:
            self._anchor = index.row()
            if held & Qt.KeyboardModifier.ControlModifier:
                self._state.toggle_mark(self._records.record_at(index))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Activate the record under the mouse."""
        index = self.indexAt(event.position().toPoint())
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and index.isValid() and not event.modifiers():
            self.record_activated.emit(self._records.record_at(index))
        else:
            self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Move, mark or copy, by the gallery's keys."""
        key, held, current = event.key(), event.modifiers(), self._state.current
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_records()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self._state.mark(self._state.order.tolist())
        elif key == Qt.Key.Key_Space and current is not None:
            self._state.toggle_current()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not held and current is not None:
            self.record_activated.emit(current)
        elif key == Qt.Key.Key_Escape and self._state.marked.any():
            self._state.clear_marks()
        elif key in _MOVES:
            super().keyPressEvent(event)
            if held & Qt.KeyboardModifier.ShiftModifier:
                self._state.mark_places(self._anchor, self.currentIndex().row())
            else:
                self._anchor = max(0, self.currentIndex().row())
        else:
            event.ignore()

    def moveCursor(  # noqa: N802
        self, action: QAbstractItemView.CursorAction, held: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Return the cell that a key moves to: Home and End go to the first record and the last."""
        count, column = self._records.rowCount(), max(0, self.currentIndex().column())
        if count and action == QAbstractItemView.CursorAction.MoveHome:
            return self._records.index(0, column)
        if count and action == QAbstractItemView.CursorAction.MoveEnd:
            return self._records.index(count - 1, column)
        return super().moveCursor(action, held)

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802
        """Make the record of the cell current."""
        super().currentChanged(current, previous)
        if current.isValid() and not self._is_behind:
            self._state.set_current(self._records.record_at(current))
        self._repaint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the cells in view, or that there is none."""
        super().paintEvent(event)
        if not self._records.rowCount():
            painter = QPainter(self.viewport())
            paint_nothing_shown(painter, self.viewport().rect(), self._state)


_MOVES = {
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
}
