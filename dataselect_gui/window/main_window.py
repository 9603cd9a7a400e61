"""The one window: a header with the places, the place in use, a footer that counts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError, InterruptedByPersonError, WorkerDiedError
from dataselect_gui.window import faults, settings, theme
from dataselect_gui.window.action_list import ActionList
from dataselect_gui.window.actions import ACTIONS, make_actions
from dataselect_gui.window.explore import Explore
from dataselect_gui.window.footer import Footer
from dataselect_gui.window.header import Header
from dataselect_gui.window.jobs import Jobs
from dataselect_gui.window.ledger import LedgerPlace
from dataselect_gui.window.notice import Message, NoticeStrip, fault
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.setup import SetupPlace
from dataselect_gui.window.start import StartPlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Progress, Report, Stop

_SCORING = "Scoring"


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
    start, setup, explore, release, ledger : QWidget
        The places.

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
        self._digest = ""
        self._waiting: list[Path] = []
        self._interrupted: Callable[[Report, Stop], Path] | None = None
        self._last_step: Progress | None = None
        self._scored: Path | None = None
        self.state = State(self)
        self.jobs = Jobs(self)
        self.start = StartPlace(kept)
        self.setup = SetupPlace()
        self.explore = Explore(self.state)
        self.release = ReleasePlace(self.state, self.jobs)
        self.ledger = LedgerPlace(self.state)
        self._places: dict[str, QWidget] = {
            "start": self.start,
            "setup": self.setup,
            "explore": self.explore,
            "release": self.release,
            "ledger": self.ledger,
        }
        self.header, self.footer, self.notice = Header(), Footer(self.state), NoticeStrip()
        self.actions_by_key = make_actions(self, self._does())
        for key in ("withhold", "restore"):
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
        self.start.clear()
        self._records, self._checkpoint = look.source, look.checkpoint
        self._interrupted = None
        self._show_standing()
        self.show_place("explore" if look.scores else "setup")
        self.explore.gallery.setFocus()

    def start_demo(self, out: Path | None = None) -> None:
        """Score the demo, or open it where it was scored before."""
        folder = out if out is not None else workflow.home() / "demo"

        def work(report: Report, stop: Stop) -> Path:
            return workflow.score_demo(folder, report, stop).project

        if not self.jobs.running:
            self._forget()
            self.setup.show_demo()
            self.state.answer_training("no")
            self._start_scoring(work)

    def take(self, path: Path) -> None:
        """Take what was given: what is missing from the open project, or else something new."""
        if self.jobs.running:
            self._waiting.append(path)
            if self.jobs.title == _SCORING:
                self.notice.tell(Message("What you gave is looked at when scoring has ended."))
        elif self._is_missing_something() and not self.start.isVisible():
            self.find_again(path)
        else:
            self._inspect(path)

    def find_again(self, path: Path) -> None:
        """Point the open project to where its records, or its checkpoint, are now."""
        look = self.state.look
        if look is None or self.jobs.running:
            return
        folder = look.folder

        def work(report: Report, stop: Stop) -> Path:
            workflow.find_again(folder, path, report, stop)
            return folder

        self.show_error(None)
        self.jobs.start("Comparing with what was scored", work, self.open_project, self.show_error)

    def score(self) -> None:
        """Score the records with the checkpoint, or go on where scoring was interrupted."""
        if self.jobs.running:
            return
        if self._interrupted is not None:
            self._start_scoring(self._interrupted)
            return
        records, checkpoint, look = self._records, self._checkpoint, self.state.look
        if records is None or checkpoint is None:
            return
        unit, answer, digest = self.setup.unit_column, self.state.in_training, self._digest
        folder = workflow.project_place(records, digest) if look is None else look.folder

        def work(report: Report, stop: Stop) -> Path:
            return workflow.score(
                records,
                checkpoint,
                report,
                project_path=folder,
                unit_column=unit,
                in_training=answer,
                stop=stop,
            ).project

        self._start_scoring(work)

    def show_place(self, name: str) -> None:
        """Show a place."""
        self._stack.setCurrentWidget(self._places[name])
        self.header.show_place(name)

    def show_error(self, error: DataSelectError | None) -> None:
        """Show what happened, why, and what to do; None to show nothing."""
        is_wish = isinstance(error, InterruptedByPersonError)
        self.notice.tell(None if error is None or is_wish else fault(error))

    @property
    def has_threads(self) -> bool:
        """Whether any of its threads is running; when it is closed, none but one that hangs."""
        return self.jobs.running or self.explore.thumbnails.running

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
            menu = self.menuBar().addMenu(title)
            for one in ACTIONS:
                if one.menu == title:
                    menu.addAction(self.actions_by_key[one.key])
        self.menuBar().setVisible(False)  # Alt shows it; everything in it has keys and Ctrl+K.

    def _connect(self) -> None:
        self.header.wanted.connect(self.show_place)
        self.footer.undone_wanted.connect(self._show_undone)
        self.start.chosen.connect(self.take)
        self.start.project_chosen.connect(self.open_project)
        self.start.demo_wanted.connect(self._on_demo_wanted)
        self.setup.score_wanted.connect(self.score)
        self.setup.stop_wanted.connect(self.jobs.stop)
        self.setup.training.answered.connect(self._on_answered)
        self.state.opened.connect(self._on_opened)
        self.state.failed.connect(self.show_error)
        self.state.training_changed.connect(self._on_training)
        self.state.stale_changed.connect(self._show_standing)
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
        self.ledger.ledger_changed.connect(self._show_budget)
        QApplication.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._fault.connect(self.footer.tell)
        self._tell_fault = self._fault.emit
        faults.listen(self._tell_fault)

    def _does(self) -> dict[str, Callable[[], None]]:
        return {
            "open": self._choose_project,
            "start": self._show_start,
            "demo": self._on_demo_wanted,
            "score": self.score,
            "stop": self.jobs.stop,
            "find_records": self._choose_records,
            "find_checkpoint": self._choose_checkpoint,
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

    def _show_actions(self) -> None:
        self.action_list.open()

    def _show_undone(self) -> None:
        rows = self.state.undone_rows()
        if rows:
            self.show_place("explore")
            self.state.mark(rows)
            self.state.set_current(rows[0])

    def _quit(self) -> None:
        self.close()

    def _choose_project(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open a project (NAME.dataselect)")
        if path:
            self.open_project(Path(path))

    def _choose_records(self) -> None:
        if self.state.look is not None:
            self._choose_again(self.state.look.source, "Where are the records?")

    def _choose_checkpoint(self) -> None:
        if self.state.look is not None:
            self._choose_again(self.state.look.checkpoint, "Where is the checkpoint?")

    def _choose_again(self, known: Path, question: str) -> None:
        if known.suffix in {".npz", ".pt2"}:
            path, _ = QFileDialog.getOpenFileName(self, question, "", f"*{known.suffix}")
        else:
            path = QFileDialog.getExistingDirectory(self, question)
        if path:
            self.find_again(Path(path))

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

    def _on_demo_wanted(self) -> None:
        self.start_demo()

    # Records and checkpoint that were given

    def _inspect(self, path: Path) -> None:
        def work(report: Report, stop: Stop) -> tuple[Path, dict[str, Any]]:
            return path, workflow.inspect(path, None, report, stop)

        self.show_error(None)
        self.jobs.start("Looking at what was given", work, self._on_inspected, self.show_error)

    def _on_inspected(self, told: tuple[Path, dict[str, Any]]) -> None:
        path, found = told
        if found["kind"] == "project":
            self.open_project(path)
            return
        if found["kind"] == "bundle":
            self.notice.tell(_bundle_message(path, found))
            return
        is_source, look = found["kind"] == "source", self.state.look
        if look is not None:
            self._forget()
            if not self._waiting:  # New records for the same checkpoint, or the other way round.
                self._waiting.append(look.checkpoint if is_source else look.source)
        if not self.start.isVisible():
            self.show_place("setup")
        if is_source:
            self._records = path
            self.start.records.show_path(path)
            self.setup.show_records(path, found)
        else:
            self._checkpoint, self._digest = path, found["digest"]
            self.start.checkpoint.show_path(path)
            self.setup.show_checkpoint(path, found)
        self._show_idle()
        self._enable_actions()
        if self._waiting:
            QTimer.singleShot(0, self, self._take_next)
        elif self._records is not None and self._checkpoint is not None:
            self._match(self._records, self._checkpoint)

    def _match(self, records: Path, checkpoint: Path) -> None:
        """Hold the labels of both against each other, or open the project that they already have."""
        folder = workflow.project_place(records, self._digest)
        if folder.exists():
            self.open_project(folder)
            return

        def work(report: Report, stop: Stop) -> tuple[Path, dict[str, Any]]:
            return checkpoint, workflow.inspect(checkpoint, records, report, stop)

        self.show_place("setup")
        self.jobs.start("Matching the labels", work, self._on_matched, self.show_error)

    def _on_matched(self, told: tuple[Path, dict[str, Any]]) -> None:
        self.setup.show_checkpoint(*told)
        self.setup.training.no.setFocus()

    def _forget(self) -> None:
        """Begin anew: no project, no records, no checkpoint."""
        self._records = self._checkpoint = self._interrupted = None
        self.start.clear()
        self.setup.show_records(None, None)
        self.setup.show_checkpoint(None, None)
        self.notice.stand(None)
        self.state.close()

    # Scoring

    def _start_scoring(self, work: Callable[[Report, Stop], Path]) -> None:
        self.show_error(None)
        self._interrupted, self._last_step = work, None
        self.jobs.start(_SCORING, work, self._on_scored, self._on_scoring_failed)
        self.show_place("setup")
        # The button that was pressed is hidden now; the focus must not fall back to the start.
        self.setup.stop.setFocus()

    def _on_scored(self, folder: Path) -> None:
        self._interrupted, look = None, self.state.look
        if look is None or look.folder == folder:
            self.open_project(folder)
        else:  # The person looks at another project meanwhile: nothing moves under their hand.
            self._scored = folder
            self.notice.tell(Message("Scoring is done.", actions=(("Show it", self._show_scored),)))

    def _show_scored(self) -> None:
        if self._scored is not None:
            self.open_project(self._scored)

    def _on_scoring_failed(self, error: DataSelectError) -> None:
        if isinstance(error, InterruptedByPersonError):
            self.setup.show_idle("Continue", ready=True, text=f"{error.what} {error.do}")
        elif isinstance(error, WorkerDiedError):
            step = self._last_step
            done = "" if step is None else f"{step.phase}: {step.done:,} of {step.total:,}. "
            place = "" if self._records is None else f"Records: {self._records}."
            self.notice.tell(
                Message(
                    error.what,
                    error.why,
                    error.do,
                    actions=(("Continue", self.score),),
                    details=f"{done}{place}",
                    role="stop",
                )
            )
            self._show_idle()
        else:
            self._interrupted = None
            self.show_error(error)
            self._show_idle()

    def _on_answered(self) -> None:
        answer = self.setup.training.answer
        if answer is not None:
            self.state.answer_training(answer)

    def _on_training(self) -> None:
        if self.setup.training.answer != self.state.in_training:
            self.setup.training.show_answer(self.state.in_training)

    def _show_idle(self) -> None:
        """Show in Setup what its button would do now."""
        look = self.state.look
        if self._interrupted is not None or (look is not None and not look.is_finished):
            self.setup.show_idle("Continue", ready=True)
        elif look is not None:
            text = "Computes what is missing or has changed, and nothing else."
            self.setup.show_idle("Score again", ready=True, text=text)
        else:
            both = self._records is not None and self._checkpoint is not None
            self.setup.show_idle(ready=both)

    # Jobs

    def _on_job_started(self, title: str) -> None:
        self.header.show_job(title)
        self.setup.show_running(Progress(title, 0, 1), keeps=title == _SCORING)
        self._enable_actions()

    def _on_progress(self, step: Progress) -> None:
        self._last_step = step
        share = f" {100 * step.done // max(1, step.total)} %" if step.total > 1 else ""
        self.header.show_job(f"{step.phase}{share}")
        self.setup.show_running(step, keeps=self.jobs.title == _SCORING)

    def _on_job_finished(self) -> None:
        self.header.show_job("")
        self._show_idle()
        self._enable_actions()
        if self._waiting:
            QTimer.singleShot(0, self, self._take_next)

    def _take_next(self) -> None:
        if self._waiting and not self.jobs.running:
            self.take(self._waiting.pop(0))

    # What the state says

    def _on_opened(self) -> None:
        look = self.state.look
        self.header.show_project("" if look is None else look.name)
        self.setup.training.show_answer(self.state.in_training)
        if look is not None:
            self.setup.show_project(look)
        self._show_idle()
        self._enable_actions()
        self._show_budget()

    def _enable_actions(self) -> None:
        look, is_running = self.state.look, self.jobs.running
        for one in ACTIONS:
            self.actions_by_key[one.key].setEnabled(look is not None or not one.needs_project)
        self.actions_by_key["setup"].setEnabled(look is not None or self._is_set_up())
        for key in ("explore", "ledger"):
            self.actions_by_key[key].setEnabled(look is not None and bool(look.ids))
        for key in ("release", "review"):
            self.actions_by_key[key].setEnabled(look is not None and look.is_finished)
        for key in ("demo", "find_records", "find_checkpoint"):
            action = self.actions_by_key[key]
            action.setEnabled(action.isEnabled() and not is_running)
        self.actions_by_key["score"].setEnabled(self.setup.score.isEnabled() and not is_running)
        self.actions_by_key["stop"].setEnabled(is_running)
        for key, tab in self.header.tabs.items():
            tab.setEnabled(self.actions_by_key[key].isEnabled())
        is_early = look is not None and not look.is_finished
        self.header.tabs["release"].setToolTip("Release opens when scoring ends." if is_early else "")
        self._on_undo_changed()

    def _is_set_up(self) -> bool:
        given = (self._records, self._checkpoint, self._interrupted)
        return self.jobs.running or any(one is not None for one in given)

    def _is_missing_something(self) -> bool:
        look = self.state.look
        return look is not None and not (look.source.exists() and look.checkpoint.exists())

    def _show_standing(self) -> None:
        """Tell what is wrong with the open project for as long as it is."""
        look = self.state.look
        self.notice.stand(None if look is None else self._standing(look))

    def _standing(self, look: workflow.Look) -> Message | None:
        if not look.source.exists():  # Asked of the disk each time: it may be connected again.
            return Message(
                f"The records are not at {look.source}.",
                "They were moved or renamed, or their disk is not connected. Scores and selection are "
                "kept, and are as you left them.",
                "Show where the records are now, or drop their folder here.",
                (("Show me where the records are…", self._choose_records),),
            )
        if not look.checkpoint.exists():
            return Message(
                f"The checkpoint is not at {look.checkpoint}.",
                "It was moved or renamed, or its disk is not connected. Scores and selection are kept, "
                "and are as you left them.",
                "Show where the checkpoint is now, or drop it here.",
                (("Show me where the checkpoint is…", self._choose_checkpoint),),
            )
        if self.state.stale.any():
            return Message(
                "Some records are not what was scored.",
                "They were changed or removed since. Each is shown as such, and nothing is released "
                "while there are any.",
                "Score again: only what changed is computed anew.",
                (("Score again", self.score),),
            )
        if not look.is_finished:
            left = f"; {look.unscored:,} records are not scored yet" if look.unscored else ""
            noun = "score is" if look.kept == 1 else "scores are"
            return Message(
                f"Scoring is not finished. {look.kept:,} {noun} kept{left}.",
                do="Continue where it stopped: nothing is computed twice.",
                actions=(("Continue", self.score),),
            )
        return None

    def _on_lost(self, error: DataSelectError) -> None:
        """Tell why records cannot be read, unless the reason is that they are not there."""
        self._show_standing()
        if self.state.look is not None and self.state.look.source.exists():
            self.show_error(error)

    def _on_undo_changed(self) -> None:
        stack = self.state.undo
        self.actions_by_key["undo"].setEnabled(stack.canUndo())
        self.actions_by_key["redo"].setEnabled(stack.canRedo())

    def _show_budget(self) -> None:
        look = self.state.look
        told: dict[str, Any] | None = None
        if look is not None and look.ids:
            try:
                told = workflow.ledger(look.folder)[0]
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
            if url.isLocalFile():
                self.take(Path(url.toLocalFile()))
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
        self.explore.close_threads()
        faults.forget(self._tell_fault)
        super().closeEvent(event)


def _bundle_message(path: Path, found: dict[str, Any]) -> Message:
    """Tell what was found in a bundle that was given."""
    failed = [f"{check['name']}: {check['detail']}" for check in found["checks"] if not check["ok"]]
    if failed:
        what = f"“{path.name}” is not what it says it is."
        return Message(what, " ".join(failed), "Do not use it.", role="stop")
    count = len(found["checks"])
    return Message(f"“{path.name}” is a bundle, and verified.", f"{count} checks were passed.")
