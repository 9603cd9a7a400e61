"""The one window: a header with the places, the place in use, a footer that counts."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.paths import resolved
from dataselect_gui.plain import visible
from dataselect_gui.window import faults, settings
from dataselect_gui.window.explore.people import PeoplePlace
from dataselect_gui.window.explore.place import Explore
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.ledger import LedgerPlace
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.release.check import CheckPlace
from dataselect_gui.window.setup.deletion import DeletionPlace
from dataselect_gui.window.setup.place import SetupPlace
from dataselect_gui.window.setup.preparation import Preparation
from dataselect_gui.window.setup.start import StartPlace
from dataselect_gui.window.shell.action_list import ActionList
from dataselect_gui.window.shell.actions import ACTIONS, make_actions
from dataselect_gui.window.shell.footer import Footer
from dataselect_gui.window.shell.header import Header
from dataselect_gui.window.state import State
from dataselect_gui.window.study import STUDYING
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.notice import Message, NoticeStrip, fault
from dataselect_gui.window.widgets.plain import choose_folder, tip
from dataselect_gui.workflow import Progress, Verified

if TYPE_CHECKING:
    from dataselect_gui.window.study.place import StudyPlace


NOTHING_TO_UNDO = "Undo (a release cannot be undone)"
_OPENS = {
    "setup": "Setup opens once there are records or a checkpoint.",
    "explore": "Explore opens once records are scored.",
    "release": "Release opens when scoring ends.",
    "ledger": "The ledger opens once records are scored.",
}
"""Why a place cannot be shown yet."""


class MainWindow(QMainWindow):
    """The program as a person sees it.

    Parameters
    ----------
    kept : Settings
        What is remembered; it is changed in place.

    Attributes
    ----------
    state : State
        What all places show.
    jobs : Jobs
        The work away from this thread.
    preparation : Preparation
        Takes what is given, and scores it.
    start, setup, explore, release, ledger, check, people, deletion : QWidget
        The places; the last three, and `study`, have no tab, and are come to from the others.

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
        self._place_before: QWidget | None = None
        self.state = State(self)
        self.jobs = Jobs(self)
        self.start = StartPlace(kept)
        self.setup = SetupPlace()
        self.explore = Explore(self.state, self.jobs)
        self.release = ReleasePlace(self.state, self.jobs)
        self.ledger = LedgerPlace(self.state)
        self._study: StudyPlace | None = None
        self.check, self.people = CheckPlace(self.jobs), PeoplePlace(self.state)
        self.deletion = DeletionPlace(self.jobs)
        self._places: dict[str, QWidget] = {
            "start": self.start,
            "setup": self.setup,
            "explore": self.explore,
            "release": self.release,
            "ledger": self.ledger,
            "check": self.check,
            "people": self.people,
            "deletion": self.deletion,
        }
        self.header, self.footer, self.notice = Header(), Footer(self.state), NoticeStrip()
        self.preparation = Preparation(self.state, self.jobs, self.start, self.setup, self.notice, self)
        self.actions_by_key = make_actions(self, self._does())
        for key in ("withhold", "restore", "map"):
            # Letters act only while a record view has the focus.
            action = self.actions_by_key[key]
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.removeAction(action)
            self.explore.gallery.addAction(action)
        self.action_list = ActionList(self.actions_by_key, self)
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
        self.start.demo.setFocus()

    # What a person can do

    def open_project(self, folder: Path) -> None:
        """Open a project and show its records."""
        try:
            self.state.open(folder)
        except DataSelectError as error:
            self.show_error(error)
            return
        look = self.state.look
        assert look is not None
        self.show_error(None)
        self._kept.remember(folder, look.name)
        self.start.show_recent()
        self.show_place("explore" if look.scores else "setup")
        self.explore.gallery.setFocus()

    def show_place(self, name: str) -> None:
        """Show a place."""
        here = self._stack.currentWidget()
        if here not in (self._study, self.deletion):  # These lead back to where one was.
            self._place_before = here
        self._stack.setCurrentWidget(self._places[name])
        self.header.show_place(name)

    def show_error(self, error: DataSelectError | None) -> None:
        """Show what happened, why, and what to do; None to show nothing."""
        self.notice.tell(None if error is None else fault(error))

    @property
    def study(self) -> "StudyPlace":
        """The Try it page; made when it is first wanted, for the first paint does not need it."""
        if self._study is None:
            from dataselect_gui.window.study.place import StudyPlace

            self._study = self._places["study"] = StudyPlace(self.jobs)
            self._stack.addWidget(self._study)
            self._study.closed.connect(self._go_back)
            self._study.wanted.connect(self._show_study)
            self._study.told.connect(self.notice.tell)
        return self._study

    @property
    def has_work(self) -> bool:
        """Whether anything is being worked out, so that what is shown will change by itself."""
        is_planning = self._study is not None and self._study.waiting
        return self.jobs.has_thread or self.release.prospect.waiting or is_planning

    @property
    def has_threads(self) -> bool:
        """Whether any of its threads is running; when it is closed, none but one that hangs."""
        others = (self.release, self.ledger, self.people)
        working = any(place.has_threads for place in others)
        return self.jobs.has_thread or self.explore.thumbnails.running or working

    # Parts

    def _build(self) -> None:
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        for place in self._places.values():
            self._stack.addWidget(place)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.notice)
        column.addWidget(self._stack, 1)
        column.addWidget(self.footer)
        self.setCentralWidget(page)
        for title in dict.fromkeys(one.menu for one in ACTIONS):
            menu = self.menuBar().addMenu(visible(title))
            for one in ACTIONS:
                if one.menu == title:
                    menu.addAction(self.actions_by_key[one.key])
        self.menuBar().setVisible(False)  # Alt shows it; everything in it has keys and Ctrl+K.

    def _connect(self) -> None:
        self.header.wanted.connect(self.show_place)
        self.footer.undone_wanted.connect(self._show_undone)
        self.start.project_chosen.connect(self.open_project)
        self.start.demo_wanted.connect(self._start_demo)
        self.start.check_wanted.connect(self._show_check)
        self.start.delete_wanted.connect(self._ask_deletion)
        self.setup.try_wanted.connect(self._try)
        self.check.chosen.connect(self.preparation.take)
        self.check.failed.connect(self.show_error)
        self.preparation.checked.connect(self._on_checked)
        for place in (self.explore, self.release):
            place.people_wanted.connect(self._show_people)
        self.people.done.connect(self._show_explore)
        self.deletion.begun.connect(self._on_deleting)
        self.deletion.deleted.connect(self._on_deleted)
        self.deletion.cancelled.connect(self._go_back)
        self.deletion.failed.connect(self.show_error)
        self.preparation.scored.connect(self.open_project)
        self.preparation.wanted.connect(self.show_place)
        self.preparation.changed.connect(self._enable_actions)
        self.state.opened.connect(self._on_opened)
        self.state.failed.connect(self.show_error)
        self.state.undo_changed.connect(self._on_undo_changed)
        self.explore.gallery.tile_changed.connect(self._on_tile_changed)
        self.explore.thumbnails.lost.connect(self._on_lost)
        self.explore.first_painted.connect(self._become_ready)
        self.jobs.started.connect(self._on_job_started)
        self.jobs.progressed.connect(self._on_progress)
        self.jobs.finished.connect(self._on_job_finished)
        self.release.ledger_changed.connect(self._show_budget)
        self.release.proposed.connect(self.header.budget.show_budget)
        self.release.look_through.connect(self._show_explore)
        self.release.raise_wanted.connect(self._raise_budget)
        self.ledger.ledger_changed.connect(self._show_budget)
        QApplication.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._fault.connect(self.footer.tell)
        self._tell_fault = self._fault.emit
        faults.listen(self._tell_fault)

    def _does(self) -> dict[str, Callable[[], None]]:
        return {
            "open": self._choose_project,
            "start": self._show_start,
            "demo": self._start_demo,
            "score": self.preparation.score,
            "stop": self.jobs.stop,
            "try": self._try,
            "check": self._show_check,
            "delete": self._ask_deletion_here,
            "people": self._show_people,
            "find_records": self.preparation.choose_records,
            "find_checkpoint": self.preparation.choose_checkpoint,
            "quit": self._quit,
            "undo": self.state.undo.undo,
            "redo": self.state.undo.redo,
            "withhold": self.explore.withhold,
            "restore": self.explore.restore,
            "map": self._show_map,
            "setup": self._show_setup,
            "explore": self._show_explore,
            "release": self._show_release,
            "ledger": self._show_ledger,
            "review": self._show_release,
            "actions": self._show_actions,
            "light": self._use_light,
            "dark": self._use_dark,
            "system": self._use_system,
        }

    # Places and actions

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

    def _raise_budget(self) -> None:
        self.show_place("ledger")
        self.ledger.open_form()

    def _show_check(self) -> None:
        self.show_place("check")
        self.check.choose.setFocus()

    def _show_people(self) -> None:
        self.show_place("people")
        self.people.choose.setFocus()

    def _try(self) -> None:
        subject = self.preparation.study_subject()
        if subject is not None:
            self.study.show_subject(subject)
        if subject is not None or self.study.is_running:
            self._show_study()

    def _show_study(self) -> None:
        self.show_place("study")
        self.study.take_focus()

    def _on_checked(self, bundle: Path, found: Verified) -> None:
        self.check.show_bundle(bundle, found)
        self.show_place("check")

    def _ask_deletion_here(self) -> None:
        if self.state.look is not None:
            self._ask_deletion(self.state.look.folder)

    def _ask_deletion(self, project: Path) -> None:
        if not self.jobs.running and self.deletion.ask(project):
            self.show_place("deletion")
            self.deletion.cancel.setFocus()

    def _go_back(self) -> None:
        names = [name for name, place in self._places.items() if place is self._place_before]
        self.show_place(names[0] if names else "start")

    def _on_deleting(self, project: Path) -> None:
        look = self.state.look
        if look is not None and resolved(look.folder) == resolved(project):
            self.preparation.forget()

    def _on_deleted(self, told: Message) -> None:
        self.start.show_recent()
        self.show_place("start")
        self.notice.tell(told)

    def _show_actions(self) -> None:
        self.action_list.open()

    def _show_map(self) -> None:
        self.explore.toggle_map()  # First: what another place hides is to be shown.
        self.show_place("explore")

    def _show_undone(self) -> None:
        rows = self.state.undone_rows()
        if rows:
            self.show_place("explore")
            self.state.mark(rows)
            self.state.set_current(rows[0])

    def _quit(self) -> None:
        self.close()

    def _choose_project(self) -> None:
        path = choose_folder(self, "Open a project (NAME.dataselect)")
        if path is not None:
            self.open_project(path)

    def _use_light(self) -> None:
        self._use_theme("light")

    def _use_dark(self) -> None:
        self._use_theme("dark")

    def _use_system(self) -> None:
        self._use_theme("system")

    def _use_theme(self, mode: str) -> None:
        self._kept.theme = mode
        theme.apply(mode)

    def _on_scheme_changed(self) -> None:
        theme.apply(self._kept.theme)

    def _start_demo(self) -> None:
        self.preparation.start_demo()

    # Jobs

    def _on_job_started(self, title: str) -> None:
        self._show_job(title)
        self._enable_actions()

    def _on_progress(self, step: Progress) -> None:
        share = f"{100 * step.done // max(1, step.total)} %" if step.total > 1 else ""
        self._show_job(step.phase, " · ".join(part for part in (share, step.time_left) if part))

    def _show_job(self, doing: str, how_far: str = "") -> None:
        self.header.show_job(doing, how_far, "study" if self.jobs.title == STUDYING else "setup")

    def _on_job_finished(self) -> None:
        self.header.show_job("")
        self._enable_actions()

    # What the state says

    def _on_opened(self) -> None:
        look = self.state.look
        self.header.show_project("" if look is None else look.name)
        self._enable_actions()
        self._show_budget()

    def _enable_actions(self) -> None:
        look, is_running = self.state.look, self.jobs.running
        for one in ACTIONS:
            self.actions_by_key[one.key].setEnabled(look is not None or not one.needs_project)
        self.actions_by_key["setup"].setEnabled(self.preparation.is_begun)
        for key in ("explore", "ledger", "map", "people"):
            self.actions_by_key[key].setEnabled(look is not None and bool(look.ids))
        for key in ("release", "review"):
            self.actions_by_key[key].setEnabled(look is not None and look.is_finished)
        for key in ("demo", "find_records", "find_checkpoint", "delete"):
            action = self.actions_by_key[key]
            action.setEnabled(action.isEnabled() and not is_running)
        self.actions_by_key["score"].setEnabled(self.setup.score.isEnabled() and not is_running)
        self.actions_by_key["stop"].setEnabled(is_running)
        can_try = self.jobs.title == STUDYING or not self.preparation.cannot_try
        self.actions_by_key["try"].setEnabled(can_try)
        for key, tab in self.header.tabs.items():
            tab.setEnabled(self.actions_by_key[key].isEnabled())
            tab.setToolTip(tip("" if tab.isEnabled() else _OPENS[key]))
        self._on_undo_changed()

    def _on_lost(self, error: DataSelectError) -> None:
        """Tell why records cannot be read, unless the reason is that they are not there."""
        self.preparation.show_standing()
        if self.state.look is not None and self.state.look.source.exists():
            self.show_error(error)

    def _on_undo_changed(self) -> None:
        stack = self.state.undo
        undo, redo = (self.actions_by_key[key] for key in ("undo", "redo"))
        undo.setEnabled(stack.canUndo())
        redo.setEnabled(stack.canRedo())
        undo.setText(f"Undo: {stack.undoText()}" if stack.canUndo() else NOTHING_TO_UNDO)
        redo.setText(f"Redo: {stack.redoText()}" if stack.canRedo() else "Redo")

    def _show_budget(self) -> None:
        look = self.state.look
        told: dict[str, Any] | None = None
        if look is not None and look.ids:
            try:
                told = workflow.account(look.folder)
            except DataSelectError as error:
                self.show_error(error)
        self.header.budget.setVisible(told is not None)
        if told is not None:
            self.header.budget.show_budget(told["budget"], told["total_plain"], None)

    def _on_tile_changed(self, side: int) -> None:
        self._kept.tile = side

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
            path = Path(url.toLocalFile())
            if url.isLocalFile() and self.people.isVisible() and path.suffix.lower() == ".csv":
                self.people.take(path)
            elif url.isLocalFile():
                self.preparation.take(path)
        event.acceptProposedAction()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Note the first paint of the start page."""
        super().paintEvent(event)
        if not self._is_ready and self._stack.currentWidget() is self.start:
            QTimer.singleShot(0, self, self._become_ready)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Leave at once to the eye; then stop the work in hand, which keeps what is done."""
        self._kept.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self.hide()
        self.jobs.close()
        for place in (self.explore, self.release, self.ledger, self.people):
            place.close_threads()
        faults.forget(self._tell_fault)
        super().closeEvent(event)
