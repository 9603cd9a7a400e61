"""What Explore tells of the demo's wrong records, against a plain count."""

import json
from collections.abc import Set
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui.resources import resource
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import make_rule
from tests.projects import scored_project

SHIPPED = resource("demo/records.npz")


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """The demo's project, with a score that is made up: the record's number."""
    scores = [float(row) for row in range(2000)]
    project = scored_project(tmp_path / "project", SHIPPED, resource("demo/checkpoint"), scores)
    path = project / "project.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "demo": True}), encoding="utf-8")
    return project


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def explore(qtbot: QtBot, state: State) -> ExplorePlace:
    made = ExplorePlace(state)
    qtbot.addWidget(made, before_close_func=ExplorePlace.close_threads)
    made.resize(1200, 700)
    made.show()
    return made


def expected(cut: int, withheld: Set[int] = frozenset()) -> str:
    with np.load(SHIPPED) as shipped:
        flipped, foreign = shipped["flipped"].tolist(), shipped["foreign"].tolist()
    there, out = dict.fromkeys("lfr", 0), dict.fromkeys("lfr", 0)
    for row in set(range(2000)) - withheld:
        kind = "l" if flipped[row] else "f" if foreign[row] else "r"
        there[kind] += 1
        out[kind] += row < cut
    return (
        f"Left out in the demo: {out['l']:,} of {there['l']:,} wrong labels · {out['f']:,} of "
        f"{there['f']:,} foreign pictures · {out['r']:,} of {there['r']:,} records that are right"
    )


def test_the_count_is_that_of_the_records_and_follows_the_selection(
    explore: ExplorePlace, state: State, demo: Path
) -> None:
    state.open(demo)
    for cut in (700, 1500):
        state.set_rule(make_rule("loss", threshold=str(cut)))
        assert explore.demo_count.isVisible()
        assert explore.demo_count.full_text == expected(cut)
    state.withhold(range(600, 1600))
    assert explore.demo_count.full_text == expected(1500, set(range(600, 1600)))


def test_it_is_not_there_for_records_of_which_nobody_knows_it(
    explore: ExplorePlace, state: State, demo: Path, project: Path
) -> None:
    state.open(project)
    assert not explore.demo_count.isVisible()
    state.open(demo)
    assert explore.demo_count.isVisible()
    explore.resize(640, 400)
    assert not explore.demo_count.isVisible()
    state.close()
    explore.resize(1200, 700)
    assert not explore.demo_count.isVisible()
