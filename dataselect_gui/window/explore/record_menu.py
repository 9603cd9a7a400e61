"""The menu of one record: by the right button, the Menu key or Shift+F10, on a tile and beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from dataselect_gui.errors import UnusableError
from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.opening import open_path
from dataselect_gui.window.widgets.plain import MenuAction, tip
from dataselect_gui.workflow import equal_term, record_file

_MOST_NAME = 40
"""Characters of a person or a class that are shown."""


@dataclass(frozen=True)
class Deeds:
    """What a place does for the menu.

    Attributes
    ----------
    open_large : callable
        Shows a row large; None where it is shown so already.
    show_only : callable
        Shows what a filter finds alone.
    """

    open_large: Callable[[int], None] | None
    show_only: Callable[[str], None]


class RecordMenu(QMenu):
    """What can be done with a record.

    Where it is marked, it is withheld and restored together with all that are; everything else is
    about this record alone.

    Parameters
    ----------
    owner : QWidget
        What it opens over.
    state : State
        What the window shows.
    row : int
        The record.
    deeds : Deeds
        What the place does.
    """

    def __init__(self, owner: QWidget, state: State, row: int, deeds: Deeds) -> None:
        super().__init__(owner)
        self._state, self._row, self._deeds = state, row, deeds
        self.setToolTipsVisible(True)
        self.setAccessibleName(visible(_("Record")))
        look = state.look
        assert look is not None
        self._look = look
        self._file = record_file(look, row)
        if deeds.open_large is not None:
            self._add(_("Open large"), self._open_large)
        self._add(_("Remove the mark") if state.marked[row] else _("Mark"), self._mark)
        self._add_withholding()
        self.addSeparator()
        if look.units is not None:
            person = visible(look.units[row], _MOST_NAME)
            self._add(_("Show all records of {person}", person=person), self._show_unit)
            self._add(_("Withhold all records of {person}", person=person), self._withhold_unit)
        if look.has_classes and look.labels[row] is not None:
            name = visible(look.label_of(row) or "", _MOST_NAME)
            self._add(_("Show all labelled {name}", name=name), self._show_class)
        self.addSeparator()
        self._add(_("Copy its name"), self._copy_id)
        no_file = "" if self._file else _("It has no file of its own, or the file is not there.")
        self._add(_("Copy its path"), self._copy_path, no_file)
        self._add(_("Show in its folder"), self._show_in_folder, no_file)
        self.aboutToHide.connect(self.deleteLater)

    def _add(self, text: str, do: Callable[[], None], obstacle: str = "") -> None:
        action = MenuAction(text, self)
        action.setEnabled(not obstacle)
        action.setToolTip(tip(obstacle or text))
        action.triggered.connect(do)
        self.addAction(action)

    def _add_withholding(self) -> None:
        rows = self._rows
        free = sum(not self._state.withheld[row] for row in rows)
        if free:
            self._add(ngettext("Withhold", "Withhold {count:,} marked", free), self._withhold)
        if held := len(rows) - free:
            self._add(ngettext("Restore", "Restore {count:,} marked", held), self._restore)

    @property
    def _rows(self) -> list[int]:
        """The records that are withheld: all that are marked, where this one is."""
        return self._state.targets() if self._state.marked[self._row] else [self._row]

    def _open_large(self) -> None:
        if self._deeds.open_large is not None:
            self._deeds.open_large(self._row)

    def _mark(self) -> None:
        self._state.toggle_mark(self._row)

    def _withhold(self) -> None:
        self._state.withhold(self._rows)

    def _restore(self) -> None:
        self._state.restore(self._rows)

    def _show_unit(self) -> None:
        if self._look.units is not None:
            self._deeds.show_only(equal_term("person", self._look.units[self._row]))

    def _withhold_unit(self) -> None:
        units = self._look.units
        if units is not None:
            self._state.withhold([row for row, unit in enumerate(units) if unit == units[self._row]])

    def _show_class(self) -> None:
        label = self._look.labels[self._row]
        if label is not None:
            self._deeds.show_only(equal_term("label", label))

    def _copy_id(self) -> None:
        QGuiApplication.clipboard().setText(self._look.ids[self._row])

    def _copy_path(self) -> None:
        if self._file is not None:
            QGuiApplication.clipboard().setText(str(self._file))

    def _show_in_folder(self) -> None:
        if self._file is not None and not open_path(self._file.parent):
            self._state.failed.emit(_no_program(self._file.parent))


def _no_program(folder: Path) -> UnusableError:
    """Return what is said where nothing opens folders; the path is on the clipboard."""
    return UnusableError(
        _("No program opens “{name}” here.", name=folder.name),
        _("The system has none for folders."),
        _("Its path is copied: paste it where you need it."),
    )
