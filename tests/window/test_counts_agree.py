"""Footer, field, table, gallery and matrix count the same records, whatever was done."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import answered

Do = Callable[[MainWindow], None]
STEPS: list[tuple[str, Do]] = [
    ("opened", lambda window: window.explore.find_row.set_filter("")),
    ("filtered", lambda window: window.explore.find_row.set_filter('label == "cat"')),
    ("marked all shown", lambda window: window.state.mark(window.state.order.tolist())),
    ("filtered otherwise", lambda window: window.explore.find_row.set_filter("loss > 0.4")),
    ("withheld", lambda window: window.state.withhold([1, 4, 5, 9])),
    ("sorted", lambda window: window.state.sort_by("loss", descending=False)),
    ("mistakes", lambda window: window.explore.show_mistakes()),
    ("restored", lambda window: window.state.undo.undo()),
    ("nothing matches", lambda window: window.explore.find_row.set_filter("loss > 9")),
    ("all again", lambda window: window.explore.find_row.set_filter("")),
]


def in_footer(window: MainWindow, what: str) -> int | None:
    """Return a count that the footer states; None where it states none of these."""
    match = re.search(rf"([\d,]+) {what}", window.footer.counts.full_text)
    return None if match is None else int(match[1].replace(",", ""))


@pytest.mark.parametrize("is_table", [False, True])
def test_counts_agree_after_each_step(window: MainWindow, project: Path, is_table: bool) -> None:
    answered(project)
    window.open_project(project)
    explore, state = window.explore, window.state
    if is_table:
        explore.records.switch()
    for step, do in STEPS:
        do(window)
        assert state.look is not None
        every, shown = len(state.look.ids), len(state.order)
        assert in_footer(window, "records") == every, step
        assert (in_footer(window, "shown") or every) == (shown or every), step
        assert (in_footer(window, "shown") is None) is (state.shown is None), step
        assert explore.gallery.accessibleDescription().startswith(f"{shown} record"), step
        if is_table:
            assert explore.table.model().rowCount() == shown, step
            assert explore.table.accessibleDescription().startswith(f"{shown} record"), step
        if state.shown is not None:
            assert explore.find_row.count.text() == f"{shown} of {every}", step
        marked = int(state.marked.sum())
        assert (in_footer(window, "marked") or 0) == marked, step
        hidden = marked - int(np.count_nonzero(state.marked[state.order]))
        assert (in_footer(window, "not shown") or 0) == hidden, step
        selected = int(state.selection.chosen.sum())
        assert in_footer(window, "in selection") == selected, step
        assert f"{selected} in the selection" in explore.table.accessibleDescription() or not is_table
        assert f"{selected} in the selection" in explore.gallery.accessibleDescription(), step
        assert (in_footer(window, "withheld") or 0) == int(state.withheld.sum()), step
        cells = explore.answers.matrix.cells
        assert cells is not None
        assert sum(cells.matrix.counts.values()) + cells.matrix.uncounted == every, step
        assert explore.answers.title.full_text == f"Model disagrees: {cells.matrix.wrong}", step
        assert explore.legend.differing == ("The model disagrees" if cells.matrix.wrong else ""), step
    assert state.undo.count() > 0


def test_each_cell_counts_what_its_filter_finds(window: MainWindow, project: Path) -> None:
    answered(project)
    window.open_project(project)
    view = window.explore.answers.matrix
    assert view.cells is not None
    for pair, count in view.cells.matrix.counts.items():
        view.chosen.emit(*pair)
        assert len(window.state.order) == count
        assert view.filtered == pair
