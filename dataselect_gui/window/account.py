"""The account of the open project, read and changed away from the window's thread.

To know which account is meant takes the hashes of all records, and to change it the ledger's lock,
which a release holds for as long as it writes.
"""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.latest import Latest
from dataselect_gui.workflow import JobContext, JobKind, exact

if TYPE_CHECKING:
    from dataselect_gui.workflow import Account


class AccountReader(QObject):
    """Reads the account of one project after the other, and changes its budget.

    Signals
    -------
    arrived(Account or None, DataSelectError or None)
        The account as it is now, or why it cannot be read.
    budget_set()
        The budget was changed here; the account after it has arrived.
    refused(DataSelectError)
        The budget could not be changed.
    """

    arrived = Signal(object, object)
    budget_set = Signal()
    refused = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Path | None = None
        self._reading, self._changing = Latest(self), Jobs(self)

    @property
    def waiting(self) -> bool:
        """Whether an account is still to come."""
        return self._reading.waiting or self._changing.running

    @property
    def has_threads(self) -> bool:
        """Whether a thread is running."""
        return self._reading.running or self._changing.has_thread

    def close(self) -> None:
        """Stop reading, and wait for what is being changed; for the end of the program."""
        self._reading.close()
        self._changing.close()

    def forget(self) -> None:
        """Drop what is being read: no project is open."""
        self._project = None
        self._reading.drop()

    def read(self, project: Path, *, pause: int | None = None) -> None:
        """Read the account of a project, after so many milliseconds where they are given."""
        self._project = project

        def work(context: JobContext) -> "Account":
            del context
            return workflow.account(project)

        self._reading.ask(JobKind.ACCOUNT, work, self._on_account, self._on_fault, pause)

    def set_budget(self, project: Path, amount: Decimal, reason: str) -> None:
        """Change the budget of a project's account, unless that is being done."""
        if self._changing.running:
            return
        self._reading.drop()

        def work(context: JobContext) -> "Account":
            del context
            return workflow.change_budget(project, exact(amount), reason)

        def changed(account: "Account") -> None:
            if project == self._project:
                self._on_account(account)
                self.budget_set.emit()

        self._changing.start(JobKind.BUDGET, work, changed, self.refused.emit)

    def _on_account(self, account: "Account") -> None:
        self.arrived.emit(account, None)

    def _on_fault(self, error: DataSelectError) -> None:
        self.arrived.emit(None, error)
