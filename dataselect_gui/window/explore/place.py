"""The place where the owner looks at records, moves the cut-off and withholds."""

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.explore.demo_count import DemoCount
from dataselect_gui.window.explore.find_row import LEFT_OUT, FindRow
from dataselect_gui.window.explore.gallery import Gallery
from dataselect_gui.window.explore.histogram import Histogram
from dataselect_gui.window.explore.inspector import WIDTH, Inspector
from dataselect_gui.window.explore.label_chooser import LabelChooser
from dataselect_gui.window.explore.legend import Legend
from dataselect_gui.window.explore.maps import Maps
from dataselect_gui.window.explore.scores import meaning_of, short
from dataselect_gui.window.explore.thumbnails import Thumbnails
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, ComboBox, tip
from dataselect_gui.workflow import (
    Request,
    Rule,
    ScoreCut,
    calibrated_rule,
    equal_term,
    left_out_figures,
    rule_sentences,
    short_number,
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
        The records.
    histogram : Histogram
        The distribution of the score that they are sorted by.
    legend : Legend
        The signs of the classes.
    find_row : FindRow
        Where records are looked for.
    maps : Maps
        Computes the maps.
    inspector : Inspector
        The current record.
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
        self.histogram = Histogram(state)
        self.find_row = FindRow(state, self.gallery.setFocus)
        self.legend = Legend(state)
        self.demo_count = DemoCount(state)
        self.maps = Maps(state, self)
        self.inspector = Inspector(state, self.thumbnails, self.maps)
        self.label_chooser = LabelChooser(state, self)

        self._sort = ComboBox()
        self._sort.setAccessibleName(visible(_("Sort by")))
        self._sort.setMinimumWidth(104)
        self._sort.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self._sort.setToolTip(tip(_("Sort by this score")))
        self._sort.activated.connect(self._on_sort)
        self._direction = Button()
        self._direction.setAccessibleName(visible(_("Sort order")))
        self._direction.clicked.connect(self._on_direction)
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
        self._details = Button(_("Record"))
        self._details.setToolTip(tip(_("Show or hide the current record")))
        self._details.setCheckable(True)
        self._details.setChecked(True)
        self._details.toggled.connect(self._on_details)
        top = QHBoxLayout()
        top.setContentsMargins(12, 8, 12, 8)
        top.setSpacing(8)
        for widget in (self._sort, self._direction, self.left_out):
            top.addWidget(widget)
        top.addSpacing(8)
        top.addWidget(self.rule_line, 1)
        for button in (
            self.score_again,
            self._withhold,
            self._restore,
            self._by_list,
            self._details,
        ):
            top.addWidget(button)

        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 0, 8, 0)
        column.setSpacing(4)
        column.addWidget(self.histogram)
        column.addWidget(self.legend)
        column.addWidget(self.demo_count)
        column.addWidget(self.gallery, 1)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.addWidget(left)
        self._splitter.addWidget(self.inspector)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 0)
        self._splitter.setCollapsible(0, False)
        self._splitter.setSizes([1000, WIDTH])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(top)
        outer.addWidget(self.find_row)
        outer.addWidget(self._splitter, 1)

        for keys, slot in (
            ("[", self._cut_down),
            ("]", self._cut_up),
            ("{", self._cut_far_down),
            ("}", self._cut_far_up),
        ):
            # Like letters, brackets act only while the records have the focus.
            shortcut = QShortcut(QKeySequence(keys), self.gallery)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(slot)
        self.gallery.painted.connect(self._on_painted)
        self.histogram.drag_changed.connect(self._on_selection)
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
        return self.maps.is_waiting or self.find_row.is_working

    @property
    def has_threads(self) -> bool:
        """Whether pictures are being decoded."""
        return self.thumbnails.running

    def entered(self) -> None:
        """Make maps where they can be seen."""
        self._watch()

    def left(self) -> None:
        """Begin no map that cannot be seen."""
        self._watch()

    def close_threads(self) -> None:
        """Stop decoding and wait for the threads; the window calls this before it closes."""
        self.thumbnails.close()

    def withhold(self) -> None:
        """Withhold the marked records, else the current one."""
        self._state.withhold(self._state.targets())

    def restore(self) -> None:
        """Withhold the marked records, else the current one, no longer."""
        self._state.restore(self._state.targets())

    def relabel(self) -> None:
        """Ask for another label of the records that a command acts on, as far as they are shown."""
        shown = None if self._state.shown is None else frozenset(self._state.shown.tolist())
        rows = [row for row in self._state.targets() if shown is None or row in shown]
        self.label_chooser.ask(rows)

    def find_records(self) -> None:
        """Ask what to look for."""
        self.find_row.take_focus()

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
            self.find_row.set_narrow(is_narrow=is_narrow)
            self._details.setChecked(not is_narrow)
            self._on_selection()
        is_flat = event.size().height() < _FLAT
        if is_flat != self._is_flat:
            self._is_flat = is_flat
            self.histogram.set_folded(is_flat)
            self._show_legend()

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
        self._sort.clear()
        if self._state.look is not None:
            for name in self._state.look.scores:
                self._sort.add(name, name, meaning_of(name))
        self._sort.setEnabled(self._sort.count() > 0)
        self._direction.setEnabled(self._sort.count() > 0)
        self._on_order()
        self._on_selection()

    def _on_order(self) -> None:
        self._sort.choose(self._state.sort)
        self.left_out.setChecked(LEFT_OUT in self.find_row.terms)
        self._direction.setText(_("Highest first") if self._state.descending else _("Lowest first"))

    def _on_selection(self) -> None:
        waiting = 0 if self._state.look is None else len(self._state.look.waiting)
        self.score_again.setText(_("Score {count:,} again", count=waiting))
        self.score_again.setToolTip(tip(waiting_sentence(waiting)))
        self.score_again.setVisible(waiting > 0)
        self.rule_line.set_full_text(self._summary())
        self._on_targets()

    def _summary(self) -> str:
        rule, selection = self._state.rule, self._state.selection
        if self._state.look is None:
            return ""
        if rule is None and not self.histogram.is_dragging:
            if self._state.look.waits_for_count:
                return _("The count decides in Release")
            return _("No cut-off yet")
        cut = self._state.cut
        score = self._state.sort if cut is None else cut.score
        sign = "≤" if cut is not None and cut.lowest else "≥"
        text = f"{score} {sign} {short(selection.threshold or 0.0)}"
        if rule is not None and not self.histogram.is_dragging:
            text = _rule_text(rule, self._state.look.request)
        if self._is_narrow:  # The footer counts.
            return text
        count = int(selection.chosen.sum())
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

    def _on_painted(self) -> None:
        if not self._was_painted and self._state.look is not None:
            self._was_painted = True
            self.first_painted.emit()

    # Actions

    def _on_left_out(self) -> None:
        """Show those that look wrong alone, or all again."""
        look = self._state.look
        figures = None if look is None else left_out_figures(look, self._state.eligible)
        if figures is not None and self.left_out.isChecked():
            self._state.sort_by(figures.score)
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

    def _on_sort(self) -> None:
        self._sort_by(descending=self._state.descending)

    def _on_direction(self) -> None:
        self._sort_by(descending=not self._state.descending)

    def _sort_by(self, *, descending: bool) -> None:
        score = self._sort.chosen()
        if score is not None:
            self._state.sort_by(score, descending=descending)

    def _cut_down(self) -> None:
        self.histogram.move_cut(-1)

    def _cut_up(self) -> None:
        self.histogram.move_cut(1)

    def _cut_far_down(self) -> None:
        self.histogram.move_cut(-10)

    def _cut_far_up(self) -> None:
        self.histogram.move_cut(10)


def _rule_text(rule: Rule, request: Request) -> str:
    """Return a rule in a line."""
    if rule == calibrated_rule(request):
        return _("Without what looks wrong")
    if not isinstance(rule, ScoreCut):
        return " ".join(rule_sentences(rule, short_number))
    match rule.by:
        case "threshold":
            return f"{rule.score} {'≤' if rule.lowest else '≥'} {short_number(rule.value)}"
        case "count":
            count = int(rule.value)
            if rule.lowest:
                return _("lowest {count:,} by {score}", count=count, score=rule.score)
            return _("highest {count:,} by {score}", count=count, score=rule.score)
        case "fraction":
            percent = float(rule.value * 100)
            if rule.lowest:
                return _("lowest {percent:g} % by {score}", percent=percent, score=rule.score)
            return _("highest {percent:g} % by {score}", percent=percent, score=rule.score)
