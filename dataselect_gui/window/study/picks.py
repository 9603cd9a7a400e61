"""What came of each pick beside random ones, as a table."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
)

from dataselect_gui.workflow import PickLine

_COLUMNS = ("Trained", "Share", "Picked", "Right", "Points beyond random")
_STRETCHED = (2, 4)
_PADDING = 5
"""With it the text stands as far in as the header's."""


class Picks(QTableWidget):
    """A table as high as all its rows: the page scrolls, not the table in it."""

    def __init__(self, lines: Sequence[PickLine]) -> None:
        super().__init__(len(lines), len(_COLUMNS))
        self.setHorizontalHeaderLabels(list(_COLUMNS))
        self.verticalHeader().hide()
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setStyleSheet(f"QTableWidget::item {{ padding: 4px {_PADDING}px; }}")
        self.setItemDelegate(_Padded(self))
        self.setWordWrap(True)
        self.setAccessibleName("Picks by a score beside random picks")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column in range(len(_COLUMNS)):
            mode = (
                QHeaderView.ResizeMode.Stretch
                if column in _STRETCHED
                else QHeaderView.ResizeMode.ResizeToContents
            )
            header.setSectionResizeMode(column, mode)
        for row, line in enumerate(lines):
            for column, text in enumerate(_words(line)):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
        # Later: while it tells, the header still holds the old widths.
        header.sectionResized.connect(self._fit_rows, Qt.ConnectionType.QueuedConnection)
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


def _words(line: PickLine) -> tuple[str, ...]:
    trained = "without DP" if line.epsilon is None else f"DP-SGD, ε = {line.epsilon}"
    beyond = f"{line.beyond}: {line.verdict}" if line.beyond else ""
    return trained, line.share, line.pick, line.right, beyond
