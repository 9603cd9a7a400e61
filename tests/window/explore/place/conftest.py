"""Explore by itself, with a project of forty records."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from tests.projects import consortium, owner_records, scored_project
from tests.window.explore.place.steps import COUNT, Show


@pytest.fixture
def project(tmp_path: Path) -> Path:
    source, checkpoint = owner_records(tmp_path / "records.npz", COUNT), consortium(tmp_path / "model")
    scores = [row / COUNT for row in range(COUNT)]
    return scored_project(tmp_path / "project", source, checkpoint, scores)


@pytest.fixture
def state(project: Path) -> State:
    made = State()
    made.open(project)
    return made


@pytest.fixture
def show(qtbot: QtBot) -> Iterator[Show]:
    """Make the place and show it; what is made stays until its threads are closed."""
    kept: list[ExplorePlace] = []

    def shown(
        state: State, width: int = 1200, height: int = 700, *, wait: bool = False
    ) -> ExplorePlace:
        made = ExplorePlace(state)
        kept.append(made)
        qtbot.addWidget(made, before_close_func=ExplorePlace.close_threads)
        made.resize(width, height)
        if wait:
            with qtbot.waitSignal(made.first_painted):
                made.show()
        made.show()
        QTest.qWaitForWindowExposed(made)
        made.gallery.setFocus()
        return made

    yield shown
    kept.clear()


@pytest.fixture
def explore(show: Show, state: State) -> ExplorePlace:
    return show(state)
