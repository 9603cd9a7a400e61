"""What the records are sorted by, and in which direction."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.arrangement import title_of
from dataselect_gui.window.explore.scores import meaning_of
from dataselect_gui.window.explore.search import AT_ONCE
from dataselect_gui.window.latest import Latest
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.plain import ComboBox, Label, tip
from dataselect_gui.workflow import JobContext, JobKind

_LEAST_WIDTH = 104
_DOWN, _UP, _SORTING = "down", "up", "sorting"


class Sorting(QWidget):
    """Sorts the records; away from the window's thread where that takes long.

    Parameters
    ----------
    state : State
        What the window shows.

    Attributes
    ----------
    column : ComboBox
        What they are sorted by: a score, or anything else that is known of them.
    direction : ComboBox
        Which comes first.
    label : Label
        Says what the two are for, where there is room.
    """

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._latest = Latest(self, pause=0)
        self.column, self.direction = ComboBox(), ComboBox()
        self.label = Label(_("Sort by"))
        self.label.setProperty("role", "dim")
        self.column.setAccessibleName(visible(_("Sort by")))
        self.column.setMinimumWidth(_LEAST_WIDTH)
        self.column.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.column.setToolTip(tip(_("Sort by this")))
        self.column.activated.connect(self._on_column)
        self.direction.setAccessibleName(visible(_("Sort order")))
        self.direction.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.direction.activated.connect(self._on_direction)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.label)
        line.addWidget(self.column)
        line.addWidget(self.direction)
        state.opened.connect(self._on_opened)
        state.order_changed.connect(self._show_order)
        self._on_opened()

    @property
    def is_working(self) -> bool:
        """Whether another order is still to come."""
        return self._latest.waiting

    @property
    def running(self) -> bool:
        """Whether its thread is running."""
        return self._latest.running

    def close_threads(self) -> None:
        """Stop, and wait for the thread."""
        self._latest.close()

    def sort_by(self, column: str, *, descending: bool) -> None:
        """Sort by a column, in a moment or as soon as that can be done."""
        state, arrangement = self._state, self._state.arrangement
        self._latest.drop()
        if state.look is None:
            return

        def work(context: JobContext) -> None:
            del context
            arrangement.prepare(column)

        def succeed(_done: None) -> None:
            state.sort_by(column, descending=descending)
            self._show_order()

        def fail(error: DataSelectError) -> None:
            self._show_order()
            state.failed.emit(error)

        if len(state.look.ids) <= AT_ONCE or arrangement.is_prepared(column):
            succeed(None)
        else:
            self._show_directions([(_("Sorting…"), _SORTING)], _SORTING)
            self._latest.ask(JobKind.SORTING, work, succeed, fail)

    def _on_opened(self) -> None:
        self._latest.drop()
        look = self._state.look
        self.column.clear()
        for name in self._state.arrangement.sortable:
            about = "" if look is None or name not in look.scores else meaning_of(name)
            self.column.add(title_of(name), name, about)
        is_there = self.column.count() > 0
        self.column.setEnabled(is_there)
        self.direction.setEnabled(is_there)
        self._show_order()

    def _show_order(self) -> None:
        if self.is_working:
            return
        state = self._state
        self.column.choose(state.sort)
        highest, lowest = _("Highest first"), _("Lowest first")
        if self._is_of_texts(state.sort):
            highest, lowest = _("Z to A"), _("A to Z")
        ways = [(highest, _DOWN), (lowest, _UP)]
        if self._is_of_texts(state.sort):
            ways.reverse()
        self._show_directions(ways, _DOWN if state.descending else _UP)

    def _show_directions(self, ways: list[tuple[str, str]], chosen: str) -> None:
        if [self.direction.itemText(place) for place in range(self.direction.count())] != [
            text for text, _way in ways
        ]:
            self.direction.clear()
            for text, way in ways:
                self.direction.add(text, way)
        self.direction.choose(chosen)

    def _is_of_texts(self, column: str | None) -> bool:
        look = self._state.look
        return look is not None and column not in look.scores and column != "confidence"

    def _on_column(self) -> None:
        column, before = self.column.chosen(), self._state.sort
        if column is None:
            return
        descending = self._state.descending
        if self._is_of_texts(column) != self._is_of_texts(before):
            descending = not self._is_of_texts(column)  # From A to Z, and the highest first.
        self.sort_by(column, descending=descending)

    def _on_direction(self) -> None:
        is_down = self.direction.chosen() == _DOWN
        if self._state.sort is not None and is_down != self._state.descending:
            self.sort_by(self._state.sort, descending=is_down)
