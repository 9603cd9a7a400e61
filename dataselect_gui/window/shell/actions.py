"""The actions as data, which menus, shortcuts, the list of actions, the tabs and the tests read.

To add an action, add one entry to `ACTIONS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from dataselect_gui import workflow
from dataselect_gui.texts import N_, _
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.exporting import export_scores, export_selection
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.plain import MenuAction, tip
from dataselect_gui.workflow import JobKind

if TYPE_CHECKING:
    from dataselect_gui.window.shell.main_window import MainWindow

LOG_ON = N_("Log what happens, to report a fault")
LOG_OFF = N_("Stop logging")
BUSY = N_("Other work is in progress.")
NO_PROJECT = N_("Open a project first.")
NO_RECORDS = N_("Open a project with records first.")
NO_ANSWERS = N_("What the model answers was not kept; score again to see it.")
NO_MISTAKES = N_("The model disagrees with none of your labels.")
NO_WORK = N_("No work is in progress.")
NOTHING_TO_SCORE = N_("Add records and a checkpoint first.")
NOTHING_SELECTED = N_("The rule picks no record.")
NOTHING_TO_UNDO = N_("There is nothing to undo.")
NOTHING_TO_REDO = N_("There is nothing to redo.")
SETUP_OPENS = N_("Setup opens once there are records or a checkpoint.")
EXPLORE_OPENS = N_("Explore opens once records are scored.")
RELEASE_OPENS = N_("Release opens when scoring ends.")
LEDGER_OPENS = N_("The ledger opens once records are scored.")


# Why an action cannot be done now, for a person; empty where it can.


def _nothing(state: State) -> str:
    del state
    return ""


def _busy(state: State) -> str:
    return _(BUSY) if state.jobs.running else ""


def _no_project(state: State) -> str:
    return _(NO_PROJECT) if state.look is None else ""


def _no_project_or_busy(state: State) -> str:
    return _no_project(state) or _busy(state)


def _no_records(state: State, sentence: str = NO_RECORDS) -> str:
    return "" if state.look is not None and state.look.ids else _(sentence)


def _no_mistakes(state: State) -> str:
    answers = None if state.look is None else state.look.answers
    if answers is None:
        return _no_records(state) or _(NO_ANSWERS)
    return "" if answers.differ.any() else _(NO_MISTAKES)


def _no_records_or_busy(state: State) -> str:
    return _no_records(state) or _busy(state)


def _no_selection_or_busy(state: State) -> str:
    if not (obstacle := _no_records_or_busy(state)) and not state.selection.chosen.any():
        return _(NOTHING_SELECTED)
    return obstacle


def _not_finished(state: State) -> str:
    if state.look is not None and len(state.look.waiting):
        return workflow.waiting_sentence(len(state.look.waiting))
    return "" if state.look is not None and state.look.is_finished else _(RELEASE_OPENS)


def _cannot_score(state: State) -> str:
    return _busy(state) if state.can_score else _(NOTHING_TO_SCORE)


def _study_obstacle(state: State) -> str:
    return "" if state.jobs.kind is JobKind.STUDY else state.inputs.study_obstacle


def _undo_text(state: State) -> str:
    if not state.undo.canUndo():
        return _("Undo (a release cannot be undone)")
    return _("Undo: {change}", change=state.undo.undoText())


def _redo_text(state: State) -> str:
    if not state.undo.canRedo():
        return _("Redo")
    return _("Redo: {change}", change=state.undo.redoText())


class Menu(Enum):
    """The menus, by their titles."""

    FILE = N_("File")
    EDIT = N_("Edit")
    VIEW = N_("View")


@dataclass(frozen=True)
class Action:
    """An entry of the table of actions.

    Attributes
    ----------
    key : str
        Its identifier.
    text : str
        Its title, for `_`.
    menu : Menu
        The menu that has it.
    do : callable
        Does it, given the window.
    shortcut : str
        Its keys; empty for none.
    also : str
        Further keys that do it; empty for none.
    obstacle : callable
        Returns why it cannot be done in a state, for a person; empty where it can.
    text_now : callable or None
        Returns its text in the menu in a state, where that is not always `text`.
    of_records : bool
        Whether its shortcut acts only while the gallery has the focus, as that of a letter must.
    """

    key: str
    text: str
    menu: Menu
    do: Callable[["MainWindow"], object]
    shortcut: str = ""
    obstacle: Callable[[State], str] = _nothing
    text_now: Callable[[State], str] | None = None
    of_records: bool = False
    also: str = ""


def _show(place: PlaceId) -> Callable[["MainWindow"], None]:
    """Return a function that shows a place."""
    return lambda window: window.show_place(place)


def _show_mistakes(window: "MainWindow") -> None:
    """Show the worst mistakes of the model, or all records again."""
    window.show_place(PlaceId.EXPLORE)
    window.explore.show_mistakes()


def _show_columns(window: "MainWindow") -> None:
    """Ask which columns the table of records is to have."""
    window.show_place(PlaceId.EXPLORE)
    window.explore.choose_columns()


def _switch_view(window: "MainWindow") -> None:
    """Show the records as a table, or as tiles again."""
    window.show_place(PlaceId.EXPLORE)
    window.explore.records.switch()


def _relabel(window: "MainWindow") -> None:
    """Ask for another label of the marked records, else of the current one."""
    window.show_place(PlaceId.EXPLORE)
    window.explore.relabel()


def _find(window: "MainWindow") -> None:
    """Ask what to look for among the records."""
    window.show_place(PlaceId.EXPLORE)
    window.explore.find_records()


def _go_to(window: "MainWindow") -> None:
    """Ask which record to go to."""
    window.show_place(PlaceId.EXPLORE)
    window.explore.go_to()


ACTIONS = (
    Action("open", N_("Open a project…"), Menu.FILE, lambda w: w.choose_project(), "Ctrl+O"),
    Action("start", N_("Start page"), Menu.FILE, _show(PlaceId.START), "Ctrl+Home"),
    Action("demo", N_("Try the demo"), Menu.FILE, lambda w: w.preparation.start_demo(), obstacle=_busy),
    Action(
        "score",
        N_("Score the records"),
        Menu.FILE,
        lambda w: w.preparation.score(),
        obstacle=_cannot_score,
    ),
    Action(
        "stop",
        N_("Stop the work in progress"),
        Menu.FILE,
        lambda w: w.jobs.stop(),
        obstacle=lambda state: "" if state.jobs.running else _(NO_WORK),
    ),
    Action(
        "try",
        N_("Try it: does picking by a score help?"),
        Menu.FILE,
        lambda w: w.try_it(),
        obstacle=_study_obstacle,
    ),
    Action("check", N_("Check a bundle"), Menu.FILE, _show(PlaceId.CHECK)),
    Action("request", N_("Prepare a request"), Menu.FILE, _show(PlaceId.REQUEST)),
    Action(
        "find_records",
        N_("Show where the records are…"),
        Menu.FILE,
        lambda w: w.preparation.open_project.choose_records(),
        obstacle=_no_project_or_busy,
    ),
    Action(
        "find_checkpoint",
        N_("Show where the checkpoint is…"),
        Menu.FILE,
        lambda w: w.preparation.open_project.choose_checkpoint(),
        obstacle=_no_project_or_busy,
    ),
    Action(
        "delete",
        N_("Delete this project…"),
        Menu.FILE,
        lambda w: w.ask_deletion(),
        obstacle=_no_project_or_busy,
    ),
    Action(
        "export_scores",
        N_("Export scores…"),
        Menu.FILE,
        lambda w: export_scores(w),
        obstacle=_no_records_or_busy,
    ),
    Action(
        "export_selection",
        N_("Export the list of what is selected…"),
        Menu.FILE,
        lambda w: export_selection(w),
        obstacle=_no_selection_or_busy,
    ),
    Action(
        "save_histogram",
        N_("Save the histogram as a picture…"),
        Menu.FILE,
        lambda w: w.explore.saved_histogram.save(),
        obstacle=_no_records,
    ),
    Action(
        "log",
        LOG_ON,
        Menu.FILE,
        lambda w: w.switch_log(),
        text_now=lambda _state: _(LOG_OFF) if workflow.log_path() else _(LOG_ON),
    ),
    Action("quit", N_("Quit"), Menu.FILE, lambda w: w.close(), "Ctrl+Q"),
    Action(
        "undo",
        N_("Undo"),
        Menu.EDIT,
        lambda w: w.state.undo.undo(),
        "Ctrl+Z",
        obstacle=lambda state: "" if state.undo.canUndo() else _(NOTHING_TO_UNDO),
        text_now=_undo_text,
    ),
    Action(
        "redo",
        N_("Redo"),
        Menu.EDIT,
        lambda w: w.state.undo.redo(),
        "Ctrl+Shift+Z",
        obstacle=lambda state: "" if state.undo.canRedo() else _(NOTHING_TO_REDO),
        text_now=_redo_text,
    ),
    Action("find", N_("Find records"), Menu.EDIT, _find, "Ctrl+F", obstacle=_no_records),
    Action("jump", N_("Go to a record…"), Menu.EDIT, _go_to, "Ctrl+G", obstacle=_no_records),
    Action(
        "withhold",
        N_("Withhold"),
        Menu.EDIT,
        lambda w: w.explore.withhold(),
        "W",
        obstacle=_no_project,
        of_records=True,
    ),
    Action(
        "restore",
        N_("Restore"),
        Menu.EDIT,
        lambda w: w.explore.restore(),
        "Shift+W",
        obstacle=_no_project,
        of_records=True,
    ),
    Action(
        "relabel",
        N_("Relabel…"),
        Menu.EDIT,
        _relabel,
        "L",
        obstacle=_no_records_or_busy,
        of_records=True,
    ),
    Action(
        "rule",
        N_("More conditions for the rule…"),
        Menu.EDIT,
        _show(PlaceId.RULE),
        obstacle=_not_finished,
    ),
    Action("people", N_("Withhold by a list…"), Menu.EDIT, _show(PlaceId.PEOPLE), obstacle=_no_records),
    Action(
        "setup",
        N_("Setup"),
        Menu.VIEW,
        _show(PlaceId.SETUP),
        "Ctrl+1",
        obstacle=lambda state: "" if state.is_begun else _(SETUP_OPENS),
    ),
    Action(
        "explore",
        N_("Explore"),
        Menu.VIEW,
        _show(PlaceId.EXPLORE),
        "Ctrl+2",
        obstacle=lambda state: _no_records(state, EXPLORE_OPENS),
    ),
    Action(
        "release", N_("Release"), Menu.VIEW, _show(PlaceId.RELEASE), "Ctrl+3", obstacle=_not_finished
    ),
    Action(
        "ledger",
        N_("Ledger"),
        Menu.VIEW,
        _show(PlaceId.LEDGER),
        "Ctrl+4",
        obstacle=lambda state: _no_records(state, LEDGER_OPENS),
    ),
    Action(
        "review",
        N_("Review release"),
        Menu.VIEW,
        _show(PlaceId.RELEASE),
        "Ctrl+Return",
        obstacle=_not_finished,
    ),
    Action(
        "large",
        N_("Open the record large"),
        Menu.VIEW,
        lambda w: w.explore.open_large(),
        obstacle=_no_records,
    ),
    Action(
        "map", N_("Map"), Menu.VIEW, lambda w: w.show_map(), "M", obstacle=_no_records, of_records=True
    ),
    Action(
        "table",
        N_("Table or pictures"),
        Menu.VIEW,
        _switch_view,
        "T",
        obstacle=_no_records,
        of_records=True,
    ),
    Action("columns", N_("Columns of the table…"), Menu.VIEW, _show_columns, obstacle=_no_records),
    Action(
        "mistakes",
        N_("Worst mistakes of the model"),
        Menu.VIEW,
        _show_mistakes,
        "Ctrl+Shift+M",
        obstacle=_no_mistakes,
    ),
    Action(
        "actions", N_("All actions…"), Menu.VIEW, lambda w: w.action_list.open(), "Ctrl+K", also="F1"
    ),
    Action("light", N_("Colours: light"), Menu.VIEW, lambda w: w.use_theme("light")),
    Action("dark", N_("Colours: dark"), Menu.VIEW, lambda w: w.use_theme("dark")),
    Action("system", N_("Colours: like the system"), Menu.VIEW, lambda w: w.use_theme("system")),
)


class WindowAction(MenuAction):
    """The action of an entry in a window.

    Attributes
    ----------
    entry : Action
        The entry.
    obstacle : str
        Why it cannot be done now; empty where it can.
    """

    def __init__(self, entry: Action, window: "MainWindow") -> None:
        super().__init__(_(entry.text), window)
        self.entry = entry
        self.obstacle = ""
        self._window = window
        if entry.shortcut:
            self.setShortcuts([QKeySequence(keys) for keys in (entry.shortcut, entry.also) if keys])
        if entry.of_records:
            self.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if not entry.of_records:  # The gallery has the others.
            window.addAction(self)
        self.triggered.connect(self._do)

    def follow(self, state: State) -> None:
        """Enable or disable it for a state, with the reason as its tool tip."""
        self.obstacle = self.entry.obstacle(state)
        self.setEnabled(not self.obstacle)
        self.setToolTip(tip(self.obstacle))
        if self.entry.text_now is not None:
            self.setText(self.entry.text_now(state))

    def _do(self) -> None:
        self.entry.do(self._window)


def make_actions(window: "MainWindow") -> dict[str, WindowAction]:
    """Make the actions of a window; key → action."""
    return {entry.key: WindowAction(entry, window) for entry in ACTIONS}
