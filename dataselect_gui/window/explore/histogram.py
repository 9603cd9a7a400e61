"""The distribution of a score, with the cut-off as a handle.

Dragging the handle previews what the cut-off would pick; letting go makes it the rule, one step of
undo. The number field and `move_cut` do the same by keyboard.
"""

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLocale, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.errors import UsageError
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.window.arrangement import title_of
from dataselect_gui.window.explore.brush import Brush
from dataselect_gui.window.explore.distribution import Distribution
from dataselect_gui.window.explore.plot import Plot
from dataselect_gui.window.explore.scores import meaning_of, short
from dataselect_gui.window.state import State
from dataselect_gui.window.terms import Term, term_of_score
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.numbers import stated_number
from dataselect_gui.window.widgets.plain import Button, Label, ToolButton, tip
from dataselect_gui.window.widgets.term import TermButton
from dataselect_gui.workflow import (
    Look,
    Range,
    ScoreCut,
    all_of,
    brush_of,
    filter_of,
    find_score,
    spoken_name,
)

HEIGHT = 168
_FRAME_MS = 16
_HOW_TO_BRUSH = N_(
    "Drag across the bars to see only those records. Shift adds some, Alt takes some out, a "
    "double-click shows all. With keys: arrows move, Shift+arrows choose, Delete shows all."
)


class Histogram(QFrame):
    """Shows a score: all records grey, those that are shown in colour, most of all the selected ones.

    A drag over the bars, beside the handle, is a brush: see `Brush`.

    Parameters
    ----------
    state : State
        What the window shows.
    parent : QWidget or None
        The owner.

    Attributes
    ----------
    adopt : Button
        Cuts by the score that is shown.
    try_it : Button
        Leads to a study of such a pick.

    Signals
    -------
    drag_changed()
        A drag of the cut-off began or ended.
    brushed(str, list of tuple)
        What is shown is to be restricted to these ranges of a score.
    trial_wanted()
        A study is to show whether picking by this score helps.
    """

    drag_changed = Signal()
    brushed = Signal(str, object)
    trial_wanted = Signal()

    def __init__(self, state: State, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._plot: Plot | None = None
        self._is_dragging = False
        self._is_folded = False
        self._preview = 0.0
        self._values: NDArray[np.float64] = np.empty(0)
        self._distribution = Distribution(self._values)
        self._ranges: list[Range] = []
        self._others = ""
        nothing = np.empty(0, dtype=bool)
        self._counted = self._distribution, nothing, self._distribution.count(nothing)
        self._look: Look | None = None
        self._distributions: dict[str | None, Distribution] = {}
        self._was_shown = False
        self.setProperty("role", "panel")
        self._fold = ToolButton()
        self._fold.setAutoRaise(True)
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setMinimumHeight(theme.TARGET)
        self._fold.clicked.connect(self._on_fold)
        self._meaning = Elided()
        self._meaning.setFont(theme.font(-1))
        self._meaning.setProperty("role", "dim")
        self.adopt = Button()
        self.adopt.setProperty("role", "link")
        self.adopt.clicked.connect(self._on_adopt)
        self.try_it = Button(_("Try it"))
        self.try_it.setProperty("role", "link")
        self.try_it.clicked.connect(self.trial_wanted)
        self._label = Label(_("Cut-off"))
        self._label.setProperty("role", "dim")
        self._field = QLineEdit()
        self._field.setFixedWidth(96)
        self._field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._field.setFont(theme.font())
        self._field.setAccessibleName(visible(_("Cut-off")))
        self._field.editingFinished.connect(self._on_typed)
        head = QHBoxLayout()
        head.setContentsMargins(4, 2, 8, 0)
        head.setSpacing(8)
        self.term, self._cut_term = TermButton(Term.SCORE), TermButton(Term.CUT_OFF)
        head.addWidget(self._fold)
        head.addWidget(self.term)
        head.addStretch(1)
        head.addWidget(self.adopt)
        head.addWidget(self.try_it)
        head.addWidget(self._label)
        head.addWidget(self._field)
        head.addWidget(self._cut_term)
        below = QHBoxLayout()
        below.setContentsMargins(12, 0, 8, 2)
        below.addWidget(self._meaning)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(1, 1, 1, 4)
        self._layout.setSpacing(0)
        self._layout.addLayout(head)
        self._layout.addLayout(below)
        self._layout.addStretch()
        self.setAccessibleName(visible(_("Histogram")))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._on_frame)
        # Only while dragging: otherwise Esc belongs to whatever has the focus.
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        self._escape.setEnabled(False)
        self._escape.activated.connect(self.cancel_drag)
        state.opened.connect(self._on_score)
        state.order_changed.connect(self._on_score)
        state.labels_changed.connect(self._on_score)
        state.selection_changed.connect(self._on_selection)
        state.inputs_changed.connect(self._offer_trial)
        self.set_folded(False)
        self._on_score()

    @property
    def is_dragging(self) -> bool:
        """Whether the cut-off is being dragged."""
        return self._is_dragging

    @property
    def is_folded(self) -> bool:
        """Whether only the head is shown."""
        return self._is_folded

    @property
    def chart(self) -> QGraphicsView | None:
        """The bars and their axis alone; None where they were never seen."""
        return None if self._plot is None else self._plot.widget

    def set_folded(self, folded: bool) -> None:
        """Show only the head, or all."""
        self._is_folded = folded
        self._fold.setArrowType(Qt.ArrowType.RightArrow if folded else Qt.ArrowType.DownArrow)
        self._say_meaning()
        self.setFixedHeight(theme.TARGET + 10 if folded else HEIGHT)
        if not folded and self._plot is None and self._was_shown:
            self._make_plot()
        if self._plot is not None:
            self._plot.widget.setVisible(not folded)

    def move_cut(self, steps: int) -> None:
        """Move the cut-off some small steps up, or down where negative; one step of undo."""
        cut = self._cut()
        if cut is not None:
            self._set_cut(self._distribution.moved(cut, steps))

    def drag_to(self, place: float) -> None:
        """Preview a cut-off at a place along the axis; the last one of a frame counts."""
        self._preview = value = self._distribution.value_at(place)
        if not self._is_dragging:
            self._set_dragging(is_dragging=True)
        self._field.setText(self._text(value))
        if not self._timer.isActive():
            self._timer.start()

    def end_drag(self) -> None:
        """Make the previewed cut-off the rule."""
        if self._is_dragging:
            self._timer.stop()
            self._set_dragging(is_dragging=False)
            self._set_cut(self._preview)
            # A rule that did not change emits nothing: the handle goes back to it.
            self._state.end_preview()

    def cancel_drag(self) -> None:
        """Forget the previewed cut-off."""
        if self._is_dragging:
            self._timer.stop()
            self._set_dragging(is_dragging=False)
            if self._plot is not None:
                self._plot.stop_drag()
            self._state.end_preview()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the preferred size."""
        return QSize(480, self.maximumHeight())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Make the plot when it is first seen: its library is slow to import."""
        super().showEvent(event)
        self._was_shown = True
        if self._plot is None and not self.is_folded:
            self._make_plot()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take the colours anew where they changed."""
        super().changeEvent(event)
        if (
            event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange}
            and self._plot is not None
        ):
            self._plot.colour()

    def _make_plot(self) -> None:
        self._plot = Plot(self, self.drag_to, self.end_drag)
        self._plot.widget.setAccessibleName(visible(_("Bars of the histogram")))
        self._plot.widget.setAccessibleDescription(visible(_(_HOW_TO_BRUSH)))
        self._plot.widget.setToolTip(tip(_(_HOW_TO_BRUSH)))
        brush = Brush(self._plot, lambda: self._distribution, lambda: self._ranges, self)
        brush.changed.connect(self._on_brush)
        self._layout.insertWidget(2, self._plot.widget, 1)
        self._on_score()

    def _on_fold(self) -> None:
        self.set_folded(not self._is_folded)

    # Signals of the state

    def _on_score(self) -> None:
        look, score = self._state.look, self._state.score
        values = np.empty(0) if look is None or score is None else look.scores[score]
        if values is not self._values:
            self._values, self._distribution = values, self._distribution_of(score, values)
        others, self._ranges = brush_of(self._state.filter, score or "")
        self._others = all_of(others)
        self._fold.setText(title_of(score) if score else _("No score"))
        self._say_meaning()
        self._on_selection()

    def _distribution_of(self, score: str | None, values: NDArray[np.float64]) -> Distribution:
        """Return the distribution of a score, made once a project."""
        if self._look is not self._state.look:
            self._look, self._distributions = self._state.look, {}
        if score not in self._distributions:
            self._distributions[score] = Distribution(values)
        return self._distributions[score]

    def _say_meaning(self) -> None:
        """Show what the score means: below its name where there is room, and in the tool tip."""
        score = self._state.score
        meaning = "" if score is None else meaning_of(score)
        self._meaning.set_full_text(meaning)
        self._meaning.setVisible(bool(meaning) and not self._is_folded)
        self.term.set_term(term_of_score(score or "") or Term.SCORE)
        self._fold.setToolTip(tip(*filter(None, [meaning, _("Show or hide the histogram")])))

    def _cut(self) -> float | None:
        rule = self._state.cut
        if rule is None or rule.score != self._state.score:
            return None
        return self._state.selection.threshold

    def _on_selection(self) -> None:
        state, cut, distribution = self._state, self._cut(), self._distribution
        has_cut = cut is not None
        self._field.setVisible(has_cut)
        self._label.setVisible(has_cut)
        self._cut_term.setVisible(has_cut)
        self._offer_trial()
        is_left_to_count = state.rule is None and state.look is not None and state.look.waits_for_count
        self.adopt.setVisible(not (has_cut or is_left_to_count or state.score is None))
        if state.rule is None:
            self.adopt.setText(_("Set a cut-off here"))
        else:
            self.adopt.setText(
                _("Set the cut-off by {score} instead", score=spoken_name(state.score or ""))
            )
        if cut is not None and not self._is_dragging:
            self._field.setText(self._text(cut))
        chosen = state.selection.chosen
        shown = self._shown_but_for_brush()
        if self._plot is not None:
            self._plot.show_distribution(
                distribution,
                None if shown is None else distribution.count(shown),
                self._count_chosen(chosen) if shown is None else distribution.count(chosen & shown),
            )
            self._plot.show_ranges([distribution.clipped(*ends) for ends in self._ranges])
            if not self._is_dragging:
                self._plot.show_cut(cut if cut is None else distribution.place_of(cut))
        self.setAccessibleDescription(visible(self._description(cut)))

    def _count_chosen(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how many selected records lie in each bin; counted anew only where they changed."""
        distribution, before, counts = self._counted
        if distribution is not self._distribution or before is not chosen:
            counts = self._distribution.count(chosen)
            self._counted = self._distribution, chosen, counts
        return counts

    def _shown_but_for_brush(self) -> NDArray[np.bool_] | None:
        """Return which records are shown if this chart's brush is ignored; None for all of them."""
        columns = self._state.columns
        if columns is None or not self._others:
            return None
        try:
            return columns.find(filter_of(self._others, columns))
        except UsageError:  # What is shown was found by another place.
            return None

    def _on_brush(self, ranges: list[Range]) -> None:
        if self._state.score is not None:
            self.brushed.emit(self._state.score, ranges)

    def _offer_trial(self) -> None:
        """Offer a study where this score picks; what is known of such picks is its tool tip."""
        cut, obstacle = self._state.cut, self._state.inputs.study_obstacle
        self.try_it.setVisible(self._cut() is not None)
        self.try_it.setEnabled(not obstacle)
        known = _(find_score(cut.score).known) if cut is not None else ""
        self.try_it.setToolTip(tip(*filter(None, [known, obstacle])))
        self.try_it.setAccessibleDescription(visible(" ".join(filter(None, [known, obstacle]))))

    def _description(self, cut: float | None) -> str:
        """Return in words what the histogram shows."""
        state, distribution, count = self._state, self._distribution, len(self._values)
        title = title_of(state.score or "")
        if count:
            parts = [
                ngettext(
                    "{score} of {count:,} record, from {low} to {high}, median {median}",
                    "{score} of {count:,} records, from {low} to {high}, median {median}",
                    count,
                    score=title,
                    low=short(distribution.low),
                    high=short(distribution.high),
                    median=short(distribution.median),
                )
            ]
        else:
            parts = [_("{score} of 0 records", score=title)]
        if cut is not None:
            parts.append(_("the cut-off is {value}", value=short(cut)))
        parts.append(
            _("{count:,} in the selection", count=int(np.count_nonzero(state.selection.chosen)))
        )
        return "; ".join(parts)

    # Moving the cut-off

    def _text(self, value: float) -> str:
        locale = QLocale()
        locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
        rule = self._state.cut
        if rule is not None and rule.by == "threshold" and float(rule.value) == value:
            exponent = rule.value.as_tuple().exponent
            digits = max(0, -exponent) if isinstance(exponent, int) else 0
        else:
            digits = self._distribution.decimals(value)
        return locale.toString(value, "f", digits)

    def _set_dragging(self, *, is_dragging: bool) -> None:
        self._is_dragging = is_dragging
        self._escape.setEnabled(is_dragging)
        self.drag_changed.emit()

    def _rule(self, cut: Decimal) -> ScoreCut | None:
        score, rule = self._state.score, self._state.cut
        if score is None:
            return None
        lowest = not self._state.descending if rule is None or rule.score != score else rule.lowest
        return ScoreCut(score, "threshold", cut, lowest)

    def _set_cut(self, value: float) -> None:
        rule = self._rule(self._distribution.rounded(value))
        if rule is not None:
            self._state.set_rule(rule)

    def _on_frame(self) -> None:
        rule = self._rule(self._distribution.rounded(self._preview))
        if self._is_dragging and rule is not None:
            self._state.preview_rule(rule)

    def _on_typed(self) -> None:
        cut = self._cut()
        # The field may show fewer digits than the rule has: unedited, it changes nothing.
        if cut is None or self._field.text() == self._text(cut):
            return
        try:
            rule = self._rule(stated_number(self._field.text(), _("The cut-off")))
        except UsageError as error:
            self._field.setText(self._text(cut))
            self._state.failed.emit(error)
            return
        if rule is not None:
            self._state.set_rule(rule)

    def _on_adopt(self) -> None:
        """Cut by this score, so that about as many records are picked as now, or one in ten."""
        known = np.sort(self._values[self._state.eligible & ~np.isnan(self._values)])
        if not len(known):
            return
        count = int(self._state.selection.chosen.sum()) or -(-len(known) // 10)
        count = min(count, len(known))
        rule = self._rule(Decimal(0))
        if rule is not None:
            self._set_cut(float(known[count - 1] if rule.lowest else known[-count]))
