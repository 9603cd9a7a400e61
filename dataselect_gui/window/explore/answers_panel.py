"""What the model says of all records, beside the histogram: where it disagrees with the labels."""

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.explore.find_row import FindRow
from dataselect_gui.window.explore.matrix import MatrixView
from dataselect_gui.window.explore.sorting import Sorting
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, tip
from dataselect_gui.workflow import all_of, answer_matrix, equal_term

DISAGREES = "disagrees"
ABOUT_MISTAKES = N_(
    "Show only the records where the model disagrees with your label. First come those where it is "
    "surest of its answer. Press again to show all."
)
ABOUT_MISTAKES_BY_LOSS = N_(
    "Show only the records where the model disagrees with your label. First come those where it is "
    "most sure that your label is wrong (highest loss). Press again to show all."
)
_LOSS, _CONFIDENCE = "loss", "confidence"
_MOST_NARROW = 4
"""Columns of a matrix."""


class AnswersPanel(QFrame):
    """Counts where the model disagrees with the labels, and shows these records on a press.

    Parameters
    ----------
    state : State
        What the window shows.
    find_row : FindRow
        Takes the filter that a cell stands for.
    leave : callable
        Gives the focus to the records.
    sorting : Sorting
        Sorts the records.

    Attributes
    ----------
    matrix : MatrixView
        Given labels against answers.
    mistakes : Button
        Shows the worst mistakes.
    """

    def __init__(
        self, state: State, find_row: FindRow, leave: Callable[[], None], sorting: Sorting
    ) -> None:
        super().__init__()
        self._state, self._find_row, self._leave, self._sorting = state, find_row, leave, sorting
        self._is_awaited = False
        self.setProperty("role", "panel")
        self.setAccessibleName(visible(_("What the model says")))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.title = Elided()
        self.mistakes = Button(_("Worst mistakes"))
        self.mistakes.setCheckable(True)
        self.mistakes.clicked.connect(self.show_mistakes)
        self._why_not = paragraph(role="dim")
        self._why_not.setContentsMargins(8, 0, 8, 0)
        self.matrix = MatrixView()
        self.matrix.chosen.connect(self._on_cell)
        head = QHBoxLayout()
        head.setContentsMargins(8, 2, 4, 2)
        head.addWidget(self.title, 1)
        head.addWidget(self.mistakes)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._why_not)
        column.addWidget(self.matrix, 1)
        column.addStretch()
        state.opened.connect(self._count)
        state.labels_changed.connect(self._count)
        state.order_changed.connect(self._on_order)
        self._is_folded = False
        self._count()

    @property
    def is_of_use(self) -> bool:
        """Whether there are answers that can be compared with labels."""
        look = self._state.look
        if look is None or look.answers is None:
            return False
        return self.matrix.cells is not None or bool(look.answers.differ.any())

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the preferred size."""
        return QSize(360, self.maximumHeight())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the least useful size."""
        return QSize(240, theme.TARGET + 10)

    @property
    def is_wide(self) -> bool:
        """Whether it needs as much room as the histogram."""
        cells = self.matrix.cells
        return cells is not None and not cells.is_list and cells.columnCount() > _MOST_NARROW

    def set_height(self, height: int) -> None:
        """Be at most so high; where that is too little, only the head is shown."""
        self._is_folded = height < 2 * theme.TARGET
        self.setMaximumHeight(height)
        self._show_body()

    def show_mistakes(self) -> None:
        """Show what the model is wrong about alone, the worst first; or all records again."""
        is_shown = self._shows_mistakes()
        if not is_shown:
            self._sorting.sort_by(self._sorts_by(), descending=True)
        if is_shown or DISAGREES not in self._find_row.terms:
            self._find_row.toggle(DISAGREES)
        self._is_awaited = not is_shown
        self._on_order()

    # Within

    def _count(self) -> None:
        state, look = self._state, self._state.look
        counted = None if look is None else answer_matrix(look, state.class_names, state.class_codes)
        if look is None or counted is None:
            self.matrix.show_counts(None)
        else:
            self.matrix.show_counts(counted, [look.class_shown(name) for name in counted.given])
        differ = 0 if look is None or look.answers is None else int(look.answers.differ.sum())
        self.title.set_full_text(_("Model disagrees: {count:,}", count=differ))
        self._why_not.setText(_("Records with several labels cannot be counted in a table like this."))
        self.mistakes.setEnabled(differ > 0)
        about = ABOUT_MISTAKES_BY_LOSS if self._sorts_by() == _LOSS else ABOUT_MISTAKES
        self.mistakes.setToolTip(tip(_(about)))
        self.mistakes.setAccessibleDescription(visible(_(about)))
        self._show_body()
        self._on_order()

    def _show_body(self) -> None:
        has_matrix = self.matrix.cells is not None
        self.matrix.setVisible(has_matrix and not self._is_folded)
        self._why_not.setVisible(not has_matrix and not self._is_folded)

    def _sorts_by(self) -> str:
        """Return what mistakes are sorted by: the loss is high where a label seems impossible."""
        look = self._state.look
        return _LOSS if look is not None and _LOSS in look.scores else _CONFIDENCE

    def _shows_mistakes(self) -> bool:
        by = self._sorts_by()
        is_sorted = (self._state.sort, self._state.descending) == (by, True)
        return is_sorted and DISAGREES in self._find_row.terms

    def _on_order(self) -> None:
        """Show which cell, and whether mistakes alone, are shown; go to the worst that was asked for.

        Where there are many records, they are sorted and found a moment later.
        """
        is_shown = self._shows_mistakes()
        self.mistakes.setChecked(is_shown)
        self.matrix.show_filtered(self._filtered())
        self._is_awaited &= DISAGREES in self._find_row.terms
        is_found = self._state.filter == self._find_row.field.text()
        if self._is_awaited and is_shown and is_found and len(self._state.order):
            self._is_awaited = False
            self._state.set_current(int(self._state.order[0]))
            self._leave()

    def _filtered(self) -> tuple[int, int] | None:
        """Return the cell whose records alone are shown."""
        cells, terms = self.matrix.cells, self._find_row.terms
        if cells is None or not terms:
            return None
        matrix = cells.matrix
        labels = [i for i, name in enumerate(matrix.given) if equal_term("label", name) in terms]
        answers = [i for i, name in enumerate(matrix.answers) if equal_term("answer", name) in terms]
        return (labels[0], answers[0]) if labels and answers else None

    def _on_cell(self, label: int, answer: int) -> None:
        """Show the records of a cell alone, or those of the others again."""
        cells = self.matrix.cells
        if cells is None:
            return
        pair = [
            equal_term("label", cells.matrix.given[label]),
            equal_term("answer", cells.matrix.answers[answer]),
        ]
        terms = self._find_row.terms
        matrix = cells.matrix
        of_cells = {equal_term("label", name) for name in matrix.given}
        of_cells |= {equal_term("answer", name) for name in matrix.answers}
        kept = [term for term in terms if term not in of_cells]
        if set(pair) <= set(terms):
            self._find_row.set_filter(all_of([term for term in terms if term not in pair]))
            return
        if kept != terms:
            self._find_row.set_filter(all_of(kept))
        self._find_row.toggle(all_of(pair))
