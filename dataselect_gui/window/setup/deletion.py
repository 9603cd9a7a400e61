"""The deletion of a project: what it takes and what it leaves, before it is done."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.texts import N_, _
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import ColumnPlace, Pair, clear
from dataselect_gui.window.widgets.layout import panel
from dataselect_gui.window.widgets.notice import Message
from dataselect_gui.window.widgets.plain import Button
from dataselect_gui.workflow import JobContext, JobKind

CANNOT_UNDO = N_("This cannot be undone. Scoring the records again makes another project.")


class DeletionPlace(ColumnPlace, Place):
    """Asks the owner to confirm the deletion of a project, and deletes it.

    Signals
    -------
    begun(Path)
        That project is about to be deleted: nothing may read it any more.
    deleted(Message)
        It was deleted; the message says what is left of it.
    failed(DataSelectError)
        It cannot be read, or deleted.
    """

    place_id = PlaceId.DELETION
    begun = Signal(object)
    deleted = Signal(object)
    failed = Signal(object)

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._project: Path | None = None
        self._name = ""
        self.title = paragraph(step=5, bold=True)
        self.goes, self.stays = QVBoxLayout(), QVBoxLayout()
        self.cancel, self.delete = Button(_("Keep it")), Button()
        self.delete.setProperty("role", "danger")
        self.cancel.clicked.connect(state.go_back)
        self.delete.clicked.connect(self._confirm)
        buttons = QHBoxLayout()
        buttons.addWidget(self.delete)
        buttons.addStretch()
        buttons.addWidget(self.cancel)
        self.column.addWidget(self.title)
        self.column.addWidget(paragraph(_(CANNOT_UNDO)))
        self.column.addWidget(
            Pair(_panel(_("What goes"), self.goes), _panel(_("What stays"), self.stays), least=560)
        )
        self.column.addLayout(buttons)
        self.column.addStretch(1)

    def entered(self) -> None:
        """Give the focus to the button that keeps the project."""
        self.cancel.setFocus()

    def ask(self, project: Path) -> None:
        """Ask about a project, unless a job is running."""
        if self._state.jobs.running:
            return
        try:
            deletion = workflow.before_deletion(project)
        except DataSelectError as error:
            self.failed.emit(error)
            return
        self._project, self._name = project, deletion.name
        self.title.setText(_("Delete the project “{name}”?", name=deletion.name))
        self.delete.setText(_("Delete “{name}”", name=deletion.name))
        for layout, items in ((self.goes, deletion.goes), (self.stays, deletion.stays)):
            clear(layout)
            for item in items:
                layout.addWidget(paragraph(item))
        self._state.show_place(PlaceId.DELETION)

    def _confirm(self) -> None:
        project = self._project
        if project is None or self._state.jobs.running:
            return
        self.begun.emit(project)

        def work(context: JobContext) -> bool:
            del context
            return workflow.delete(project)

        jobs = self._state.jobs
        jobs.start(JobKind.DELETION, work, self._on_deleted, self.failed.emit)

    def _on_deleted(self, is_gone: bool) -> None:
        why = "" if is_gone else _("Its folder stays: there are other files in it.")
        do = _("The ledger still holds what was released.")
        self.deleted.emit(Message(_("“{name}” was deleted.", name=self._name), why, do, role="success"))


def _panel(title: str, items: QVBoxLayout) -> QFrame:
    frame, column = panel()
    items.setSpacing(theme.SPACE[1])
    column.addWidget(paragraph(title, bold=True))
    column.addLayout(items)
    column.addStretch()
    return frame
