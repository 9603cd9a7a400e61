"""The labels that the owner gives records in the window, as steps of undo."""

from collections.abc import Mapping, Sequence

from dataselect_gui import workflow
from dataselect_gui.texts import ngettext
from dataselect_gui.window.arrangement import relabelled_codes
from dataselect_gui.window.state import State
from dataselect_gui.window.undo import Step


def relabel(state: State, rows: Sequence[int], label: str | None) -> None:
    """Give records another label in the project; None for no label."""
    if state.look is not None:
        own, some = state.look.own_labels, frozenset(rows)
        given = {**state.look.relabelled, **dict.fromkeys(rows, label)}
        _set(state, {row: new for row, new in given.items() if row not in some or new != own[row]})


def label_as_before(state: State, rows: Sequence[int]) -> None:
    """Give records the labels again that the owner's files have."""
    if state.look is not None:
        back = frozenset(rows)
        _set(state, {row: new for row, new in state.look.relabelled.items() if row not in back})


def _set(state: State, after: Mapping[int, str | None]) -> None:
    look = state.look
    assert look is not None
    before, labels, own = look.relabelled, look.labels, look.own_labels
    changed = sorted(row for row in {**before, **after} if labels[row] != after.get(row, own[row]))
    if after != before:
        name = ngettext("relabelled {count:,} record", "relabelled {count:,} records", len(changed))
        state.undo.push(
            Step(
                name,
                lambda: _put(state, after),
                lambda: _put(state, before),
                state.failed.emit,
                changed,
            )
        )


def _put(state: State, given: Mapping[int, str | None]) -> None:
    look = state.look
    assert look is not None
    back = [row for row in look.relabelled if row not in given]
    names = {look.ids[row]: label for row, label in given.items()}
    workflow.put_labels(look.folder, names, {look.ids[row] for row in back})
    look = look.with_labels(given)
    classes, codes = state.class_names, state.class_codes
    if look.has_classes:
        labels = {row: look.labels[row] for row in (*given, *back)}
        classes, codes = relabelled_codes(classes, codes, labels)
    state.show_labels(look, classes, codes)
