"""The account of the open project, read and changed away from the window's thread.

To know which account is meant takes the hashes of all records, and to change it the ledger's lock,
which a release holds for as long as it writes.
"""

from decimal import Decimal
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.latest import Latest
from dataselect_gui.workflow import Account, Look, Report, Stop, exact


class AccountReader(QObject):
    """Reads one account, and changes its budget.

    Attributes
    ----------
    account : Account or None
        As it was read last; None while it is not known.
    error : DataSelectError or None
        Why it could not be read.

    Signals
    -------
    arrived()
        `account` or `error` is another.
    budget_set()
        The budget was changed here; `account` is the one after it.
    """

    arrived = Signal()
    budget_set = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.account: Account | None = None
        self.error: DataSelectError | None = None
        self._project: Path | None = None
        self._reading, self._changing = Latest(self), Jobs(self)

    @property
    def waiting(self) -> bool:
        """Whether another account is still to come."""
        return self._reading.waiting or self._changing.running

    @property
    def has_threads(self) -> bool:
        """Whether a thread is running."""
        return self._reading.running or self._changing.has_thread

    def close(self) -> None:
        """Stop reading, wait for what is being changed; for the end of the program."""
        self._reading.close()
        self._changing.close()

    def read(self, look: Look | None) -> None:
        """Read the account of a project, or forget it where none is open."""
        project = None if look is None or not look.ids else look.folder
        if project != self._project:
            self._project, self.account, self.error = project, None, None
            self.arrived.emit()
        if project is None:
            self._reading.drop()
            return

        def work(report: Report, stop: Stop) -> Account:
            del report, stop
            return workflow.account(project)

        self._reading.ask("Reading the ledger", work, self._on_account, self._on_fault)

    def set_budget(self, amount: Decimal, reason: str) -> None:
        """Change the budget of the account that is known, unless that is being done."""
        project = self._project
        if project is None or self._changing.running:
            return
        self._reading.drop()

        def work(report: Report, stop: Stop) -> Account:
            del report, stop
            return workflow.change_budget(project, exact(amount), reason)

        def changed(account: Account) -> None:
            if project == self._project:
                self._on_account(account)
                self.budget_set.emit()

        self._changing.start("Setting the budget", work, changed, self._on_refused)

    def _on_account(self, account: Account) -> None:
        self.account, self.error = account, None
        self.arrived.emit()

    def _on_fault(self, error: DataSelectError) -> None:
        self.account, self.error = None, error
        self.arrived.emit()

    def _on_refused(self, error: DataSelectError) -> None:
        self.error = error  # The account is what it was.
        self.arrived.emit()
