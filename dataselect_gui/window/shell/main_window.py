"""The main window: the header with its tabs, the current place, the footer."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
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
from dataselect_gui.texts import _
from dataselect_gui.window import faults
from dataselect_gui.window.explore.people import PeoplePlace
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.ledger import LedgerPlace
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.release.check import CheckPlace
from dataselect_gui.window.rule.place import RulePlace
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.setup.deletion import DeletionPlace
from dataselect_gui.window.setup.place import SetupPlace
from dataselect_gui.window.setup.preparation import Preparation
from dataselect_gui.window.setup.start import StartPlace
from dataselect_gui.window.shell.action_list import ActionList
from dataselect_gui.window.shell.actions import Menu, make_actions
from dataselect_gui.window.shell.footer import Footer
from dataselect_gui.window.shell.header import Header
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.notice import Message, NoticeStrip, error_message
from dataselect_gui.window.widgets.plain import choose_folder
from dataselect_gui.workflow import Verified

if TYPE_CHECKING:
    from dataselect_gui.window.request.place import RequestPlace
    from dataselect_gui.window.study.place import StudyPlace


class MainWindow(QMainWindow):
    """The program's window.

    Parameters
    ----------
    settings : Settings
        The settings, which are changed in place.

    Attributes
    ----------
    state : State
        What all places show.
    jobs : Jobs
        The work away from this thread.
    preparation : Preparation
        Takes what is given, and scores it.
    start, setup, explore, release, ledger, check, people, deletion, rule : Place
        The places; the last four, `study` and `request` have no tab: they are reached from the others,
        and `request` by its action alone.

    Signals
    -------
    ready()
        The first place is painted and its actions are enabled; emitted once.
    """

    ready = Signal()
    _fault = Signal(str)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self._is_ready = False
        self.state: State = State(self)
        self.jobs: Jobs = self.state.jobs
        self.start = StartPlace(self.state, settings)
        self.setup = SetupPlace()
        self.explore: ExplorePlace = ExplorePlace(self.state)
        self.release = ReleasePlace(self.state)
        self.ledger = LedgerPlace(self.state)
        self._study: StudyPlace | None = None
        self._request: RequestPlace | None = None
        self.check, self.people = CheckPlace(self.state), PeoplePlace(self.state)
        self.deletion, self.rule = DeletionPlace(self.state), RulePlace(self.state)
        self._places: dict[PlaceId, Place] = {}
        self.notice = NoticeStrip()
        self.preparation: Preparation = Preparation(
            self.state, self.start, self.setup, self.notice, self
        )
        self.actions_by_key = make_actions(self)
        self.header, self.footer = Header(self.state, self.actions_by_key), Footer(self.state)
        self.action_list: ActionList = ActionList(self.actions_by_key, self)
        self.explore.gallery.set_tile(settings.tile)
        self._build()
        self._connect()
        self.setWindowTitle("DataSelect")
        if not self.restoreGeometry(settings.geometry_bytes):
            self.resize(1360, 860)
        self.setMinimumSize(640, 400)
        self.setAcceptDrops(True)
        self._follow()
        self.start.demo.setFocus()

    # Actions

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
        self.settings.remember(folder, look.name)
        self.start.show_recent()
        self.show_place(PlaceId.EXPLORE if look.scores else PlaceId.SETUP)
        self.explore.gallery.setFocus()

    def show_place(self, place: PlaceId) -> None:
        """Show a place."""
        self.state.show_place(place)

    def show_error(self, error: DataSelectError | None) -> None:
        """Show what happened, why, and what to do; None to show nothing."""
        self.notice.show_message(None if error is None else error_message(error))

    def show_map(self) -> None:
        """Show the map of the current record, or no map any more."""
        self.explore.toggle_map()  # First, since it depends on which place is shown.
        self.show_place(PlaceId.EXPLORE)

    def try_it(self) -> None:
        """Show the study of the current inputs, or the one that runs."""
        subject = self.preparation.study_subject()
        if subject is not None:
            self.study.show_subject(subject)
        if subject is not None or self.study.is_running:
            self.show_place(PlaceId.STUDY)
            self.study.take_focus()

    def ask_deletion(self) -> None:
        """Ask whether the open project is to be deleted."""
        if self.state.look is not None:
            self.deletion.ask(self.state.look.folder)

    def choose_project(self) -> None:
        """Ask which project to open, and open it."""
        path = choose_folder(self, _("Open a project (NAME.dataselect)"))
        if path is not None:
            self.open_project(path)

    def use_theme(self, mode: str) -> None:
        """Use the colours of a theme, as `Settings` has it, from now on."""
        self.settings.theme = mode
        theme.apply(mode)

    def switch_log(self) -> None:
        """Begin a log to report a fault by, or end the one that is kept."""
        path = workflow.log_path()
        if path is not None:
            workflow.stop_log()
            message = Message(
                _("Nothing is logged any more."),
                do=_("The log is {path}. Read it before you send it.", path=path),
            )
        else:
            try:
                path = workflow.start_own_log()
            except DataSelectError as error:
                self.show_error(error)
                return
            message = Message(
                _("What happens is logged from now on, until the program is closed."),
                _(
                    "In {path}: versions, kinds of work and how they ended; no content, names "
                    "or paths.",
                    path=path,
                ),
                _("Do again what went wrong, then send the log with your report."),
            )
        self._follow()
        self.notice.show_message(message)

    # Parts

    @property
    def study(self) -> "StudyPlace":
        """The Try it page; made on first use, to keep the start fast."""
        if self._study is None:
            from dataselect_gui.window.study.place import StudyPlace

            self._study = StudyPlace(self.state)
            self._study.noted.connect(self.notice.show_message)
            self._add_place(self._study)
        return self._study

    @property
    def request(self) -> "RequestPlace":
        """The page on which a consortium prepares its request; made on first use."""
        if self._request is None:
            from dataselect_gui.window.request.place import RequestPlace

            self._request = RequestPlace(self.state)
            self._request.noted.connect(self.notice.show_message)
            self._add_place(self._request)
        return self._request

    @property
    def has_work(self) -> bool:
        """Whether anything is being computed that will change what is shown."""
        return self.jobs.has_thread or any(place.is_working for place in self._places.values())

    @property
    def has_threads(self) -> bool:
        """Whether any of its threads is running; after `close`, only one that hangs."""
        places = any(place.has_threads for place in self._places.values())
        return self.jobs.has_thread or self.state.accounts.has_threads or places

    def _add_place(self, place: Place) -> None:
        self._places[place.place_id] = place
        self._stack.addWidget(place.as_widget)

    # Construction

    def _build(self) -> None:
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        for place in (
            self.start,
            self.setup,
            self.explore,
            self.release,
            self.ledger,
            self.check,
            self.people,
            self.deletion,
            self.rule,
        ):
            self._add_place(place)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.notice)
        column.addWidget(self._stack, 1)
        column.addWidget(self.footer)
        self.setCentralWidget(page)
        menus = {menu: self.menuBar().addMenu(visible(_(menu.value))) for menu in Menu}
        for menu in menus.values():
            menu.setToolTipsVisible(True)  # They say why an action is disabled.
        for action in self.actions_by_key.values():
            menus[action.entry.menu].addAction(action)
        self.menuBar().setVisible(False)  # Alt shows it; everything in it has keys and Ctrl+K.

    def _connect(self) -> None:
        self.state.place_changed.connect(self._on_place)
        self.footer.undone_requested.connect(self._show_undone)
        self.start.project_chosen.connect(self.open_project)
        self.start.demo_requested.connect(self.preparation.start_demo)
        self.start.delete_requested.connect(self.deletion.ask)
        self.setup.try_requested.connect(self.try_it)
        self.check.chosen.connect(self.preparation.take)
        self.check.failed.connect(self.show_error)
        self.preparation.checked.connect(self._on_checked)
        self.deletion.begun.connect(self._on_deleting)
        self.deletion.deleted.connect(self._on_deleted)
        self.deletion.failed.connect(self.show_error)
        self.preparation.scored.connect(self.open_project)
        self.state.inputs_changed.connect(self._follow)
        self.state.opened.connect(self._follow)
        self.state.opened.connect(self.state.read_account)
        self.state.failed.connect(self.show_error)
        self.state.undo_changed.connect(self._follow)
        self.explore.gallery.tile_changed.connect(self._on_tile_changed)
        self.explore.thumbnails.lost.connect(self._on_lost)
        self.explore.first_painted.connect(self._become_ready)
        self.jobs.started.connect(self._follow)
        self.jobs.finished.connect(self._follow)
        self.release.raise_wanted.connect(self._raise_budget)
        self.release.trial_wanted.connect(self.try_it)
        self.explore.histogram.trial_wanted.connect(self.try_it)
        QApplication.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._fault.connect(self.footer.show_text)
        self._emit_fault = self._fault.emit
        faults.listen(self._emit_fault)

    # Places

    def _on_place(self, before: PlaceId) -> None:
        place_id = self.state.place
        if place_id is PlaceId.STUDY:
            place: Place = self.study
        elif place_id is PlaceId.REQUEST:
            place = self.request
        else:
            place = self._places[place_id]
        if place_id != before:
            self._places[before].left()
            self._stack.setCurrentWidget(place.as_widget)
            place.entered()

    def _raise_budget(self) -> None:
        self.show_place(PlaceId.LEDGER)
        self.ledger.open_form()

    def _on_checked(self, bundle: Path, verified: Verified) -> None:
        self.check.show_bundle(bundle, verified)
        self.show_place(PlaceId.CHECK)

    def _on_deleting(self, project: Path) -> None:
        look = self.state.look
        if look is not None and resolved(look.folder) == resolved(project):
            self.preparation.forget()

    def _on_deleted(self, message: Message) -> None:
        self.start.show_recent()
        self.show_place(PlaceId.START)
        self.notice.show_message(message)

    def _show_undone(self) -> None:
        rows = self.state.undone_rows()
        if rows:
            self.show_place(PlaceId.EXPLORE)
            self.state.mark(rows)
            self.state.set_current(rows[0])

    def _on_scheme_changed(self) -> None:
        theme.apply(self.settings.theme)

    # What the state says

    def _follow(self) -> None:
        """Show which actions can be done now."""
        for action in self.actions_by_key.values():
            action.follow(self.state)

    def _on_lost(self, error: DataSelectError) -> None:
        """Show why records cannot be read, unless their source is gone, which has a notice already."""
        self.preparation.show_project_warning()
        if self.state.look is not None and self.state.look.source.exists():
            self.show_error(error)

    def _on_tile_changed(self, side: int) -> None:
        self.settings.tile = side

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
            if url.isLocalFile() and not self._places[self.state.place].dropped(path):
                self.preparation.take(path)
        event.acceptProposedAction()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Note the first paint of the start page."""
        super().paintEvent(event)
        if not self._is_ready and self.state.place is PlaceId.START:
            QTimer.singleShot(0, self, self._become_ready)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Hide at once; then stop the job in progress, which keeps what is done."""
        self.settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self.hide()
        self.show_place(PlaceId.START)  # Other places may compute something, which nobody would see.
        self.jobs.close()
        self.state.accounts.close()
        for place in self._places.values():
            place.close_threads()
        faults.forget(self._emit_fault)
        super().closeEvent(event)
