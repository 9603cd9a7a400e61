"""The Ledger place: what was released from a source, in words, and what is left."""

from decimal import Decimal
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
)

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.window.boundary import Note, StayPanel, paragraph
from dataselect_gui.window.budget import BudgetBar, read_amount
from dataselect_gui.window.column import ColumnPlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import exact

CANNOT_NOTICE = (
    "The ledger notices that it was edited, shortened or put back. It cannot notice that every copy "
    "was rolled back at once, another DATASELECT_HOME, or a second machine."
)
NOTHING_OPEN = "Open a project to see what was released from its records."
NOTHING_YET = "Nothing was released from these records yet."
_COLUMNS = ("", "What", "Day", "ε", "Reason")


class LedgerPlace(ColumnPlace):
    """The statement of the open project's source.

    Signals
    -------
    ledger_changed()
        The budget was changed here.
    """

    ledger_changed = Signal()

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._bar = BudgetBar()
        self._spent = paragraph(step=5, bold=True)
        self._sums = paragraph()
        self._empty = paragraph(NOTHING_YET, role="dim")
        self._error = Note("stop")
        self._table = self._make_table()
        self._raise = QPushButton("Raise the budget…")
        self._raise.clicked.connect(self._open_form)
        self._form = self._make_form()
        self._build()
        state.opened.connect(self._on_opened)
        self.refresh()

    def refresh(self) -> None:
        """Read the ledger again and show it."""
        self._close_form()
        self._error.hide()
        look = self._state.look
        statement: dict[str, Any] | None = None
        if look is not None:
            try:
                statement = workflow.ledger(look.folder)[0]
            except DataSelectError as error:
                self._show_error(error)
        entries = [] if statement is None else statement["entries"]
        self._panel.setVisible(statement is not None)
        self._table.setVisible(bool(entries))
        nothing = statement is None or not any(entry["kind"] == "reserved" for entry in entries)
        self._empty.setText(NOTHING_OPEN if look is None else NOTHING_YET)
        self._empty.setVisible(nothing and self._error.isHidden())
        if statement is not None:
            self._show_sums(statement)
        self._show_entries(entries)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Read the ledger again: it may have grown while another place was shown."""
        super().showEvent(event)
        self.refresh()

    def _on_opened(self) -> None:
        if self.isVisible():  # Otherwise it is read when it is shown.
            self.refresh()

    # Building

    def _build(self) -> None:
        heading = paragraph("Ledger", step=5, bold=True)
        self._panel = StayPanel()
        top = QHBoxLayout()
        top.addWidget(self._spent, 1)
        top.addWidget(self._raise, 0, Qt.AlignmentFlag.AlignTop)
        self._panel.body.addLayout(top)
        self._panel.body.addWidget(self._bar)
        self._panel.body.addWidget(self._sums)
        self._panel.body.addWidget(self._form)
        for widget in (heading, self._error, self._panel, self._empty, self._table):
            self.column.addWidget(widget)
        self.column.addWidget(paragraph(CANNOT_NOTICE, role="dim"))
        self.column.addStretch(1)

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_COLUMNS))
        table.setHorizontalHeaderLabels(list(_COLUMNS))
        table.verticalHeader().hide()
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setStyleSheet("QTableWidget::item { padding: 4px 5px; }")  # As far in as the header.
        table.setWordWrap(True)
        table.setAccessibleName("Entries of the ledger")
        table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column in range(len(_COLUMNS)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        header.sectionResized.connect(self._fit_rows)
        return table

    def _make_form(self) -> QFrame:
        form = QFrame()
        self._amount = QLineEdit()
        self._amount.setFixedWidth(96)
        self._amount.setAccessibleName("New budget, ε")
        self._amount.setPlaceholderText("ε")
        self._reason = QLineEdit()
        self._reason.setAccessibleName("Reason")
        self._reason.setPlaceholderText("Reason, kept in the ledger")
        self._set = QPushButton("Set budget")
        self._set.setProperty("role", "primary")
        self._set.clicked.connect(self._set_budget)
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self._close_form)
        for field in (self._amount, self._reason):
            field.textChanged.connect(self._check_form)
            field.returnPressed.connect(self._set.click)
        row = QHBoxLayout(form)
        row.setContentsMargins(0, 8, 0, 0)
        row.addWidget(self._amount)
        row.addWidget(self._reason, 1)
        row.addWidget(self._set)
        row.addWidget(cancel)
        return form

    # Showing

    def _show_sums(self, statement: dict[str, Any]) -> None:
        budget = None if statement["budget"] is None else Decimal(statement["budget"])
        self._bar.show_budget(statement["budget"], statement["total_plain"], None)
        if budget is None:
            self._spent.setText("No budget yet")
            self._raise.setText("Set a budget…")
        else:
            self._spent.setText(f"ε {exact(budget - Decimal(statement['total_plain']))} left")
            self._raise.setText("Raise the budget…")
        said = []
        if Decimal(statement["one_sided"]):
            said.append(
                f"Of the one-sided releases only the largest counts: ε {statement['one_sided']}. One "
                "secret for each record serves them all."
            )
        if statement["total_pld"]:
            said.append(
                f"The other entries together, as privacy loss distributions: ε "
                f"{statement['total_pld']:.3g} at δ {statement['delta']}."
            )
        unprotected = statement["exact_releases"]
        if unprotected:
            noun = "release" if unprotected == 1 else "releases"
            said.append(
                f"{unprotected} {noun} without protection: these sums do not cover those records."
            )
        self._sums.setText("\n".join(said))
        self._sums.setVisible(bool(said))

    def _show_entries(self, entries: list[dict[str, Any]]) -> None:
        self._table.setRowCount(len(entries))
        for row, entry in enumerate(entries):
            for column, text in enumerate(_line(entry)):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
                self._table.setItem(row, column, item)
        self._fit_rows()

    def _fit_rows(self) -> None:
        """Give the table the height of all its rows: the place scrolls, not the table in it."""
        self._table.resizeRowsToContents()
        rows = sum(self._table.rowHeight(row) for row in range(self._table.rowCount()))
        self._table.setFixedHeight(rows + self._table.horizontalHeader().sizeHint().height() + 4)

    def _show_error(self, error: DataSelectError) -> None:
        self._error.set_text(str(error))
        self._error.show()

    # Raising the budget

    def _open_form(self) -> None:
        self._amount.clear()
        self._reason.clear()
        self._raise.setEnabled(False)
        self._form.show()
        self._check_form()
        self._amount.setFocus()

    def _close_form(self) -> None:
        self._form.hide()
        self._raise.setEnabled(True)

    def _check_form(self) -> None:
        has_amount = read_amount(self._amount.text()) is not None
        self._set.setEnabled(has_amount and bool(self._reason.text().strip()))

    def _set_budget(self) -> None:
        look, amount = self._state.look, read_amount(self._amount.text())
        if look is None or amount is None:
            return
        try:
            workflow.ledger(look.folder, exact(amount), self._reason.text().strip())
        except DataSelectError as error:
            self._show_error(error)
            return
        self.refresh()
        self.ledger_changed.emit()


def _line(entry: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Return what one entry says, column by column."""
    terms = entry.get("terms") or {}
    epsilon = str(entry.get("epsilon", ""))
    release = str(entry.get("release", ""))[:8]
    if terms.get("conditional"):
        epsilon += ", none claimed"
    if entry["kind"] == "reserved" and not epsilon:
        epsilon = "no protection"
    what = {
        "opened": "The ledger of these records was opened",
        "joined": "Joined with the ledger of a source that shares records",
        "budget": f"Budget set to ε {epsilon}",
        "training": "Training under differential privacy used these records",
        "reserved": f"Release {release}: {terms.get('mechanism')}, by {terms.get('score')}",
        "drawn": f"Release {release} was drawn",
        "published": f"Release {release} was written",
    }.get(entry["kind"], entry["kind"])
    spent = "" if entry["kind"] == "budget" else epsilon
    return str(entry["seq"]), what, str(entry["date"]), spent, str(entry.get("reason") or "")
