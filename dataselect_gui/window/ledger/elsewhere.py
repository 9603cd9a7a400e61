"""What shows, from outside, that the ledger is the one it was: its head, and the bundles made by it."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import N_, _
from dataselect_gui.window.latest import Latest
from dataselect_gui.window.terms import Term
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import Note, paragraph
from dataselect_gui.window.widgets.layout import row
from dataselect_gui.window.widgets.plain import Button, choose_folder
from dataselect_gui.window.widgets.term import Titled
from dataselect_gui.workflow import JobContext, JobKind

HEAD = N_(
    "Write it down where this machine cannot change it, on paper or in another system. Later it "
    "shows whether the ledger still holds everything up to here."
)
HOLDS_BUNDLE = N_("The ledger holds the release from which “{name}” was made.")
HOLDS_HEAD = N_("The ledger still holds that entry and everything before it.")
LACKS_HEAD = N_(
    "The ledger does not hold that entry. Since then it was shortened, replaced by an older one or "
    "made anew; or the fingerprint is of another ledger."
)


class Elsewhere(QFrame):
    """Tells the head of the chain, and holds heads and bundles against it.

    Signals
    -------
    failed(DataSelectError)
        What was given cannot be held against the ledger, or contradicts it.
    """

    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._project: Path | None = None
        self._asking = Latest(self)
        self.head = QLineEdit()
        self.head.setReadOnly(True)
        self.head.setAccessibleName(visible(_("The ledger's fingerprint")))
        self.noted = QLineEdit()
        self.noted.setAccessibleName(visible(_("A fingerprint that was noted earlier")))
        self.noted.setPlaceholderText(visible(_("A fingerprint that you noted earlier")))
        self.check_head = Button(_("Is it still in the ledger?"))
        self.check_bundle = Button(_("Compare a bundle with the ledger…"))
        self.result = Note("warn")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(theme.SPACE[1])
        column.addWidget(Titled(_("The ledger's fingerprint, to keep elsewhere"), Term.DIGEST))
        column.addWidget(self.head)
        column.addWidget(paragraph(_(HEAD), role="dim"))
        column.addSpacing(theme.SPACE[0])
        column.addWidget(row(self.noted, self.check_head))
        column.addWidget(self.check_bundle, 0, Qt.AlignmentFlag.AlignLeading)
        column.addWidget(self.result)
        self.noted.textChanged.connect(self._on_noted)
        self.noted.returnPressed.connect(self.check_head.click)
        self.check_head.clicked.connect(self._check_head)
        self.check_bundle.clicked.connect(self._choose_bundle)
        self._on_noted()

    def show_account(self, project: Path, head: str | None) -> None:
        """Show the head of a project's ledger."""
        if project != self._project:
            self.noted.clear()
        self._project = project
        self.head.setText(head or "")
        self.head.setCursorPosition(0)

    @property
    def waiting(self) -> bool:
        """Whether something is being held against the ledger."""
        return self._asking.waiting

    @property
    def has_threads(self) -> bool:
        """Whether its thread is running."""
        return self._asking.running

    def close_threads(self) -> None:
        """Stop, and wait for the thread."""
        self._asking.close()

    def hold(self, bundle: Path) -> None:
        """Hold a bundle against the ledger."""
        project = self._project

        def work(context: JobContext) -> None:
            del context
            workflow.hold_against(bundle, project)

        def holds(nothing: None) -> None:
            del nothing
            self._tell("stay", _(HOLDS_BUNDLE, name=bundle.name))

        self._asking.ask(JobKind.LEDGER_CHECK, work, holds, self._on_fault)

    def _check_head(self) -> None:
        project, head = self._project, self.noted.text()
        if project is None:
            return

        def work(context: JobContext) -> bool:
            del context
            return workflow.knows_head(head, project)

        def answered(holds: bool) -> None:
            self._tell("stay" if holds else "stop", _(HOLDS_HEAD if holds else LACKS_HEAD))

        self._asking.ask(JobKind.LEDGER_CHECK, work, answered, self._on_fault)

    def _on_fault(self, error: DataSelectError) -> None:
        self._tell("stop", str(error))
        self.failed.emit(error)

    def _choose_bundle(self) -> None:
        chosen = choose_folder(self, _("A bundle that was written here"))
        if chosen is not None:
            self.hold(chosen)

    def _on_noted(self) -> None:
        self.check_head.setEnabled(bool(self.noted.text().strip()))
        self._asking.drop()
        self.result.hide()

    def _tell(self, role: str, text: str) -> None:
        self.result.set_role(role)
        self.result.set_text(text)
        self.result.show()
