"""The main window: the header with its tabs, the current place, the footer."""

from collections.abc import Callable
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

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

from dataselect_gui.errors import DataSelectError
from dataselect_gui.paths import resolved
from dataselect_gui.texts import _
from dataselect_gui.window import faults
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.place import Place, PlaceId
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.setup.start import StartPlace
from dataselect_gui.window.shell.action_list import ActionList
from dataselect_gui.window.shell.actions import make_actions
from dataselect_gui.window.shell.footer import Footer
from dataselect_gui.window.shell.header import Header
from dataselect_gui.window.shell.log import switched_log
from dataselect_gui.window.shell.menus import fill_menus
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.notice import Message, NoticeStrip, error_message
from dataselect_gui.window.widgets.plain import choose_folder

if TYPE_CHECKING:
    from dataselect_gui.window.explore.people import PeoplePlace
    from dataselect_gui.window.explore.place import ExplorePlace
    from dataselect_gui.window.ledger import LedgerPlace
    from dataselect_gui.window.release import ReleasePlace
    from dataselect_gui.window.release.check import CheckPlace
    from dataselect_gui.window.request.place import RequestPlace
    from dataselect_gui.window.rule.place import RulePlace
    from dataselect_gui.window.setup.deletion import DeletionPlace
    from dataselect_gui.window.setup.place import SetupPlace
    from dataselect_gui.window.setup.preparation import Preparation
    from dataselect_gui.window.study.place import StudyPlace
    from dataselect_gui.workflow import Verified

_P = TypeVar("_P", bound=Place)


class MainWindow(QMainWindow):
    """The program's window.

    Only the start page is made with it; any other place on its first use, or after the first paint.

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
    places : dict of PlaceId to Place
        The places that were made.

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
        self._is_painted = self._is_ready = False
        self.state: State = State(self)
        self.jobs: Jobs = self.state.jobs
        self.notice = NoticeStrip()
        self.start = StartPlace(self.state, settings)
        self.places: dict[PlaceId, Place] = {}
        self.actions_by_key = make_actions(self)
        self.header, self.footer = Header(self.state, self.actions_by_key), Footer(self.state)
        self.action_list: ActionList = ActionList(self.actions_by_key, self)
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
        self.preparation.open_project.show_warning()  # It may not have been there before.
        self.start.remember(folder, look.name)
        self.show_place(PlaceId.EXPLORE if look.scores else PlaceId.SETUP)
        self.explore.records.take_focus()

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
        self.settings.change(theme=mode)
        theme.apply(mode)

    def switch_log(self) -> None:
        """Begin a log to report a fault by, or end the one that is kept."""
        try:
            message = switched_log()
        except DataSelectError as error:
            self.show_error(error)
            return
        self._follow()
        self.notice.show_message(message)

    # Places

    @cached_property
    def preparation(self) -> "Preparation":
        """Takes what is given, and scores it; it comes with Setup."""
        from dataselect_gui.window.setup.place import SetupPlace
        from dataselect_gui.window.setup.preparation import Preparation

        setup = self._add_place(PlaceId.SETUP, SetupPlace)
        setup.try_requested.connect(self.try_it)
        preparation = Preparation(self.state, self.start, setup, self.notice, self)
        preparation.checked.connect(self._on_checked)
        preparation.scored.connect(self.open_project)
        return preparation

    @property
    def setup(self) -> "SetupPlace":
        """What was given, and what scoring needs."""
        return self.preparation.setup

    @cached_property
    def explore(self) -> "ExplorePlace":
        """The records."""
        from dataselect_gui.window.explore.place import ExplorePlace

        place = self._add_place(PlaceId.EXPLORE, lambda: ExplorePlace(self.state))
        place.gallery.set_tile(self.settings.tile)
        place.gallery.tile_changed.connect(self._keep_view)
        place.table.set_hidden(self.settings.hidden_columns)
        place.table.columns_changed.connect(self._keep_view)
        place.table.noted.connect(self.footer.show_passing)
        of_records = [a for a in self.actions_by_key.values() if a.entry.of_records]
        for view in (place.gallery, place.table, place.large):
            view.addActions(of_records)
        place.thumbnails.lost.connect(self._on_lost)
        place.histogram.trial_wanted.connect(self.try_it)
        place.score_wanted.connect(self.preparation.score)
        # Later, as a window may not be closed while it is painted.
        place.first_painted.connect(self._become_ready, Qt.ConnectionType.QueuedConnection)
        return place

    @cached_property
    def release(self) -> "ReleasePlace":
        """The next release."""
        from dataselect_gui.window.release import ReleasePlace

        place = self._add_place(PlaceId.RELEASE, lambda: ReleasePlace(self.state))
        place.raise_wanted.connect(self._raise_budget)
        place.trial_wanted.connect(self.try_it)
        return place

    @cached_property
    def ledger(self) -> "LedgerPlace":
        """What was released."""
        from dataselect_gui.window.ledger import LedgerPlace

        return self._add_place(PlaceId.LEDGER, lambda: LedgerPlace(self.state))

    @cached_property
    def check(self) -> "CheckPlace":
        """A bundle that was received; reached from the start page, as it has no tab."""
        from dataselect_gui.window.release.check import CheckPlace

        place = self._add_place(PlaceId.CHECK, lambda: CheckPlace(self.state))
        place.chosen.connect(self._take)
        place.failed.connect(self.show_error)
        return place

    @cached_property
    def people(self) -> "PeoplePlace":
        """A list of people to withhold; reached from Explore."""
        from dataselect_gui.window.explore.people import PeoplePlace

        return self._add_place(PlaceId.PEOPLE, lambda: PeoplePlace(self.state))

    @cached_property
    def deletion(self) -> "DeletionPlace":
        """The deletion of a project; reached from the start page."""
        from dataselect_gui.window.setup.deletion import DeletionPlace

        place = self._add_place(PlaceId.DELETION, lambda: DeletionPlace(self.state))
        place.begun.connect(self._on_deleting)
        place.deleted.connect(self._on_deleted)
        place.failed.connect(self.show_error)
        return place

    @cached_property
    def rule(self) -> "RulePlace":
        """A rule of several conditions; reached from Release."""
        from dataselect_gui.window.rule.place import RulePlace

        return self._add_place(PlaceId.RULE, lambda: RulePlace(self.state))

    @cached_property
    def study(self) -> "StudyPlace":
        """The Try it page; reached from Setup."""
        from dataselect_gui.window.study.place import StudyPlace

        place = self._add_place(PlaceId.STUDY, lambda: StudyPlace(self.state))
        place.noted.connect(self.notice.show_message)
        return place

    @cached_property
    def request(self) -> "RequestPlace":
        """The page on which a consortium prepares its request; reached from the start page."""
        from dataselect_gui.window.request.place import RequestPlace

        place = self._add_place(PlaceId.REQUEST, lambda: RequestPlace(self.state))
        place.noted.connect(self.notice.show_message)
        return place

    def _place(self, place_id: PlaceId) -> Place:
        """Return a place, which is the attribute of that name."""
        place: Place = getattr(self, place_id)
        return place

    def _add_place(self, place_id: PlaceId, make: Callable[[], _P]) -> _P:
        # Tab goes from one place to the next in the order in which they are made.
        for earlier in takewhile(lambda other: other is not place_id, PlaceId):
            self._place(earlier)
        place = self.places[place_id] = make()
        self._stack.addWidget(place.as_widget)
        return place

    def _make_next(self) -> None:
        """Make the next place that is still missing; what a person waits for comes first."""
        missing = next((place_id for place_id in PlaceId if place_id not in self.places), None)
        is_busy = PlaceId.EXPLORE in self.places and self.explore.thumbnails.is_waiting
        if missing is not None and self.isVisible():
            if not is_busy:
                self._place(missing)
            QTimer.singleShot(100 if is_busy else 0, self, self._make_next)

    @property
    def has_work(self) -> bool:
        """Whether anything is being computed that will change what is shown."""
        places = any(place.is_working for place in self.places.values())
        return self.jobs.has_thread or self.state.accounts.waiting or places

    @property
    def has_threads(self) -> bool:
        """Whether any of its threads is running; after `close`, only one that hangs."""
        places = any(place.has_threads for place in self.places.values())
        return self.jobs.has_thread or self.state.accounts.has_threads or places

    def _build(self) -> None:
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._add_place(PlaceId.START, lambda: self.start)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.notice)
        column.addWidget(self._stack, 1)
        column.addWidget(self.footer)
        self.setCentralWidget(page)
        fill_menus(self.menuBar(), self.actions_by_key)

    def _connect(self) -> None:
        self.state.place_changed.connect(self._on_place)
        self.footer.undone_requested.connect(self._show_undone)
        self.start.project_chosen.connect(self.open_project)
        self.start.chosen.connect(self._take)
        self.start.demo_requested.connect(self.actions_by_key["demo"].trigger)
        self.start.delete_requested.connect(self._ask_deletion_of)
        self.state.inputs_changed.connect(self._follow)
        self.state.opened.connect(self._follow)
        self.state.opened.connect(self.state.read_first_account)
        self.state.failed.connect(self.show_error)
        self.state.undo_changed.connect(self._follow)
        self.jobs.started.connect(self._follow)
        self.jobs.finished.connect(self._follow)
        QApplication.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._fault.connect(self.footer.show_text)
        self._emit_fault = self._fault.emit
        faults.listen(self._emit_fault)

    # What a place says

    def _on_place(self, before: PlaceId) -> None:
        if self.state.place != before:
            place = self._place(self.state.place)
            self._place(before).left()
            self._stack.setCurrentWidget(place.as_widget)
            place.entered()

    def _take(self, path: Path) -> None:
        self.preparation.take(path)

    def _ask_deletion_of(self, project: Path) -> None:
        self.deletion.ask(project)

    def _raise_budget(self) -> None:
        self.show_place(PlaceId.LEDGER)
        self.ledger.open_form()

    def _on_checked(self, bundle: Path, verified: "Verified") -> None:
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
        self.preparation.open_project.show_warning()
        if self.state.look is not None and self.state.look.source.exists():
            self.show_error(error)

    def _keep_view(self) -> None:
        hidden = sorted(self.explore.table.hidden)
        self.settings.change(tile=self.explore.gallery.tile, hidden_columns=hidden)

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
            if url.isLocalFile() and not self.places[self.state.place].dropped(path):
                self.preparation.take(path)
        event.acceptProposedAction()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Note the first paint of the start page, and make the other places after the first of all."""
        super().paintEvent(event)
        if not self._is_ready and self.state.place is PlaceId.START:
            QTimer.singleShot(0, self, self._become_ready)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self, self._make_next)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Hide at once; then stop the job in progress, which keeps what is done."""
        self.settings.change(geometry=bytes(self.saveGeometry().toBase64().data()).decode())
        self.hide()
        self.show_place(PlaceId.START)  # Other places may compute something, which nobody would see.
        self.jobs.close()
        self.state.accounts.close()
        for place in self.places.values():
            place.close_threads()
        faults.forget(self._emit_fault)
        super().closeEvent(event)
