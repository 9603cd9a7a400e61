"""A window with records that have maps."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.project.project import Project
from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.explore.maps.steps import COUNT, MadeUp


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> MadeUp:
    stand_in = MadeUp()
    monkeypatch.setattr(workflow, "maps", stand_in)
    return stand_in


def add_scores(project: Path, *names: str) -> None:
    """Give a project scores that have maps; sorted by the first of them, rows stand as they are."""
    table = Project.open(project).table
    rows = np.arange(COUNT)
    for name in names:
        column = table.column(name)
        column.write(rows, 1 - rows / COUNT)
        column.mark_done(rows)


@pytest.fixture
def opened(window: MainWindow, project: Path) -> MainWindow:
    """A window with a project that has two scores with a map, sorted by row; the first is current."""
    add_scores(project, "vog", "plis")
    window.resize(1200, 800)
    window.open_project(project)
    window.state.sort_by("vog")
    assert window.state.order.tolist() == list(range(COUNT))
    window.state.set_current(0)
    return window
