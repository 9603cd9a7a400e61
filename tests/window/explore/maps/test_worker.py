"""Maps by a real worker."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import JobContext
from tests.processes import workers_of
from tests.projects import owner_records
from tests.window.explore.maps.steps import COUNT, is_shown, press_m, walk


@pytest.fixture
def scored(window: MainWindow, qtbot: QtBot, tmp_path: Path, real_series: Path) -> MainWindow:
    """A window whose project was scored by a model that can be loaded."""
    folder = workflow.score(
        owner_records(tmp_path / "records.npz", COUNT),
        real_series,
        JobContext(),
        project_path=tmp_path / "p.dataselect",
    ).project
    window.resize(1200, 800)
    window.open_project(folder)
    window.state.set_current(int(window.state.order[0]))
    del qtbot
    return window


def test_from_the_key_to_the_map_of_a_real_record(scored: MainWindow, qtbot: QtBot) -> None:
    press_m(scored)
    qtbot.waitUntil(lambda: is_shown(scored), timeout=60_000)
    look, current = scored.state.look, scored.state.current
    shown = scored.explore.maps.current
    assert look is not None
    assert current is not None
    assert shown is not None
    assert shown.id == look.ids[current]
    assert shown.maps["vog"].mean() == pytest.approx(look.scores["vog"][current], rel=1e-5)
    norm = np.linalg.norm(shown.maps["plis"])
    assert norm == pytest.approx(look.scores["plis"][current], rel=1e-5)
    walk(scored)
    assert is_shown(scored)
    qtbot.waitUntil(lambda: not scored.jobs.has_thread, timeout=60_000)
    assert not [path.name for path in look.folder.glob(".maps-*")]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child in /proc")
def test_closing_while_a_map_is_made_takes_no_time_and_leaves_nothing(
    scored: MainWindow, qtbot: QtBot
) -> None:
    press_m(scored)
    qtbot.waitUntil(lambda: any(True for _ in workers_of(os.getpid())), timeout=20_000)
    begun = time.monotonic()
    scored.close()
    assert time.monotonic() - begun < 3
    assert not scored.has_threads
    assert not list(workers_of(os.getpid()))
    assert scored.state.look is not None
    assert not list(scored.state.look.folder.glob(".maps-*"))
