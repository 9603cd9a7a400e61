"""The Ledger place: budget, totals, entries, and what shows from outside that all of it is there."""

from decimal import Decimal
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.texts import N_, _
from dataselect_gui.window.latest import Latest
from dataselect_gui.window.ledger.elsewhere import Elsewhere
from dataselect_gui.window.ledger.entries import Entries
from dataselect_gui.window.ledger.raising import Raising
from dataselect_gui.window.ledger.totals import Totals
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, StayPanel, paragraph
from dataselect_gui.window.widgets.column import ColumnPlace
from dataselect_gui.window.widgets.plain import Button, choose_place
from dataselect_gui.workflow import Account, JobContext, JobKind

CANNOT_NOTICE = N_(
    "The ledger notices if it was edited, shortened or replaced by an older one. It cannot notice "
    "if all its copies were replaced at once, if another ledger was used (DATASELECT_HOME), or "
    "what was released on a second machine."
)
NOTHING_OPEN = N_("Open a project to see what was released from its records.")
NOTHING_YET = N_("Nothing was released from these records yet.")
_PAGE = "statement.html"


class LedgerPlace(ColumnPlace, Place):
    """The statement of the open project's source."""

    place_id = PlaceId.LEDGER

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._composing = Latest(self)
        self.totals, self.raising, self.entries = Totals(), Raising(), Entries()
        self.elsewhere = Elsewhere()
        self.raise_budget, self.save = Button(), Button(_("Save the statement…"))
        self._empty = paragraph(_(NOTHING_YET), role="dim")
        self._saved = paragraph(role="done")
        self.error = Note("stop")
        self._build()
        self.raise_budget.clicked.connect(self.open_form)
        self.raising.wanted.connect(self._set_budget)
        self.raising.closed.connect(self._on_closed)
        self.save.clicked.connect(self._choose_file)
        state.account_changed.connect(self._on_account)
        state.accounts.budget_set.connect(self.raising.fold)
        state.accounts.refused.connect(self._on_refused)
        for part in (self.error, self._panel, self.entries, self.elsewhere, self._saved):
            part.hide()  # Until the place is entered.

    @property
    def is_working(self) -> bool:
        """Whether the ledger is being read or asked, or anything composed."""
        parts = (self._state.accounts, self._composing, self.elsewhere)
        return any(part.waiting for part in parts)

    @property
    def has_threads(self) -> bool:
        """Whether a thread of its own is running."""
        return self._composing.running or self.elsewhere.has_threads

    def close_threads(self) -> None:
        """Stop composing and wait for the thread; the window calls this before it closes."""
        self._composing.close()
        self.elsewhere.close_threads()

    def open_form(self) -> None:
        """Ask for another budget."""
        self.raise_budget.setEnabled(False)
        self.raising.open()

    def save_statement(self, to: Path) -> None:
        """Save the statement as a page that can be printed."""
        if self._state.look is None:
            return
        folder = self._state.look.folder

        def work(context: JobContext) -> Account:
            del context
            workflow.write_statement(folder, to)
            return workflow.ledger(folder)[0]

        def saved(statement: Account) -> None:
            self.totals.show_composed(statement)
            self._saved.setText(_("Saved as {path}.", path=to))
            self._saved.show()

        self._saved.hide()
        self._composing.ask(JobKind.STATEMENT, work, saved, self._show_error)

    def entered(self) -> None:
        """Read the ledger again: it may have grown while another place was shown."""
        self.raising.fold()
        self._show()  # What is known already.
        self._state.read_account()

    def left(self) -> None:
        """Work nothing out that nobody sees."""
        self._composing.drop()

    # Within

    def _on_account(self) -> None:
        if self._state.place is PlaceId.LEDGER:  # Otherwise it is read when it is shown.
            self._show()

    def _show(self) -> None:
        self.error.hide()
        self._saved.hide()
        self._composing.drop()
        look, account = self._state.look, self._state.account
        if self._state.account_fault is not None:
            self._show_error(self._state.account_fault)
        entries = () if account is None else account.entries
        for part in (self._panel, self.elsewhere):
            part.setVisible(account is not None)
        self.entries.setVisible(bool(entries))
        nothing = not any(entry.kind == "reserved" for entry in entries)
        self._empty.setText(_(NOTHING_OPEN if look is None else NOTHING_YET))
        self._empty.setVisible(nothing and self._state.account_fault is None)
        if look is not None and account is not None:
            self._show_account(look.folder, account)
        self.entries.show_entries(entries)

    def _build(self) -> None:
        self._panel = StayPanel(_("Budget"))
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE[1])
        buttons.addWidget(self.raise_budget)
        buttons.addWidget(self.save)
        buttons.addStretch()
        self._panel.body.addWidget(self.totals)
        self._panel.body.addLayout(buttons)
        self._panel.body.addWidget(self.raising)
        self._panel.body.addWidget(self._saved)
        heading = paragraph(_("Ledger"), step=5, bold=True)
        for widget in (heading, self.error, self._panel, self._empty, self.entries, self.elsewhere):
            self.column.addWidget(widget)
        self.column.addWidget(paragraph(_(CANNOT_NOTICE), role="dim"))
        self.column.addStretch(1)

    def _show_account(self, folder: Path, account: Account) -> None:
        self.totals.show_account(account)
        self.elsewhere.show_account(folder, account.head)
        message = N_("Set a budget…") if account.budget is None else N_("Raise the budget…")
        self.raise_budget.setText(_(message))
        if account.total_plain > account.one_sided:

            def work(context: JobContext) -> Account:
                del context
                return workflow.ledger(folder)[0]

            self._composing.ask(JobKind.COMPOSITION, work, self.totals.show_composed, self._show_error)

    def _show_error(self, error: DataSelectError) -> None:
        self.error.set_text(str(error))
        self.error.show()

    def _on_closed(self) -> None:
        self.raise_budget.setEnabled(True)

    def _set_budget(self, amount: Decimal, reason: str) -> None:
        self.error.hide()
        self._state.set_budget(amount, reason)

    def _on_refused(self, error: DataSelectError) -> None:
        if self._state.place is PlaceId.LEDGER:
            self._show_error(error)

    def _choose_file(self) -> None:
        chosen = choose_place(self, _("Save the statement"), _PAGE, _("Pages (*.html)"))
        if chosen is not None:
            self.save_statement(chosen)
