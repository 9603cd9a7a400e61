"""All actions in one list that can be searched: type, choose with the arrows, Enter."""

from collections.abc import Iterable, Mapping

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.shell.actions import WindowAction
from dataselect_gui.window.widgets.search_list import SearchList


class ActionList(SearchList):
    """Lists the actions that can be done now.

    Parameters
    ----------
    actions : mapping of str to WindowAction
        What `make_actions` made.
    owner : QWidget
        The window, over whose places it opens.
    """

    def __init__(self, actions: Mapping[str, WindowAction], owner: QWidget) -> None:
        super().__init__(owner, _("All actions"), _("Search the actions"), _("Actions"))
        self._actions = actions
        self.field.setPlaceholderText(visible(_("What do you want to do?")))

    def entries(self, typed: str) -> Iterable[tuple[str, str, str]]:
        """See `SearchList`: actions and their keys."""
        terms = typed.casefold().split()
        for key, action in self._actions.items():
            name = _(action.entry.text)
            is_of_use = key != "actions" and action.isEnabled()
            if is_of_use and all(term in name.casefold() for term in terms):
                keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                yield key, name, keys

    def run(self, key: str) -> None:
        """See `SearchList`."""
        self._actions[key].trigger()
