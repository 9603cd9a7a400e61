"""The start page: drop areas for records and checkpoint, recent projects, the demo."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.setup.choosing import Chooser
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.boundary import paragraph
from dataselect_gui.window.widgets.column import ColumnPlace, Pair, clear
from dataselect_gui.window.widgets.elided import Elided
from dataselect_gui.window.widgets.plain import Button
from dataselect_gui.workflow import what_opens

if TYPE_CHECKING:
    from dataselect_gui.workflow import CheckpointInspected, SourceInspected

_MOST_LABELS = 5


class Well(QFrame):
    """A drop area for a file or folder, with buttons that choose one.

    The window itself takes what is dropped anywhere.

    Signals
    -------
    chosen(Path)
        Something was chosen.
    """

    chosen = Signal(object)

    def __init__(self, title: str, explanation: str) -> None:
        super().__init__()
        self.path: Path | None = None
        self._explanation = explanation
        self.setProperty("role", "well")
        self._name = paragraph(bold=True)
        self._place = Elided(Qt.TextElideMode.ElideMiddle)
        self._place.setProperty("role", "dim")
        self.text = paragraph()
        buttons = Chooser()
        buttons.chosen.connect(self.chosen)
        self.folder, self.file = buttons.folder, buttons.file
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 16)
        layout.setSpacing(theme.SPACE[1])
        layout.addWidget(paragraph(title, step=2, bold=True))
        for label in (self._name, self._place, self.text):
            layout.addWidget(label)
        layout.addSpacing(theme.SPACE[1])
        layout.addStretch()
        layout.addWidget(buttons)
        self.show_path(None)

    def show_path(self, path: Path | None, summary: str = "", *, warns: bool = False) -> None:
        """Show a file or folder and what it holds; no path for none.

        Parameters
        ----------
        path : Path or None
            The file or folder.
        summary : str
            What it holds, in a sentence or two.
        warns : bool
            Whether that needs a second look.
        """
        self.path = path
        self._name.setText("" if path is None else path.name)
        self._place.set_full_text("" if path is None else str(path.parent))
        for label in (self._name, self._place):
            label.setVisible(path is not None)
        self.text.setText(self._explanation if path is None else summary)
        self.text.setProperty("role", "dim" if path is None else "warning" if warns else "")
        self.setProperty("filled", path is not None)
        for widget in (self, self.text):
            widget.style().unpolish(widget)
            widget.style().polish(widget)


class StartPlace(ColumnPlace, Place):
    """The start page.

    Signals
    -------
    chosen(Path)
        A file or folder was chosen; inspection finds which of the two it is.
    project_chosen(Path)
        A recent project was chosen.
    demo_requested()
        The demo was asked for.
    delete_requested(Path)
        A recent project is to be deleted.
    """

    place_id = PlaceId.START
    chosen = Signal(object)
    project_chosen = Signal(object)
    demo_requested = Signal()
    delete_requested = Signal(object)

    def __init__(self, state: State, settings: Settings) -> None:
        super().__init__()
        self._state, self._settings = state, settings
        self.records = Well(_("Your records"), _("Drop {kinds}, anywhere here.", kinds=what_opens()))
        self.checkpoint = Well(
            _("The consortium's model"),
            _("Drop its checkpoint, a folder or a .pt2 file, anywhere here."),
        )
        self.records.chosen.connect(self.chosen)
        self.checkpoint.chosen.connect(self.chosen)
        self.demo = Button(_("Try the demo"))
        self.demo.setProperty("role", "primary")
        self.demo.clicked.connect(self.demo_requested)
        demo = QHBoxLayout()
        demo.setSpacing(theme.SPACE[2])
        demo.addWidget(self.demo)
        demo.addWidget(
            paragraph(
                _(
                    "2,000 pictures and a small model that come with the program. It takes about"
                    " a minute."
                ),
                role="dim",
            ),
            1,
        )
        self.check = Button(_("Check a bundle"))
        self.check.clicked.connect(self._check)
        check = QHBoxLayout()
        check.setSpacing(theme.SPACE[2])
        check.addWidget(self.check)
        check.addWidget(
            paragraph(
                _(
                    "For people who received the files of a release. You can also drop them "
                    "anywhere here."
                ),
                role="dim",
            ),
            1,
        )
        self.request = Button(_("For a consortium: prepare a request…"))
        self.request.setProperty("role", "link")
        self.request.clicked.connect(self._prepare_request)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(theme.SPACE[0])
        title = _("Which of your records should leave, and what would that reveal?")
        promise = _("Everything happens on this machine. Nothing leaves it but what you release.")
        head = QVBoxLayout()
        head.setSpacing(theme.SPACE[0])
        head.addWidget(paragraph(title, step=5, bold=True))
        head.addWidget(paragraph(promise, role="dim"))
        self.column.addStretch(1)  # Where there is room, the page stands a little above the middle.
        self.column.addLayout(head)
        self.column.addWidget(Pair(self.records, self.checkpoint, least=560))
        self.column.addLayout(demo)
        self.column.addLayout(check)
        self.column.addWidget(self.request, 0, Qt.AlignmentFlag.AlignLeading)
        self.column.addSpacing(theme.SPACE[1])
        self.column.addLayout(self._recent)
        keys = _("Press Ctrl+K or F1 for a list of all that you can do here.")
        self.column.addWidget(paragraph(keys, role="dim"))
        self.column.addStretch(2)
        self.show_recent()

    def entered(self) -> None:
        """List the recent projects anew: one that was scored meanwhile may exist only now."""
        self.show_recent()

    def remember(self, project: Path, name: str) -> None:
        """Put a project first among the recent ones."""
        self._settings.remember(project, name)
        self.show_recent()

    def show_recent(self) -> None:
        """List the recent projects that still exist."""
        clear(self._recent)
        recent = self._settings.recent.items()
        existing = {
            Path(folder): name for folder, name in recent if (Path(folder) / "project.json").is_file()
        }
        if existing:
            self._recent.addWidget(paragraph(_("Recent projects"), step=2, bold=True))
        for path, name in existing.items():
            line = _Recent(path, name)
            line.chosen.connect(self.project_chosen)
            line.unwanted.connect(self.delete_requested)
            self._recent.addWidget(line)

    def show_records(self, path: Path, inspection: "SourceInspected") -> None:
        """Show what inspection found at a source."""
        count, readable, labels = inspection.records, inspection.readable, inspection.labels
        if inspection.splits and inspection.split is None:
            summary = _("They come in several parts. Setup asks which one you mean.")
        elif readable == count:
            summary = ngettext(
                "{count:,} record, {labels}.",
                "{count:,} records, {labels}.",
                count,
                labels=_labels(labels),
            )
        elif readable:
            summary = ngettext(
                "{readable:,} of {count:,} record can be read, {labels}. Setup lists the rest.",
                "{readable:,} of {count:,} records can be read, {labels}. Setup lists the rest.",
                count,
                readable=readable,
                labels=_labels(labels),
            )
        else:
            summary = _("None of the records can be read. Setup says why.")
        self.records.show_path(path, summary, warns=readable < count)

    def show_checkpoint(self, path: Path, inspection: "CheckpointInspected") -> None:
        """Show what inspection found at a checkpoint."""
        summary = ngettext(
            "A model, {labels}.",
            "A model, saved {count} times while it was learning, {labels}.",
            max(1, len(inspection.series)),
            labels=_labels(inspection.labels),
        )
        self.checkpoint.show_path(path, summary)

    def _prepare_request(self) -> None:
        self._state.show_place(PlaceId.REQUEST)

    def _check(self) -> None:
        self._state.show_place(PlaceId.CHECK)

    def clear(self) -> None:
        """Empty both wells."""
        self.records.show_path(None)
        self.checkpoint.show_path(None)


def _labels(labels: list[str]) -> str:
    """Return the first labels, and how many more there are."""
    from dataselect_gui.window.setup.descriptions import listed

    return _("labels: {labels}", labels=listed(labels, _MOST_LABELS)) if labels else _("without labels")


class _Recent(QFrame):
    """A recent project: its name, which opens it, its folder, and a button that deletes it."""

    chosen = Signal(object)
    unwanted = Signal(object)

    def __init__(self, path: Path, name: str) -> None:
        super().__init__()
        self._path = path
        self._name = Button(name)
        self._name.setProperty("role", "link")
        self._name.clicked.connect(self._choose)
        place = Elided(Qt.TextElideMode.ElideMiddle)
        place.setProperty("role", "dim")
        place.set_full_text(str(path.parent))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE[2])
        row.addWidget(self._name)
        row.addWidget(place, 1)
        delete = Button(_("Delete…"))
        delete.setProperty("role", "link")
        delete.setAccessibleName(visible(_("Delete {name}…", name=name)))
        delete.clicked.connect(self._delete)
        row.addWidget(delete)

    def _delete(self) -> None:
        self.unwanted.emit(self._path)

    def _choose(self) -> None:
        self.chosen.emit(self._path)
