"""The row in which records are looked for: by words, by a filter, or by a press on what they have."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.explore.chips import Chips
from dataselect_gui.window.explore.rule_offer import RuleOffer
from dataselect_gui.window.explore.search import Search
from dataselect_gui.window.state import State
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.plain import Button, Label, tip
from dataselect_gui.window.widgets.term import TermButton
from dataselect_gui.workflow import (
    CHANGING,
    FilterColumns,
    Range,
    all_of,
    brush_of,
    brush_term,
    columns_in,
    filter_of,
    is_same_term,
    terms_of,
    without_term,
)

LEFT_OUT = "left_out"
_SELECTED = "selected"
_MARKS = (
    (_SELECTED, N_("In the selection"), N_("Records that your rule picks")),
    ("withheld", N_("Withheld"), N_("Records that never leave")),
    ("opted_out", N_("Opted out"), N_("Records of people who opted out")),
    ("disagrees", N_("Model disagrees"), N_("Records where the model's answer is not the label")),
    ("problem", N_("Without a score"), N_("Records that cannot be read, or have no score")),
)
_TYPING_MILLISECONDS = 80
_FAULT_MILLISECONDS = 500
"""Who is still typing is not told that it is not understood."""


class FindRow(QWidget):
    """Shows records that a filter finds, and leaves the selection as it is.

    The text is the whole filter: a press on “Withheld” adds its term, and another takes it away; what
    is brushed in a chart is a term, too. Each term beside those of the buttons is shown as a chip.

    Parameters
    ----------
    state : State
        What the window shows.
    leave : callable
        Gives the focus to the records.

    Attributes
    ----------
    field : QLineEdit
        The filter.
    marks : dict
        A term → the button that adds it.
    chips : Chips
        The other terms.
    rule_offer : RuleOffer
        Makes the filter the rule, where a rule can say it.
    count, fault : Label
        How many records are found; why the filter is not understood.
    """

    def __init__(self, state: State, leave: Callable[[], None]) -> None:
        super().__init__()
        self._state, self._leave = state, leave
        self._is_narrow = False
        self.field = QLineEdit()
        self.field.setPlaceholderText(visible(_("Find a name, or type a condition: loss > 2")))
        self.field.setAccessibleName(visible(_("Find records")))
        self.field.setClearButtonEnabled(True)
        self.field.setMinimumWidth(160)
        self.field.installEventFilter(self)
        self.count, self.fault = Label(), paragraph(role="stop")
        self.count.setProperty("role", "dim")
        self.fault.setContentsMargins(8, 4, 8, 4)
        self.marks = {term: self._mark(term, name, about) for term, name, about in _MARKS}
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MILLISECONDS)
        self._typing.timeout.connect(self._apply)
        self._doubting = QTimer(self)
        self._doubting.setSingleShot(True)
        self._doubting.setInterval(_FAULT_MILLISECONDS)
        self._doubting.timeout.connect(self._show_fault)
        self._fault = ""
        self._search = Search(state, self)
        self.chips = Chips()
        line, self._below = QHBoxLayout(), QWidget()
        line.setSpacing(theme.SPACE[1])
        line.addWidget(self.field, 1)
        line.addWidget(self.count)
        self.rule_offer = RuleOffer(state)
        line.addWidget(self.rule_offer.ask)
        below = QHBoxLayout(self._below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(theme.SPACE[1])
        for button in self.marks.values():
            below.addWidget(button)
            if button is self.marks[_SELECTED]:
                below.addWidget(TermButton(Term.SELECTION))
        below.addWidget(self.chips, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 12, 8)
        column.setSpacing(theme.SPACE[0])
        column.addLayout(line)
        column.addWidget(self._below)
        column.addWidget(self.fault)
        column.addWidget(self.rule_offer)
        self.field.textChanged.connect(self._on_typed)
        self.field.returnPressed.connect(self._on_return)
        self.chips.removed.connect(self._on_removed)
        self._search.begun.connect(self._on_search)
        self._search.ended.connect(self._on_found)
        state.opened.connect(self._on_opened)
        state.labels_changed.connect(self._on_labels)
        state.order_changed.connect(self._on_order)
        state.selection_changed.connect(self._on_selection)
        self._on_opened()

    @property
    def is_working(self) -> bool:
        """Whether what was typed is about to be looked for."""
        return self._typing.isActive() or self._doubting.isActive() or self._search.is_working

    @property
    def has_threads(self) -> bool:
        """Whether records are looked for away from this thread."""
        return self._search.running

    @property
    def terms(self) -> list[str]:
        """The parts of the filter that must all hold."""
        return terms_of(self.field.text())

    def close_threads(self) -> None:
        """Look for nothing more, and wait for the thread."""
        self._search.close()

    def set_filter(self, text: str) -> None:
        """Show what a filter finds; everything where it is empty."""
        self._show(text)
        self._apply()

    def toggle(self, term: str) -> None:
        """Add a term to the filter, or take it away."""
        terms = without_term(self.terms, term)
        if len(terms) == len(self.terms):
            terms = [*self._meant_terms(), term]
        self.set_filter(all_of(terms))

    def brush(self, score: str, ranges: Sequence[Range]) -> None:
        """Restrict what is shown to ranges of a score, in place of those that it is restricted to."""
        others, _before = brush_of(all_of(self._meant_terms()), score)
        term = brush_term(score, ranges)
        self.set_filter(all_of([*others, term] if term else others))

    def set_narrow(self, *, is_narrow: bool) -> None:
        """Show the field alone where there is no room for more."""
        self._is_narrow = is_narrow
        self._below.setVisible(not is_narrow)

    def take_focus(self) -> None:
        """Take the focus, with the text marked to be replaced."""
        self.field.setFocus()
        self.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Show everything again by Escape, and go to the records by Down."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.set_filter("")
                self._leave()
                return True
            if event.key() == Qt.Key.Key_Down:
                self._apply()
                self._leave()
                return True
        return super().eventFilter(watched, event)

    # Within

    def _mark(self, term: str, name: str, about: str) -> Button:
        button = Button(_(name))
        button.setCheckable(True)
        button.setToolTip(tip(_(about)))
        button.clicked.connect(lambda: self.toggle(term))
        return button

    def _on_opened(self) -> None:
        self._search.drop()
        self.setEnabled(self._state.look is not None and bool(self._state.look.ids))
        self._show_marks()
        self._show("")

    def _on_order(self) -> None:
        """Follow what is shown by another place."""
        if self._state.filter != self.field.text() and not self.is_working:
            self._show(self._state.filter)

    def _on_selection(self) -> None:
        """Look again where the filter asks for what changed."""
        if columns_in(self._state.filter) & CHANGING:
            self._apply()

    def _on_labels(self) -> None:
        """Look again: what a filter finds may depend on labels."""
        if self._state.filter:
            self._apply()

    def _show(self, text: str) -> None:
        """Show a filter that was applied."""
        self.field.blockSignals(True)
        self.field.setText(text)
        self.field.blockSignals(False)
        self._on_text()
        self._fault = ""
        self._show_fault()

    def _on_text(self) -> None:
        terms = self.terms
        for term, button in self.marks.items():
            button.setChecked(any(is_same_term(term, other) for other in terms))
        shown = terms if columns_in(self.field.text()) and not self._is_word() else []
        self.chips.show_terms([term for term in shown if term not in self.marks])

    def _is_word(self) -> bool:
        """Say whether the text is looked for in the records, and is no condition."""
        text = self.field.text().strip()
        return self._state.columns is None or filter_of(text, self._state.columns) != text

    def _meant_terms(self) -> list[str]:
        """Return the terms of the filter that is meant by the text."""
        text = self.field.text().strip()
        return terms_of(filter_of(text, self._filter_columns())) if text else []

    def _on_typed(self) -> None:
        """Look for it once nothing more is typed; at once where the field was emptied."""
        self._on_text()
        self._typing.start()
        if not self.field.text():
            self._apply()

    def _on_return(self) -> None:
        self._apply()
        self._show_fault()
        if self.fault.isHidden():
            self._leave()

    def _on_removed(self, term: str) -> None:
        self.set_filter(all_of(without_term(self.terms, term)))

    def _show_marks(self) -> None:
        look = self._state.look
        there = set() if look is None else set(self._filter_columns())
        for term, button in self.marks.items():
            button.setVisible(term in there)

    def _filter_columns(self) -> FilterColumns:
        assert self._state.columns is not None
        return self._state.columns

    def _apply(self) -> None:
        self._typing.stop()
        self._search.look_for(self.field.text())

    def _on_search(self) -> None:
        self.count.setText(_("Looking…"))
        self.count.setVisible(True)

    def _on_found(self, fault: str) -> None:
        self._fault = fault
        if fault and self.fault.isHidden():
            self._doubting.start()
            return
        self._show_fault()

    def _show_fault(self) -> None:
        self._doubting.stop()
        self._say(self._fault)

    def _say(self, fault: str) -> None:
        """Say how many records are shown, and why what was typed is not understood."""
        look, shown, count = self._state.look, self._state.shown, ""
        if look is not None and shown is not None and not fault:
            count = _("{count:,} of {all:,}", count=len(shown), all=len(look.ids))
        for label, text in ((self.count, count), (self.fault, fault)):
            label.setText(text)
            label.setVisible(bool(text))
