from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.release import ReleasePlace
from dataselect_gui.window.state import State
from tests.releases import select


@pytest.fixture
def project(project: Path) -> Path:
    """A scored project with the request's rule."""
    select(project, threshold="0.5")
    return project


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def place(project: Path, state: State, qtbot: QtBot) -> Iterator[ReleasePlace]:
    """The Release place of the project, its ledger read."""
    state.show_place(PlaceId.RELEASE)
    made = ReleasePlace(state)
    made.resize(1360, 784)
    qtbot.addWidget(made)
    made.show()
    state.open(project)
    state.read_account()
    qtbot.waitUntil(lambda: not state.accounts.waiting)
    yield made
    made.close_threads()
    state.jobs.close()
    state.accounts.close()
