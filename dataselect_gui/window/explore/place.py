"""The place where the owner looks at records, moves the cut-off and withholds."""

import numpy as np
from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.explore.answers_panel import AnswersPanel
from dataselect_gui.window.explore.charts import Charts
from dataselect_gui.window.explore.demo_count import DemoCount
from dataselect_gui.window.explore.find_row import LEFT_OUT, FindRow
from dataselect_gui.window.explore.gallery import Gallery
from dataselect_gui.window.explore.histogram import Histogram
from dataselect_gui.window.explore.inspector import WIDTH, Inspector
from dataselect_gui.window.explore.jump import Jump
from dataselect_gui.window.explore.label_chooser import LabelChooser
from dataselect_gui.window.explore.large.view import LargeView
from dataselect_gui.window.explore.legend import Legend
from dataselect_gui.window.explore.maps import Maps
from dataselect_gui.window.explore.record_menu import Deeds, RecordMenu
from dataselect_gui.window.explore.record_table import RecordTable
from dataselect_gui.window.explore.record_views import RecordViews
from dataselect_gui.window.explore.rule_line import rule_line_text
from dataselect_gui.window.explore.saved_histogram import SavedHistogram
from dataselect_gui.window.explore.scores import cut_shown
from dataselect_gui.window.explore.sorting import Sorting
from dataselect_gui.window.explore.thumbnails import Thumbnails
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, tip
from dataselect_gui.workflow import (
    equal_term,
    left_out_figures,
    spoken_name,
    waiting_sentence,
    wrong_rule_of,
)

_FLAT = 520


class ExplorePlace(QWidget, Place):
    """Sorts, shows and withholds the records of a state.

    Parameters
    ----------
    state : State
        What the window shows.
    parent : QWidget or None
        The owner; it has to call `close_threads` before it goes.

    Attributes
    ----------
    gallery : Gallery
        The records as tiles.
    table : RecordTable
        The records as rows.
    records : RecordViews
        Shows one of these two.
    histogram : Histogram
        The distribution of the score that they are sorted by.
    answers : AnswersPanel
        Where the model disagrees with the labels.
    legend : Legend
        The signs of the classes.
    find_row : FindRow
        Where records are looked for.
    sorting : Sorting
        What they are sorted by.
    jump : Jump
        Leads to one record.
    maps : Maps
        Computes the maps.
    inspector : Inspector
        The current record.
    large : LargeView
        The current record in place of the gallery.
    label_chooser : LabelChooser
        Asks for the new label of records.

    Signals
    -------
    first_painted()
        All records in view were painted for the first time.
    score_wanted()
        Records with new labels are to be scored again.
    """

    place_id = PlaceId.EXPLORE
    first_painted = Signal()
    score_wanted = Signal()

    def __init__(self, state: State, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._was_painted = False
        self._is_narrow: bool | None = None
        self._is_flat = False
        self.thumbnails = Thumbnails(state, self)
        self.gallery = Gallery(state, self.thumbnails)
        self.table = RecordTable(state, self.gallery.describe_record)
        self.records = RecordViews(self.gallery, self.table)
        self.histogram = Histogram(state)
        self.saved_histogram = SavedHistogram(self.histogram, state)
        self.find_row = FindRow(state, self.records.take_focus)
        self.sorting = Sorting(state)
        self.answers = AnswersPanel(state, self.find_row, self.records.take_focus, self.sorting)
        self.charts = Charts(state, self.histogram, self.answers)
        self.jump = Jump(state, self._show_all, self.records.take_focus)
        self.legend = Legend(state)
        self.demo_count = DemoCount(state)
        self.maps = Maps(state, self)
        self.inspector = Inspector(state, self.thumbnails, self.maps)
        self.label_chooser = LabelChooser(state, self)

        self.left_out = Button(_("Left out"))
        self.left_out.setCheckable(True)
        self.left_out.setToolTip(tip(_("Show only records that look wrong, the worst first")))
        self.left_out.clicked.connect(self._on_left_out)
        self.rule_line = Elided()
        self.score_again = Button()
        self.score_again.clicked.connect(self.score_wanted)
        self._withhold = Button()
        self._withhold.setToolTip(tip(_("Withheld records never leave.")))
        self._withhold.clicked.connect(self.withhold)
        self._by_list = Button(_("By a list…"))
        self._by_list.setToolTip(tip(_("Withhold by a list of people or records")))
        self._by_list.setAccessibleName(visible(_("Withhold by a list…")))
        self._by_list.clicked.connect(self._show_people)
        self._restore = Button()
        self._restore.clicked.connect(self.restore)
        self.as_table = Button(_("Table"))
        self.as_table.setToolTip(tip(_("Show the records as a table, or as pictures (T)")))
        self.as_table.setCheckable(True)
        self.as_table.clicked.connect(self.records.switch)
        self.columns = Button(_("Columns…"))
        self.columns.setToolTip(tip(_("Choose the columns of the table")))
        self.columns.clicked.connect(self.table.choose_columns)
        self._details = Button(_("Record"))
        self._details.setToolTip(tip(_("Show or hide the current record")))
        self._details.setCheckable(True)
        self._details.setChecked(True)
        self._details.toggled.connect(self._on_details)
        self._top = QWidget()
        top = QHBoxLayout(self._top)
        top.setContentsMargins(12, 8, 12, 8)
        top.setSpacing(8)
        top.addWidget(self.sorting)
        top.addWidget(self.left_out)
        top.addSpacing(8)
        top.addWidget(self.rule_line, 1)
        table = (self.columns, self.as_table)
        deeds = (self.score_again, self._withhold, self._restore, self._by_list)
        for button in (*deeds, *table, self._details):
            top.addWidget(button)

        for button in (self._by_list, self.columns):
            button.hide()  # Until it is known that there is room.

        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 0, 12, 0)
        column.setSpacing(4)
        column.addWidget(self.charts)
        column.addWidget(self.legend)
        column.addWidget(self.demo_count)
        column.addWidget(self.records, 1)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self.large = LargeView(state, self.thumbnails, self.inspector.map)
        self._middle = QStackedWidget()
        self._middle.addWidget(left)
        self._middle.addWidget(self.large)
        self._splitter.addWidget(self._middle)
        self._splitter.addWidget(self.inspector)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 0)
        self._splitter.setCollapsible(0, False)
        self._splitter.setSizes([1000, WIDTH])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._top)
        outer.addWidget(self.find_row)
        outer.addWidget(self.jump)
        outer.addWidget(self._splitter, 1)

        for keys, slot in (
            ("[", self._cut_down),
            ("]", self._cut_up),
            ("{", self._cut_far_down),
            ("}", self._cut_far_up),
        ):
            for view in (self.gallery, self.table):
                # Like letters, brackets act only while the records have the focus.
                shortcut = QShortcut(QKeySequence(keys), view)
                shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
                shortcut.activated.connect(slot)
        self.records.view_changed.connect(self._on_view)
        self.table.sort_wanted.connect(self._on_table_sort)
        self.gallery.painted.connect(self._on_painted)
        self.gallery.activated.connect(self.large.open_row)
        self.large.opened.connect(self._on_large)
        self.large.closed.connect(self._on_closed)
        for wanting in (self.gallery, self.table, self.large, self.inspector):
            wanting.menu_wanted.connect(self._show_menu)
        self.histogram.drag_changed.connect(self._on_selection)
        self.histogram.brushed.connect(self.find_row.brush)
        self.legend.chosen.connect(self._on_class)
        state.opened.connect(self._on_opened)
        state.order_changed.connect(self._on_order)
        state.selection_changed.connect(self._on_selection)
        state.marked_changed.connect(self._on_targets)
        state.current_changed.connect(self._on_targets)
        self._on_opened()

    @property
    def is_working(self) -> bool:
        """Whether maps are about to be made, or records looked for."""
        is_looking = self.find_row.is_working or self.large.is_working
        return self.maps.is_waiting or is_looking or self.sorting.is_working

    @property
    def has_threads(self) -> bool:
        """Whether pictures are being decoded, or records looked for."""
        decoding = self.thumbnails.running or self.large.has_threads
        return decoding or self.find_row.has_threads or self.sorting.running

    def entered(self) -> None:
        """Make maps where they can be seen."""
        self._watch()

    def left(self) -> None:
        """Begin no map that cannot be seen."""
        self._watch()

    def close_threads(self) -> None:
        """Stop decoding and wait for the threads; the window calls this before it closes."""
        self.large.close_threads()
        self.thumbnails.close()
        self.find_row.close_threads()
        self.sorting.close_threads()

    def withhold(self) -> None:
        """Withhold the marked records, else the current one."""
        self._state.withhold(self._state.targets())

    def restore(self) -> None:
        """Withhold the marked records, else the current one, no longer."""
        self._state.restore(self._state.targets())

    def open_large(self) -> None:
        """Show the current record large, or else the first one that is shown."""
        row = self._state.current
        if row is None and len(self._state.order):
            row = int(self._state.order[0])
        if row is not None:
            self._state.show_place(PlaceId.EXPLORE)
            self.large.open_row(row)

    def relabel(self) -> None:
        """Ask for another label of the records that a command acts on."""
        self.label_chooser.ask(self._state.targets())

    def find_records(self) -> None:
        """Ask what to look for."""
        self.find_row.take_focus()

    def show_mistakes(self) -> None:
        """Show what the model is wrong about alone, the worst first; or all records again."""
        self.answers.show_mistakes()

    def choose_columns(self) -> None:
        """Ask which columns the table is to have, and show it."""
        if not self.records.is_table:
            self.records.switch()
        self.table.choose_columns()

    def go_to(self) -> None:
        """Ask which record to go to."""
        self.jump.ask()

    def _show_all(self) -> None:
        self.find_row.set_filter("")

    def toggle_map(self) -> None:
        """Show the map of the current record, wherever it is hidden; or no map any more."""
        is_here = self._state.place is PlaceId.EXPLORE
        is_shown = is_here and self._details.isChecked() and self.maps.is_on
        self._details.setChecked(True)
        self.maps.turn(on=not is_shown)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the least useful size."""
        return QSize(480, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Hide what has no room: the inspector behind a button, the histogram under its head."""
        is_narrow = event.size().width() < theme.NARROW
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._details.setVisible(is_narrow)
            self._by_list.setVisible(not is_narrow)
            self._on_view()
            self.find_row.set_narrow(is_narrow=is_narrow)
            self.sorting.label.setVisible(not is_narrow)
            self._details.setChecked(not is_narrow)
            self._on_selection()
        is_flat = event.size().height() < _FLAT
        if is_flat != self._is_flat:
            self._is_flat = is_flat
            self.histogram.set_folded(is_flat)
            self.large.set_flat(is_flat)
            self._show_legend()
            self._on_large()

    def _show_legend(self) -> None:
        """Show the legend where it says something, and the demo's count, where there is room."""
        says_something = bool(self._state.class_names or self.legend.differing)
        self.legend.setVisible(says_something and not self._is_flat)
        self.demo_count.setVisible(self.demo_count.is_of_use and not self._is_flat)

    # Signals of the state

    def _on_opened(self) -> None:
        self._show_legend()
        look = self._state.look
        self.left_out.setVisible(look is not None and wrong_rule_of(look) is not None)
        self._on_order()
        self._on_selection()

    def _on_order(self) -> None:
        self.table.set_cut(self.gallery.cut_place)
        self._on_targets()  # Commands touch what is shown.
        self.left_out.setChecked(LEFT_OUT in self.find_row.terms)

    def _on_selection(self) -> None:
        waiting = 0 if self._state.look is None else len(self._state.look.waiting)
        self.score_again.setText(_("Score {count:,} again", count=waiting))
        self.score_again.setToolTip(tip(waiting_sentence(waiting)))
        self.score_again.setVisible(waiting > 0)
        self.rule_line.set_full_text(self._summary())
        self.table.set_cut(self.gallery.cut_place)
        self._on_targets()

    def _summary(self) -> str:
        rule, selection = self._state.rule, self._state.selection
        if self._state.look is None:
            return ""
        if rule is None and not self.histogram.is_dragging:
            if self._state.look.waits_for_count:
                return _("Not decided yet: Release counts first")
            return _("No cut-off yet")
        cut = self._state.cut
        score = self._state.score if cut is None else cut.score
        sign = "≤" if cut is not None and cut.lowest else "≥"
        shown = cut_shown(None, selection.threshold or 0.0)
        text = f"{spoken_name(score or '')} {sign} {shown}"
        if rule is not None and not self.histogram.is_dragging:
            text = rule_line_text(rule, self._state.look.request)
        if self._is_narrow:  # The footer counts.
            return text
        count = np.count_nonzero(selection.chosen)
        return _("{rule} · {count:,} in the selection", rule=text, count=count)

    def _on_targets(self) -> None:
        rows = np.array(self._state.targets(), dtype=np.int64)
        withheld = int(np.count_nonzero(self._state.withheld[rows]))
        others = len(rows) - withheld
        self._withhold.setText(_("Withhold {count:,}", count=others) if others else _("Withhold"))
        self._withhold.setEnabled(others > 0)
        self._restore.setText(_("Restore {count:,}", count=withheld) if withheld else _("Restore"))
        self._restore.setEnabled(withheld > 0)
        self._restore.setVisible(withheld > 0 or not self._is_narrow)

    def _on_view(self) -> None:
        is_table = self.records.is_table
        self.as_table.setChecked(is_table)
        self.columns.setVisible(is_table and not self._is_narrow)

    def _on_painted(self) -> None:
        if not self._was_painted and self._state.look is not None:
            self._was_painted = True
            self.first_painted.emit()

    # Actions

    def _on_large(self) -> None:
        """Show a record large, or the gallery again, with the focus on its tile."""
        is_large = self.large.is_open
        self.inspector.show_picture(shown=not is_large)
        self._middle.setCurrentIndex(int(is_large))
        self.find_row.setVisible(not is_large)
        self._top.setVisible(not (is_large and self._is_flat))

    def _on_closed(self) -> None:
        self._on_large()
        self.records.take_focus()

    def _show_menu(self, row: int, at: QPoint) -> None:
        """Open the menu of a record."""
        open_large = None if self.large.is_open else self.large.open_row
        RecordMenu(self, self._state, row, Deeds(open_large, self._show_only)).popup(at)

    def _show_only(self, term: str) -> None:
        """Show what a filter finds, in the gallery."""
        self.large.close_view()
        self.find_row.set_filter(term)

    def _on_left_out(self) -> None:
        """Show those that look wrong alone, or all again."""
        look = self._state.look
        figures = None if look is None else left_out_figures(look, self._state.eligible)
        if figures is not None and self.left_out.isChecked():
            self.sorting.sort_by(figures.score, descending=True)
        self.find_row.toggle(LEFT_OUT)

    def _on_class(self, name: str) -> None:
        """Show the records of a class alone, or all again."""
        self.find_row.toggle(equal_term("label", name))

    def _on_details(self) -> None:
        self.inspector.setVisible(self._details.isChecked())
        self._watch()

    def _watch(self) -> None:
        is_here = self._state.place is PlaceId.EXPLORE
        self.maps.watch(on=is_here and self._details.isChecked())

    def _show_people(self) -> None:
        self._state.show_place(PlaceId.PEOPLE)

    def _on_table_sort(self, column: str, descending: bool) -> None:
        self.sorting.sort_by(column, descending=descending)

    def _cut_down(self) -> None:
        self.histogram.move_cut(-1)

    def _cut_up(self) -> None:
        self.histogram.move_cut(1)

    def _cut_far_down(self) -> None:
        self.histogram.move_cut(-10)

    def _cut_far_up(self) -> None:
        self.histogram.move_cut(10)
