"""A read-only table of texts."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
)

from dataselect_gui.plain import visible
from dataselect_gui.window.widgets.plain import Cell

_PADDING = 5
"""With it the text stands as far in as the header's."""


class Table(QTableWidget):
    """A table as high as all its rows: the page scrolls, not the table in it.

    Parameters
    ----------
    name : str
        Its name for accessibility.
    columns : sequence of str
        Their titles.
    stretched : collection of int
        Which columns share the room that is left; their text wraps.
    """

    def __init__(self, name: str, columns: Sequence[str], stretched: Collection[int]) -> None:
        super().__init__(0, len(columns))
        self.setHorizontalHeaderLabels([visible(column) for column in columns])
        self.verticalHeader().hide()
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setStyleSheet(f"QTableWidget::item {{ padding: 4px {_PADDING}px; }}")
        self.setItemDelegate(_Padded(self))
        self.setWordWrap(True)
        self.setAccessibleName(visible(name))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column in range(len(columns)):
            mode = (
                QHeaderView.ResizeMode.Stretch
                if column in stretched
                else QHeaderView.ResizeMode.ResizeToContents
            )
            header.setSectionResizeMode(column, mode)
        # Queued: during the signal the header still has the old widths.
        header.sectionResized.connect(self._fit_rows, Qt.ConnectionType.QueuedConnection)

    def show_rows(self, rows: Sequence[Sequence[str]], tips: Sequence[str] = ()) -> None:
        """Show rows, each with its texts column by column, and perhaps with a tool tip."""
        self.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                item = Cell(text, tips[row] if tips else "")
                item.setTextAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
        self._fit_rows()

    def _fit_rows(self) -> None:
        self.resizeRowsToContents()
        rows = sum(self.rowHeight(row) for row in range(self.rowCount()))
        self.setFixedHeight(rows + self.horizontalHeader().sizeHint().height() + 4)


class _Padded(QStyledItemDelegate):
    """Wraps text where its padding begins; by itself a style sheet's padding is not counted."""

    def sizeHint(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return the room that a cell needs."""
        option.rect.adjust(_PADDING, 0, -_PADDING, 0)
        return super().sizeHint(option, index)
