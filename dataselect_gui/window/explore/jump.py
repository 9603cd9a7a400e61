"""The field that leads to one record, by its name or by its number in the order."""

import contextlib
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button, Label


class Jump(QWidget):
    """Makes the record that is typed the current one, and changes nothing else.

    A text that is a record's name is that record; ``#12``, and a number that is no name, is the twelfth
    of those that are shown.

    Parameters
    ----------
    state : State
        What the window shows.
    show_all : callable
        Shows all records.
    leave : callable
        Gives the focus to the records.

    Attributes
    ----------
    field : QLineEdit
        Where it is typed.
    answer : Elided
        Why there is no such record to go to.
    show_it : Button
        Shows all records, and goes to one that the filter hides.
    """

    def __init__(self, state: State, show_all: Callable[[], None], leave: Callable[[], None]) -> None:
        super().__init__()
        self._state, self._show_all, self._leave = state, show_all, leave
        self._hidden_row: int | None = None
        self.field, self.answer = QLineEdit(), Elided()
        self.field.setPlaceholderText(visible(_("A record's name, or #12 for the twelfth")))
        self.field.setAccessibleName(visible(_("Go to")))
        self.field.setClearButtonEnabled(True)
        self.field.setMinimumWidth(120)
        self.field.installEventFilter(self)
        self.show_it = Button(_("Show all records and go there"))
        self._close = Button(_("Close"))
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 0, 12, 8)
        line.setSpacing(theme.SPACE[1])
        line.addWidget(Label(_("Go to")))
        line.addWidget(self.field, 1)
        line.addWidget(self.answer, 1)
        line.addWidget(self.show_it)
        line.addWidget(self._close)
        self.field.returnPressed.connect(self._go)
        self.field.textEdited.connect(self._forget)
        self.show_it.clicked.connect(self._on_show)
        self._close.clicked.connect(self._on_close)
        state.opened.connect(self.hide)
        self._forget()
        self.hide()

    def ask(self) -> None:
        """Ask where to go."""
        self._forget()
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Close by Escape."""
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if is_key and cast("QKeyEvent", event).key() == Qt.Key.Key_Escape:
            self._on_close()
            return True
        return super().eventFilter(watched, event)

    def _go(self) -> None:
        self._forget()
        look, order, text = self._state.look, self._state.order, self.field.text().strip()
        if look is None or not text:
            return
        row = _row_named(look.ids, text)
        place = text.removeprefix("#")
        if row is None and place.isdecimal():
            if 1 <= int(place[:12]) <= len(order):
                self._arrive(int(order[int(place) - 1]))
            else:
                self._say(_("{count:,} records are shown.", count=len(order)))
        elif row is None:
            self._say(_("No record is called “{name}”.", name=text))
        elif self._state.shown is None or np.isin(row, self._state.shown):
            self._arrive(row)
        else:
            self._hidden_row = row
            self._say(_("The filter hides “{name}”.", name=text))
            self.show_it.show()

    def _arrive(self, row: int) -> None:
        # A record that is current already may be out of sight.
        self._state.set_current(None)
        self._state.set_current(row)
        self.hide()
        self._leave()

    def _say(self, text: str) -> None:
        self.answer.set_full_text(text)
        self.answer.show()

    def _forget(self) -> None:
        self._hidden_row = None
        self.answer.set_full_text("")
        self.answer.hide()
        self.show_it.hide()

    def _on_show(self) -> None:
        row = self._hidden_row
        if row is not None:
            self._show_all()
            self._arrive(row)

    def _on_close(self) -> None:
        self.hide()
        self._leave()


def _row_named(ids: Sequence[str], name: str) -> int | None:
    """Return the record of that name; None where there is none."""
    with contextlib.suppress(ValueError):
        return ids.index(name)
    return None
