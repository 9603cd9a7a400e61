"""The menu bar: all actions of the window, by mouse, by Alt or F10, and by a letter of each menu."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QMenuBar

from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.window.shell.actions import Menu, WindowAction


def fill_menus(bar: QMenuBar, actions: Mapping[str, WindowAction]) -> None:
    """Put the actions into the menus that their entries name, and let F10 open the first.

    Parameters
    ----------
    bar : QMenuBar
        The window's.
    actions : mapping of str to WindowAction
        What `make_actions` made.
    """
    menus = {menu: bar.addMenu(visible(f"&{_(menu.value)}")) for menu in Menu}
    for menu in menus.values():
        menu.setToolTipsVisible(True)  # They say why an action is disabled.
    for action in actions.values():
        menus[action.entry.menu].addAction(action)

    def open_first() -> None:
        bar.setActiveAction(bar.actions()[0])

    for keys in (Qt.Key.Key_Menu, QKeySequence("Shift+F10")):
        QShortcut(QKeySequence(keys), bar.window()).activated.connect(open_menu_of_focus)
    # Qt opens menus by Alt everywhere, and by F10 nowhere.
    QShortcut(QKeySequence(Qt.Key.Key_F10), bar.window()).activated.connect(open_first)


def open_menu_of_focus() -> None:
    """Ask what has the focus for its menu: not every system does so for both keys."""
    widget = QApplication.focusWidget()
    if widget is not None and QApplication.activePopupWidget() is None:
        at = widget.rect().center()
        by_key = QContextMenuEvent.Reason.Keyboard
        QApplication.sendEvent(widget, QContextMenuEvent(by_key, at, widget.mapToGlobal(at)))
