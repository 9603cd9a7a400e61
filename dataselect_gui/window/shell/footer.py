"""The footer: counts of records, the last undone step, and the sign that all of it stays."""

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Sign
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button
from dataselect_gui.workflow import JobKind

_MILLISECONDS = 20_000
"""How long the footer says what was just done; the menu names a step as long as it can be redone."""


class Footer(QFrame):
    """Shows how many records are in each set of a state.

    Signals
    -------
    undone_requested()
        The records of the last undone step are to be shown.
    """

    undone_requested = Signal()

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self.setProperty("role", "foot")
        self.setFixedHeight(theme.FOOTER)
        self.counts, self.undone = Elided(), Elided()
        self._show = Button(_("Show them"))
        self._show.setProperty("role", "link")
        self._show.clicked.connect(self.undone_requested)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.counts, 1)
        self._row.addWidget(self.undone, 2)
        self._row.addWidget(self._show)
        self._expiry = QTimer(self)
        self._expiry.setSingleShot(True)
        self._expiry.setInterval(_MILLISECONDS)
        self._expiry.timeout.connect(self._hide_undone)
        self._sign = Sign(leaves=False, step=-1)
        self._sign.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._row.addWidget(self._sign)
        for text in (self.counts, self.undone):
            text.setProperty("role", "dim")
        state.opened.connect(self._count)
        state.selection_changed.connect(self._count)
        state.marked_changed.connect(self._count)
        state.order_changed.connect(self._count)
        state.undo_changed.connect(self._on_undo)
        state.jobs.started.connect(self._count)
        state.jobs.finished.connect(self._count)
        self._count()
        self._on_undo()

    def show_text(self, text: str) -> None:
        """Show a text in place of the last undone step, until another one takes its place."""
        self._expiry.stop()
        self.undone.set_full_text(text)
        self.undone.setMaximumWidth(self.undone.fontMetrics().horizontalAdvance(visible(text)) + 2)
        self.undone.setVisible(bool(text))

    def show_passing(self, text: str) -> None:
        """Show a text there for a while."""
        self.show_text(text)
        self._expiry.start()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Hide the text of the sign where there is little room."""
        super().resizeEvent(event)
        is_narrow = event.size().width() < theme.NARROW
        self._sign.set_brief(is_narrow)
        self._sign.updateGeometry()
        margin = theme.SPACE[2] if is_narrow else theme.SPACE[3]
        self._row.setContentsMargins(margin, 0, margin, 0)
        self._row.setSpacing(theme.SPACE[1] if is_narrow else theme.SPACE[2])

    def _count(self) -> None:
        look = self._state.look
        if look is None:
            is_scoring = self._state.jobs.kind is JobKind.SCORING
            text = _("The records are being scored.") if is_scoring else _("No project is open.")
            self.counts.set_full_text(text)
            return
        parts = [ngettext("{count:,} record", "{count:,} records", len(look.ids))]
        if (shown := self._state.shown) is not None:
            parts.append(_("{count:,} shown", count=len(shown)))
        if marked := np.count_nonzero(self._state.marked):
            hidden = 0 if shown is None else marked - np.count_nonzero(self._state.marked[shown])
            parts.append(
                _("{count:,} marked, {hidden:,} not shown", count=marked, hidden=hidden)
                if hidden
                else _("{count:,} marked", count=marked)
            )
        if self._state.rule is not None or not look.waits_for_count:
            selected = np.count_nonzero(self._state.selection.chosen)
            parts.append(_("{count:,} in selection", count=selected))
        if withheld := np.count_nonzero(self._state.withheld):
            parts.append(_("{count:,} withheld", count=withheld))
        if opted_out := np.count_nonzero(self._state.opted_out):
            parts.append(_("{count:,} opted out", count=opted_out))
        if waiting := len(look.waiting):
            parts.append(_("{count:,} to score again", count=waiting))
        self.counts.set_full_text(" · ".join(parts))

    def _on_undo(self) -> None:
        stack = self._state.undo
        self.show_passing(_("Undone: {change}", change=stack.redoText()) if stack.canRedo() else "")
        self._show.setVisible(bool(self._state.undone_rows()))

    def _hide_undone(self) -> None:
        if self._show.hasFocus():
            self._expiry.start()
            return
        self.show_text("")
        self._show.hide()
