"""What can be done, as data: menus, shortcuts, the list of actions and the tests read this table."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from dataselect_gui.window.widgets.plain import MenuAction


@dataclass(frozen=True)
class Action:
    """One thing that can be done.

    Attributes
    ----------
    key : str
        Its name in the program.
    text : str
        What it is called.
    shortcut : str
        Its keys; empty for none.
    menu : str
        The menu that it stands in.
    needs_project : bool
        Whether it makes sense only where a project is open.
    """

    key: str
    text: str
    shortcut: str
    menu: str
    needs_project: bool = True


ACTIONS = (
    Action("open", "Open a project…", "Ctrl+O", "File", needs_project=False),
    Action("start", "Start page", "Ctrl+Home", "File", needs_project=False),
    Action("demo", "Try the demo", "", "File", needs_project=False),
    Action("score", "Score, or go on scoring", "", "File", needs_project=False),
    Action("stop", "Stop the work in progress", "", "File", needs_project=False),
    Action("try", "Try it: does picking by a score help?", "", "File", needs_project=False),
    Action("check", "Check a bundle", "", "File", needs_project=False),
    Action("find_records", "Show where the records are…", "", "File"),
    Action("find_checkpoint", "Show where the checkpoint is…", "", "File"),
    Action("delete", "Delete this project…", "", "File"),
    Action("quit", "Quit", "Ctrl+Q", "File", needs_project=False),
    Action("undo", "Undo", "Ctrl+Z", "Edit"),
    Action("redo", "Redo", "Ctrl+Shift+Z", "Edit"),
    Action("withhold", "Withhold", "W", "Edit"),
    Action("restore", "Restore", "Shift+W", "Edit"),
    Action("people", "Withhold by a list…", "", "Edit"),
    Action("setup", "Setup", "Ctrl+1", "View"),
    Action("explore", "Explore", "Ctrl+2", "View"),
    Action("release", "Release", "Ctrl+3", "View"),
    Action("ledger", "Ledger", "Ctrl+4", "View"),
    Action("review", "Review release", "Ctrl+Return", "View"),
    Action("map", "Map", "M", "View"),
    Action("actions", "All actions…", "Ctrl+K", "View", needs_project=False),
    Action("light", "Colours: light", "", "View", needs_project=False),
    Action("dark", "Colours: dark", "", "View", needs_project=False),
    Action("system", "Colours: as the system has them", "", "View", needs_project=False),
)


def make_actions(owner: QWidget, does: dict[str, Callable[[], None]]) -> dict[str, MenuAction]:
    """Make the actions of a window.

    Parameters
    ----------
    owner : QWidget
        The window.
    does : dict
        What each action does, by its key; a bound method each.
    """
    made = {}
    for one in ACTIONS:
        action = MenuAction(one.text, owner)
        if one.shortcut:
            action.setShortcut(QKeySequence(one.shortcut))
        action.triggered.connect(does[one.key])
        owner.addAction(action)
        made[one.key] = action
    return made
