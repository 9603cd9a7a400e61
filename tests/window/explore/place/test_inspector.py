"""What the inspector says of a record and its score."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from dataselect_gui.project.project import Project
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.selection.forms import read_rule
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.explore.scores import meaning_of, short
from dataselect_gui.window.state import State
from tests.window.explore.place.steps import COUNT, Show, texts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1534, "0.153"),
        (0.5, "0.500"),
        (33.59, "33.6"),
        (1312, "1312"),
        (3.4e-8, "3.40e-08"),
        (0, "0"),
    ],
)
def test_scores_have_three_digits(value: float, text: str) -> None:
    assert short(value) == text


def test_the_inspector_places_the_record(explore: ExplorePlace, state: State) -> None:
    assert "Choose a record to see it here." in texts(explore)
    state.set_current(30)
    shown = texts(explore)
    assert "30" in shown
    assert "higher than 76 % of all" in shown
    assert "higher than 76 % of bird" in shown
    assert any(text.startswith("Given label: bird") for text in shown)
    state.set_current(COUNT - 1)
    assert "the highest of all" in texts(explore)


def test_places_among_unfinished_scores_are_so_far(project: Path, show: Show) -> None:
    column = Project.open(project).table.column("loss")
    column.done[-1:] = 0
    state = State()
    state.open(project)
    explore = show(state)
    state.set_current(30)
    assert "higher than 78 % of all, so far" in texts(explore)
    assert "higher than 83 % of bird, so far" in texts(explore)


def test_what_a_score_means_stands_beside_its_name(explore: ExplorePlace) -> None:
    meaning = meaning_of("loss")
    assert meaning.startswith("High: the model did not expect this label.")
    assert meaning in texts(explore)
    sort = explore.findChild(QComboBox)
    assert isinstance(sort, QComboBox)
    assert sort.itemData(0, Qt.ItemDataRole.ToolTipRole) == meaning


@pytest.mark.parametrize("name", [*SCORES, "vog-var-late", "plis-l1", "loss-series"])
def test_every_score_has_a_meaning_without_terms_of_the_field(name: str) -> None:
    terms = {"gradient", "norm", "entropy", "L2", "logit", "variance", "ε"}
    assert not terms & set(re.findall(r"\w+", meaning_of(name)))


def test_nothing_open_is_said(show: Show) -> None:
    explore = show(State())
    assert not explore.gallery.grab().isNull()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Space, Qt.Key.Key_Return):
        QTest.keyClick(explore.gallery, key)
    QTest.keyClicks(explore.gallery, "[]")
    assert "Choose a record to see it here." in texts(explore)


def test_little_room_hides_the_inspector(show: Show, state: State) -> None:
    explore = show(state, 640, 400)
    assert explore.width() == 640
    assert not explore.inspector.isVisible()
    assert explore.histogram.is_folded
    explore.resize(1200, 700)
    assert explore.inspector.isVisible()
    assert not explore.histogram.is_folded


@pytest.mark.parametrize(
    ("form", "row", "reason"),
    [
        ({"score": "loss", "most": {"bird": "0.5"}}, 30, "Left out: loss 0.750, above 0.500 for bird"),
        ({"score": "loss", "least": "0.8"}, 30, "Left out: loss 0.750, below 0.800"),
        ({"score": "loss", "most": "0.7499"}, 30, "Left out: loss 0.75, above 0.7499"),
        (
            {"score": "loss", "most": {"cat": "0.5"}},
            30,
            "Left out: there is no limit of the loss for its class",
        ),
        ({"score": "loss", "most": {"cat": "0.5"}, "otherwise": "keep"}, 30, "In the selection"),
        ({"score": "loss", "most": "0.5"}, 20, "In the selection"),
    ],
)
def test_why_a_record_is_left_out(
    explore: ExplorePlace, state: State, form: dict[str, object], row: int, reason: str
) -> None:
    """Record 30 is a bird with a loss of 30/40; a bound is inclusive."""
    state.set_rule(read_rule({"conditions": [{"otherwise": "leave", **form}]}))
    assert state.look is not None
    state.open(state.look.folder)  # Then classes are read, where the rule reads them.
    state.set_current(row)
    assert reason in explore.inspector.facts.text().splitlines()
    state.withhold([row])
    assert "Left out" not in explore.inspector.facts.text()
