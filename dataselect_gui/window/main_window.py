"""The one window: a header with the places, the place in use, a footer that counts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError
from dataselect_gui.window import faults, settings, theme
from dataselect_gui.window.actions import ACTIONS, make_actions
from dataselect_gui.window.budget import BudgetBar
from dataselect_gui.window.explore import Explore
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.ledger import LedgerPlace
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.setup import ErrorPanel, SetupPlace
from dataselect_gui.window.start import StartPlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Progress, Report, Stop

PLACES = ("setup", "explore", "release", "ledger")


class MainWindow(QMainWindow):
    """The program as a person sees it.

    Parameters
    ----------
    kept : Settings
        What is remembered; it is changed in place.

    Signals
    -------
    ready()
        What the window was opened for is painted, and its actions are enabled; emitted once.
    """

    ready = Signal()
    _fault = Signal(str)

    def __init__(self, kept: settings.Settings) -> None:
        super().__init__()
        self._kept = kept
        self._is_ready = False
        self._records: Path | None = None
        self._checkpoint: Path | None = None
        self._waiting: list[Path] = []
        self.state = State(self)
        self.jobs = Jobs(self)
        self.start = StartPlace(kept)
        self.setup = SetupPlace()
        self.explore = Explore(self.state)
        self.release = ReleasePlace(self.state, self.jobs)
        self.ledger = LedgerPlace(self.state)
        self.actions_by_key = make_actions(self, self._does())
        for key in ("withhold", "restore"):
            # Letters act only while a record view has the focus.
            action = self.actions_by_key[key]
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.removeAction(action)
            self.explore.gallery.addAction(action)
        self.explore.gallery.set_tile(kept.tile)
        self._build()
        self._connect()
        self.setWindowTitle("DataSelect")
        if not self.restoreGeometry(kept.geometry_bytes):
            self.resize(1360, 860)
        self.setMinimumSize(640, 400)
        self.setAcceptDrops(True)
        self._on_opened()
        self.show_place("start")

    # What a person can do

    def open_project(self, folder: Path) -> None:
        """Open a project and show its records."""
        try:
            self.state.open(folder)
        except DataSelectError as error:
            self.show_error(error)
            return
        self.show_error(None)
        self._kept.remember(folder)
        self.start.show_recent()
        assert self.state.look is not None
        self._records, self._checkpoint = self.state.look.source, self.state.look.checkpoint
        self.show_place("explore")
        self.explore.gallery.setFocus()

    def start_demo(self, out: Path | None = None) -> None:
        """Score the demo, or open it where it was scored before."""
        folder = out if out is not None else workflow.home() / "demo"

        def work(report: Report, stop: Stop) -> Path:
            return workflow.score_demo(folder, report, stop).project

        self.setup.show_demo()
        self._start_scoring(work)

    def take(self, path: Path) -> None:
        """Find out whether a path is records, a checkpoint or a project, and take it as such."""
        if self.jobs.running:
            self._waiting.append(path)
            return

        def work(report: Report, stop: Stop) -> tuple[Path, dict[str, Any]]:
            del stop
            return path, workflow.inspect(path, None, report)

        self.show_error(None)
        self.jobs.start("Looking at what was dropped", work, self._on_inspected, self.show_error)

    def score(self) -> None:
        """Score the records with the checkpoint."""
        records, checkpoint = self._records, self._checkpoint
        if records is None or checkpoint is None or self.jobs.running:
            return
        unit = self.setup.unit_column

        look = self.state.look
        folder = records.parent / workflow.project_name(records)
        if look is not None and (look.source, look.checkpoint) == (records, checkpoint):
            folder = look.folder

        def work(report: Report, stop: Stop) -> Path:
            done = workflow.score(
                records, checkpoint, report, project_path=folder, unit_column=unit, stop=stop
            )
            return done.project

        self._start_scoring(work)

    def show_place(self, name: str) -> None:
        """Show a place."""
        places: dict[str, QWidget] = {
            "start": self.start,
            "setup": self.setup,
            "explore": self.explore,
            "release": self.release,
            "ledger": self.ledger,
        }
        self._stack.setCurrentWidget(places[name])
        for key, button in self._tabs.items():
            button.setChecked(key == name)

    def show_error(self, error: DataSelectError | None) -> None:
        """Show what happened, why, and what to do; None to show nothing."""
        self._error.show_error(error)
        self._close_error.setVisible(error is not None)

    # Parts

    def _build(self) -> None:
        self._name = QLabel()
        self._name.setFont(theme.font(bold=True))
        self._tabs: dict[str, QPushButton] = {}
        header = QFrame()
        header.setProperty("role", "bar")
        header.setFixedHeight(theme.HEADER)
        row = QHBoxLayout(header)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        self._home = QPushButton("DataSelect")
        self._home.setProperty("role", "link")
        self._home.setFont(theme.font(1, bold=True))
        self._home.clicked.connect(self._show_start)
        row.addWidget(self._home)
        row.addWidget(self._name)
        row.addSpacing(8)
        for key, show in (
            ("setup", self._show_setup),
            ("explore", self._show_explore),
            ("release", self._show_release),
            ("ledger", self._show_ledger),
        ):
            button = QPushButton(key.capitalize())
            button.setProperty("role", "place")
            button.setCheckable(True)
            button.setMinimumHeight(theme.HEADER)
            button.clicked.connect(show)
            self._tabs[key] = button
            row.addWidget(button)
        row.addStretch()
        self._job = QPushButton()
        self._job.setToolTip("Show the work in progress")
        self._job.clicked.connect(self._show_setup)
        self._job.hide()
        self.budget = BudgetBar()
        row.addWidget(self._job)
        row.addWidget(self.budget)
        self._error = ErrorPanel()
        self._close_error = QPushButton("Close")
        self._close_error.clicked.connect(self._hide_error)
        self._close_error.hide()
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        for place in (self.start, self.setup, self.explore, self.release, self.ledger):
            self._stack.addWidget(place)
        self._counts = QLabel()
        self._counts.setProperty("role", "dim")
        self._lock = QLabel("Stays on this machine")
        self._lock.setProperty("role", "dim")
        self._undone = QLabel()
        self._undone.setProperty("role", "dim")
        footer = QFrame()
        footer.setProperty("role", "foot")
        footer.setFixedHeight(theme.FOOTER)
        foot = QHBoxLayout(footer)
        foot.setContentsMargins(16, 0, 16, 0)
        foot.setSpacing(16)
        foot.addWidget(self._counts)
        foot.addWidget(self._undone)
        foot.addStretch()
        foot.addWidget(self._lock)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(header)
        notice = QHBoxLayout()
        notice.setContentsMargins(16, 0, 16, 0)
        notice.addWidget(self._error, stretch=1)
        notice.addWidget(self._close_error)
        column.addLayout(notice)
        column.addWidget(self._stack, stretch=1)
        column.addWidget(footer)
        self.setCentralWidget(page)
        for title in dict.fromkeys(one.menu for one in ACTIONS):
            menu = self.menuBar().addMenu(title)
            for one in ACTIONS:
                if one.menu == title:
                    menu.addAction(self.actions_by_key[one.key])
        self.menuBar().setVisible(False)  # Alt shows it; everything in it has keys and Ctrl+K.

    def _connect(self) -> None:
        self.start.dropped.connect(self.take)
        self.start.project_chosen.connect(self.open_project)
        self.start.demo_wanted.connect(self._on_demo_wanted)
        self.setup.score_wanted.connect(self.score)
        self.setup.stop_wanted.connect(self.jobs.stop)
        self.state.opened.connect(self._on_opened)
        self.state.selection_changed.connect(self._count)
        self.state.marked_changed.connect(self._count)
        self.state.failed.connect(self.show_error)
        self.explore.gallery.tile_changed.connect(self._on_tile_changed)
        self.state.undo.indexChanged.connect(self._on_undo_changed)
        self.jobs.started.connect(self._on_job_started)
        self.jobs.progressed.connect(self._on_progress)
        self.jobs.finished.connect(self._on_job_finished)
        self.release.ledger_changed.connect(self._show_budget)
        self.release.proposed.connect(self.budget.show_budget)
        self.release.look_through.connect(self._show_explore)
        self.ledger.ledger_changed.connect(self._show_budget)
        self.explore.first_painted.connect(self._become_ready)
        self._fault.connect(self._on_fault)
        self._tell_fault = self._fault.emit
        faults.listen(self._tell_fault)

    def _does(self) -> dict[str, Callable[[], None]]:
        return {
            "open": self._choose_project,
            "start": self._show_start,
            "quit": self._quit,
            "undo": self.state.undo.undo,
            "redo": self.state.undo.redo,
            "withhold": self.explore.withhold,
            "restore": self.explore.restore,
            "setup": self._show_setup,
            "explore": self._show_explore,
            "release": self._show_release,
            "ledger": self._show_ledger,
            "review": self._show_release,
            "actions": self._show_actions,
            "theme": self._switch_theme,
        }

    # Slots

    def _show_start(self) -> None:
        self.show_place("start")

    def _show_setup(self) -> None:
        self.show_place("setup")

    def _show_explore(self) -> None:
        self.show_place("explore")

    def _show_release(self) -> None:
        self.show_place("release")

    def _show_ledger(self) -> None:
        self.show_place("ledger")

    def _quit(self) -> None:
        self.close()

    def _hide_error(self) -> None:
        self.show_error(None)

    def _choose_project(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open a project (NAME.dataselect)")
        if path:
            self.open_project(Path(path))

    def _show_actions(self) -> None:
        menu = QMenu(self)
        menu.addActions([action for action in self.actions_by_key.values() if action.isEnabled()])
        menu.exec(self.mapToGlobal(self.rect().center()))
        menu.deleteLater()

    def _switch_theme(self) -> None:
        app = QGuiApplication.instance()
        assert isinstance(app, QApplication)
        self._kept.theme = "light" if theme.palette() is theme.DARK else "dark"
        theme.apply(app, self._kept.theme)

    def _on_demo_wanted(self) -> None:
        self.start_demo()

    def _on_inspected(self, told: tuple[Path, dict[str, Any]]) -> None:
        path, found = told
        if found["kind"] == "project":
            self.open_project(path)
            return
        if found["kind"] == "source":
            self._records = path
            self.start.records.show_path(path)
            self.setup.show_records(path, found)
        elif found["kind"] == "checkpoint":
            self._checkpoint = path
            self.start.checkpoint.show_path(path)
            self.setup.show_checkpoint(path, found)
        both = self._records is not None and self._checkpoint is not None
        self._tabs["setup"].setEnabled(True)
        self.setup.show_idle(ready=both)
        if both:
            self.show_place("setup")

    def _start_scoring(self, work: Callable[[Report, Stop], Path]) -> None:
        if not self.jobs.running:
            self.show_error(None)
            self.jobs.start("Scoring", work, self.open_project, self._on_scoring_failed)
            self._tabs["setup"].setEnabled(True)
            self.show_place("setup")
            # The button that was pressed is disabled now; the focus must not fall back to the start.
            self.setup.stop.setFocus()

    def _on_scoring_failed(self, error: DataSelectError) -> None:
        if isinstance(error, InterruptedByPersonError):
            self.setup.show_idle(ready=self._records is not None, text=f"{error.what} {error.do}")
        else:
            self.show_error(error)

    def _on_job_started(self, title: str) -> None:
        self._job.setText(title)
        self._job.show()
        self.setup.show_running(Progress(title, 0, 1))

    def _on_progress(self, step: Progress) -> None:
        share = f" {100 * step.done // max(1, step.total)} %" if step.total > 1 else ""
        self._job.setText(f"{step.phase}{share}")
        self.setup.show_running(step)

    def _on_job_finished(self) -> None:
        self._job.hide()
        both = self._records is not None and self._checkpoint is not None
        self.setup.show_idle(ready=both)
        if self._waiting:
            QTimer.singleShot(0, self, self._take_next)

    def _take_next(self) -> None:
        if self._waiting and not self.jobs.running:
            self.take(self._waiting.pop(0))

    def _on_opened(self) -> None:
        look = self.state.look
        self._name.setText("" if look is None else f"·  {look.name}")
        for key, button in self._tabs.items():
            button.setEnabled(look is not None or (key == "setup" and self._records is not None))
        for one in ACTIONS:
            self.actions_by_key[one.key].setEnabled(look is not None or not one.needs_project)
        if look is not None:
            self.setup.show_project(look)
        self._count()
        self._show_budget()

    def _on_undo_changed(self) -> None:
        stack = self.state.undo
        self.actions_by_key["undo"].setEnabled(stack.canUndo())
        self.actions_by_key["redo"].setEnabled(stack.canRedo())
        self._undone.setText(f"Undone: {stack.redoText()}" if stack.canRedo() else "")

    def _count(self) -> None:
        look = self.state.look
        if look is None:
            self._counts.setText("No project is open.")
            return
        parts = [
            (len(look.ids), "records"),
            (int(self.state.marked.sum()), "marked"),
            (int(self.state.selection.chosen.sum()), "in selection"),
            (int((~self.state.eligible).sum()), "withheld"),
        ]
        self._counts.setText(" · ".join(f"{n:,} {what}" for n, what in parts))

    def _show_budget(self) -> None:
        look = self.state.look
        self.budget.setVisible(look is not None)
        if look is None:
            return
        try:
            told = workflow.ledger(look.folder)[0]
        except DataSelectError as error:
            self.show_error(error)
            return
        self.budget.show_budget(told["budget"], told["total_plain"], None)

    def _on_tile_changed(self, side: int) -> None:
        self._kept.tile = side

    def _on_fault(self, text: str) -> None:
        self._undone.setText(f"A fault was noted: {text}")

    def _become_ready(self) -> None:
        if not self._is_ready:
            self._is_ready = True
            self.ready.emit()

    # Events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take what a file manager drags anywhere over the window."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Take everything that was dropped."""
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.take(Path(url.toLocalFile()))
        event.acceptProposedAction()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Note the first paint of the start page."""
        super().paintEvent(event)
        if not self._is_ready and self._stack.currentWidget() is self.start:
            QTimer.singleShot(0, self, self._become_ready)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Stop the work in hand, keep what is remembered, and leave."""
        self.jobs.wait()
        self.explore.close_threads()
        faults.forget(self._tell_fault)
        self._kept.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        super().closeEvent(event)
