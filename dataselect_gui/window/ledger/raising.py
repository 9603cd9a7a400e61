"""The form by which the budget is set or raised, with a reason."""

from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.widgets.budget import read_amount
from dataselect_gui.window.widgets.plain import Button


class Raising(QFrame):
    """Asks for a budget and for the reason; hidden until it is opened.

    Signals
    -------
    wanted(Decimal, str)
        The budget is to be this, for that reason.
    closed()
        It is hidden again.
    """

    wanted = Signal(object, str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.amount, self.reason = QLineEdit(), QLineEdit()
        self.amount.setFixedWidth(96)
        self.amount.setAccessibleName(visible(_("New budget, ε")))
        self.amount.setPlaceholderText("ε")
        self.reason.setAccessibleName(visible(_("Reason")))
        self.reason.setPlaceholderText(visible(_("Reason, kept in the ledger")))
        self.set = Button(_("Set budget"))
        self.set.setProperty("role", "primary")
        self.set.clicked.connect(self._set)
        cancel = Button(_("Cancel"))
        cancel.clicked.connect(self.fold)
        for field in (self.amount, self.reason):
            field.textChanged.connect(self._check)
            field.returnPressed.connect(self.set.click)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 0)
        row.addWidget(self.amount)
        row.addWidget(self.reason, 1)
        row.addWidget(self.set)
        row.addWidget(cancel)
        self.hide()

    def open(self) -> None:
        """Ask."""
        self.amount.clear()
        self.reason.clear()
        self.show()
        self._check()
        self.amount.setFocus()

    def fold(self) -> None:
        """Ask no more."""
        self.hide()
        self.closed.emit()

    def _read(self) -> tuple[Decimal, str] | None:
        amount, reason = read_amount(self.amount.text()), self.reason.text().strip()
        return None if amount is None or not reason else (amount, reason)

    def _check(self) -> None:
        self.set.setEnabled(self._read() is not None)

    def _set(self) -> None:
        asked = self._read()
        if asked is not None:
            self.wanted.emit(*asked)
