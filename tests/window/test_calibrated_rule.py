"""The rule of a request's calibration is shown in everyday words, any other one in full."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.selection.forms import read_rule
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from tests.decisions import THRESHOLDS, WRONG, losses, undecided

OTHER = {"conditions": [{"score": "loss", "most": {**THRESHOLDS, "cat": 0.4}, "otherwise": "keep"}]}


@pytest.mark.parametrize(
    ("form", "line", "start"),
    [
        (
            WRONG,
            "Without what looks wrong · 37 in the selection",
            "Records that look wrong are left out",
        ),
        (
            OTHER,
            "Records whose loss is at most that of its class (bird",
            "Records whose loss is at most",
        ),
    ],
)
def test_it_is_told_by_what_it_means(
    form: dict[str, object], line: str, start: str, tmp_path: Path, qtbot: QtBot
) -> None:
    project = undecided(tmp_path, losses(3))
    rule = read_rule(form)
    workflow.select_records(project, rule)
    state = State()
    explore = ExplorePlace(state)
    qtbot.addWidget(explore, before_close_func=ExplorePlace.close_threads)
    explore.resize(1200, 700)
    state.open(project)
    assert explore.rule_line.full_text.startswith(line)
    assert state.look is not None
    assert workflow.rule_sentence(rule, state.look.request).startswith(start)
