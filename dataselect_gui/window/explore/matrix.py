"""Given labels against the model's answers: a matrix of counts, or a list where there are many classes.

Qt asks for the cells in view alone, and gives each to a screen reader.
"""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.plain import Label, elided, paint, tip
from dataselect_gui.workflow import AnswerMatrix

MOST_CLASSES = 12
"""Of more labels or answers, those that are confused are listed instead."""
_MOST_LISTED = 1000
_MOST_NAME = 100
_LINE, _NARROWEST, _WIDEST_NAME = 22, 40, 120
_PAD = 6
_LIST = (N_("Given label"), N_("Model says"), N_("Records"))
Index = QModelIndex | QPersistentModelIndex
_NOTHING = AnswerMatrix((), (), (), {}, 0)
Pair = tuple[int, int]
"""The places of a label and of an answer in a matrix."""


class Cells(QAbstractTableModel):
    """The counts of a matrix, as rows and columns or as a list of pairs; none at first.

    Attributes
    ----------
    matrix : AnswerMatrix
        The counts.
    is_list : bool
        Whether pairs that differ are listed, for want of room for a matrix.
    labels : list of str
        The labels as a person reads them.
    most : int
        How many records have the most frequent of these pairs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.show_counts(_NOTHING, ())

    def show_counts(self, matrix: AnswerMatrix, shown: Sequence[str]) -> None:
        """Show other counts, with the labels as a person reads them."""
        self.beginResetModel()
        self.matrix = matrix
        self.labels = [visible(name, _MOST_NAME) for name in shown]
        self._answers = [visible(name, _MOST_NAME) for name in matrix.answers]
        self.is_list = max(len(self.labels), len(self._answers)) > MOST_CLASSES
        confused = matrix.confused
        self.most = matrix.counts[confused[0]] if confused else 0
        self._pairs = confused[:_MOST_LISTED] if self.is_list else []
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Return how many rows there are."""
        if parent.isValid():
            return 0
        return len(self._pairs) if self.is_list else len(self.labels)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Return how many columns there are."""
        if parent.isValid():
            return 0
        return len(_LIST) if self.is_list else len(self._answers)

    def pair_at(self, index: Index) -> Pair:
        """Return which label and which answer a cell is of."""
        return self._pairs[index.row()] if self.is_list else (index.row(), index.column())

    def text_at(self, index: Index) -> str:
        """Return what a cell shows."""
        label, answer = self.pair_at(index)
        count = f"{self.matrix.counts.get((label, answer), 0):,}"
        line = (self.labels[label], self._answers[answer], count)
        return line[index.column()] if self.is_list else count

    def sentence(self, pair: Pair) -> str:
        """Return what a cell means, in words."""
        return ngettext(
            "given {label}, model says {answer}: {count:,} record",
            "given {label}, model says {answer}: {count:,} records",
            self.matrix.counts.get(pair, 0),
            label=self.labels[pair[0]],
            answer=self._answers[pair[1]],
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a cell, or what it means."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text_at(index)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.sentence(self.pair_at(index))
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self.sentence(self.pair_at(index)))
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return the name of a label, of an answer, or of a column of the list."""
        if self.is_list:
            name = visible(_(_LIST[section])) if orientation == Qt.Orientation.Horizontal else ""
        else:
            is_answer = orientation == Qt.Orientation.Horizontal
            name = (self._answers if is_answer else self.labels)[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == Qt.ItemDataRole.TextAlignmentRole and self.is_list and section < len(_LIST) - 1:
            return Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole and not self.is_list:
            is_answer = orientation == Qt.Orientation.Horizontal
            return tip(_("Model says {name}", name=name) if is_answer else _("Given {name}", name=name))
        return None


class MatrixView(QTableView):
    """Shows how often labels and answers meet; a press on a cell asks for its records.

    Attributes
    ----------
    filtered : tuple of int or None
        The label and the answer whose records alone are shown; None for no such pair.

    Signals
    -------
    chosen(int, int)
        A cell was clicked, or Enter or Space was pressed on it: its label and its answer.
    """

    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.filtered: Pair | None = None
        self._cells = Cells()
        self._cells.setParent(self)
        self.setModel(self._cells)
        self.setItemDelegate(_Painter(self))
        self.setSelectionMode(QTableView.SelectionMode.NoSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setProperty("role", "matrix")
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setCornerButtonEnabled(False)
        self.setFont(theme.font(-1))
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionsClickable(False)
            header.setHighlightSections(False)
            header.setMinimumSectionSize(_LINE)
            header.setFont(theme.font(-1))
            header.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._axes = Label(_("label ↓  model →"))
        self._axes.setParent(self)
        self._axes.setFont(theme.font(-1))
        self._axes.setProperty("role", "dim")
        self._axes.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def show_counts(self, matrix: AnswerMatrix | None, shown: Sequence[str] = ()) -> None:
        """Show other counts, with the labels as a person reads them; or none."""
        self.filtered, cells = None, self._cells
        cells.show_counts(matrix or _NOTHING, shown)
        line = max(_LINE, self.fontMetrics().height() + 6)
        self.verticalHeader().setVisible(not cells.is_list)
        self._axes.setVisible(not cells.is_list)
        self.verticalHeader().setFixedWidth(self._width_of_names(cells))
        self._axes.setGeometry(0, 0, self._width_of_names(cells), line + 2)
        self.verticalHeader().setDefaultSectionSize(line)
        self.horizontalHeader().setFixedHeight(line + 2)
        self.setAccessibleName(
            visible(_("What the model confuses") if cells.is_list else _("Given labels and answers"))
        )
        self._fit()

    def show_filtered(self, pair: Pair | None) -> None:
        """Mark the cell whose records alone are shown."""
        self.filtered = pair
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Share the width among the columns."""
        super().resizeEvent(event)
        self._fit()

    def _width_of_names(self, cells: Cells) -> int:
        """Return how wide the names of the labels are, and what stands above them."""
        metrics = self.verticalHeader().fontMetrics()
        names = max((metrics.horizontalAdvance(name) for name in cells.labels), default=0)
        return max(min(names, _WIDEST_NAME), self._axes.sizeHint().width()) + 2 * _PAD

    def _fit(self) -> None:
        header, columns = self.horizontalHeader(), max(1, self._cells.columnCount())
        most = max(self._cells.matrix.counts.values(), default=0)
        bold = QFontMetrics(theme.font(-1, bold=True))
        width = max(_NARROWEST, bold.horizontalAdvance(f"{most:,}") + 2 * _PAD)
        if self._cells.is_list or columns * width <= self.viewport().width():
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        else:
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            for column in range(columns):
                header.resizeSection(column, width)

    # Mouse and keys

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ask for the records of the cell under the mouse."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid():
            self._choose(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Ask for the records of the current cell by Enter or Space; arrows move to another."""
        keys = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
        if event.key() in keys and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            if self.currentIndex().isValid() and not event.isAutoRepeat():
                self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802
        """Look for nothing: letters are no names of counts."""
        del search

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(*self._cells.pair_at(index))

    @property
    def cells(self) -> Cells | None:
        """What is shown; None where there is nothing."""
        return self._cells if self._cells.matrix.given else None


class _Painter(QStyledItemDelegate):
    """Paints a cell: agreement in bold, disagreement the darker the more records there are of it."""

    def __init__(self, view: MatrixView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        del option, index
        return QSize(_NARROWEST, _LINE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cells = self._view.cells
        if cells is None:
            return
        colours, rect = theme.palette(), option.rect
        pair = cells.pair_at(index)
        agrees, count = cells.matrix.agrees(*pair), cells.matrix.counts.get(pair, 0)
        is_filtered = pair == self._view.filtered
        ink = colours.on_accent if is_filtered else colours.text if count else colours.dim
        painter.save()
        if is_filtered:
            painter.fillRect(rect, theme.colour(colours.accent))
        elif count and not agrees and not cells.is_list:
            shade = theme.colour(colours.warn, 20 + 60 * count // cells.most)
            painter.fillRect(rect.adjusted(1, 1, -1, -1), shade)
        is_name = cells.is_list and index.column() < len(_LIST) - 1
        across = Qt.AlignmentFlag.AlignLeading if is_name else Qt.AlignmentFlag.AlignHCenter
        room = rect.adjusted(_PAD, 0, -_PAD, 0)
        painter.setFont(theme.font(-1, bold=is_filtered or agrees))
        painter.setPen(theme.colour(ink))
        where = Qt.TextElideMode.ElideMiddle
        text = elided(painter.fontMetrics(), cells.text_at(index), where, room.width())
        paint(painter, room, across | Qt.AlignmentFlag.AlignVCenter, text)
        if self._view.hasFocus() and index == self._view.currentIndex():
            painter.setPen(QPen(theme.colour(colours.text if is_filtered else colours.accent), 2))
            painter.drawRect(rect.adjusted(1, 1, -1, -1))
        painter.restore()
