"""Asks for the new label of records: the classes in a list that can be searched, or a typed one."""

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtWidgets import QWidget

from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import _, ngettext
from dataselect_gui.window.relabelling import label_as_before, relabel
from dataselect_gui.window.state import State
from dataselect_gui.window.widgets.search_list import SearchList
from dataselect_gui.workflow import label_choices, typed_label

_NONE, _BACK, _LABEL = "none", "back", "label:"
"""The keys of lines; the label stands behind that of one."""


class LabelChooser(SearchList):
    """Offers the labels that records may have, no label, and that of the owner's files.

    Parameters
    ----------
    state : State
        What the window shows.
    owner : QWidget
        The widget over which it opens.
    """

    def __init__(self, state: State, owner: QWidget) -> None:
        super().__init__(owner, _("New label"), _("New label"), _("Labels"))
        self._state = state
        self._rows: Sequence[int] = ()
        self._choices: dict[str, int] = {}

    def ask(self, rows: Sequence[int]) -> None:
        """Ask for the label of some records; of none, do nothing."""
        if self._state.look is None or not rows:
            return
        self._rows, self._choices = rows, _choices(self._state)
        question = ngettext(
            "New label for {count:,} record", "New label for {count:,} records", len(rows)
        )
        self.field.setPlaceholderText(visible(question))
        self.field.setAccessibleName(visible(question))
        self.open()

    def entries(self, typed: str) -> Iterable[tuple[str, str, str]]:
        """See `SearchList`: labels, and how many records have each."""
        look = self._state.look
        if look is None:
            return
        text = typed.strip()
        if look.has_classes:
            for label, count in self._choices.items():
                name = look.class_shown(label)
                if text.casefold() in name.casefold():
                    yield _LABEL + label, name, f"{count:,}"
        elif text:
            try:
                label = typed_label(look, text)
            except DataSelectError as error:
                yield "", error.why, ""
            else:
                yield _LABEL + label, look.shown(label), ""
        if text.casefold() in _("No label").casefold():
            yield _NONE, _("No label"), ""
        is_corrected = any(row in look.relabelled for row in self._rows)
        if is_corrected and text.casefold() in _("As in your files").casefold():
            yield _BACK, _("As in your files"), ""

    def run(self, key: str) -> None:
        """See `SearchList`: relabel the records, one step of undo."""
        if key == _BACK:
            label_as_before(self._state, self._rows)
        elif key:
            relabel(self._state, self._rows, None if key == _NONE else key.removeprefix(_LABEL))


def _choices(state: State) -> dict[str, int]:
    """Return the labels that there are to choose from, and how many records have each."""
    look = state.look
    if look is None or not look.has_classes:
        return {}
    codes = state.class_codes[state.class_codes >= 0]
    counts = np.bincount(codes, minlength=len(state.class_names)).tolist()
    counted = dict(zip(state.class_names, counts, strict=True))
    return {label: counted.get(label, 0) for label in label_choices(look)}
