"""What the model answers, in the inspector and on the tiles."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.explore.tile import ANSWER, FOOT
from dataselect_gui.window.state import State
from tests.projects import answered
from tests.window.explore.place.steps import COUNT, Show

SIDE = 15
"""That of the sign, in pixels."""


@pytest.fixture
def state(project: Path) -> State:
    answered(project, lambda row: row % 3 if row % 4 else (row + 1) % 3)  # Each fourth is another one.
    made = State()
    made.open(project)
    return made


def tile_of(explore: ExplorePlace, state: State, row: int) -> QImage:
    """Return the tile of a record as it is painted, without its pixels' scale."""
    place = int(np.flatnonzero(state.order == row)[0])
    gallery = explore.gallery
    gallery.verticalScrollBar().setValue(0)
    rect = gallery.tile_rect(place)
    gallery.verticalScrollBar().setValue(max(0, rect.top() - 40))
    return gallery.viewport().grab(gallery.tile_rect(place)).toImage()


def corner_of(explore: ExplorePlace, state: State, row: int) -> set[int]:
    """Return the colours in the top left corner of a record's tile, where signs are."""
    image = tile_of(explore, state, row)
    return {image.pixel(5 + x, 5 + y) for x in range(SIDE) for y in range(SIDE)}


def test_the_inspector_says_what_the_model_answers(explore: ExplorePlace, state: State) -> None:
    facts = explore.inspector.facts
    for row, given, answer in ((8, "dog", "bird"), (9, "bird", "bird")):
        state.set_current(row)
        lines = facts.text().splitlines()
        said = f"The model answers: {answer} (93\xa0in\xa0100)"
        assert lines[:2] == [f"Given label: {given}", said]
        assert said in explore.gallery.describe_record(row)
    state.withhold([9])
    assert said in facts.text(), "of records that are left out, too"


def test_a_project_of_an_earlier_version_says_how_to_see_answers(project: Path, show: Show) -> None:
    """That project has scores, and no answers."""
    state = State()
    state.open(project)
    explore = show(state)
    state.set_current(3)
    lines = explore.inspector.facts.text().splitlines()
    assert lines[1] == "Scored before answers were kept; score again to see them."
    assert "score again" not in explore.gallery.describe_record(3)


def test_a_tile_has_a_sign_where_the_model_disagrees(show: Show, state: State) -> None:
    explore = show(state, wait=True)
    agreeing, differing = 9, 8
    assert state.look is not None
    assert state.look.answers is not None
    before = corner_of(explore, state, differing), corner_of(explore, state, agreeing)
    standings = state.look.answers.answers.standings
    standings[agreeing], standings[differing] = standings[differing], standings[agreeing]
    after = corner_of(explore, state, differing), corner_of(explore, state, agreeing)
    assert all(earlier != later for earlier, later in zip(before, after, strict=True))
    state.withhold([agreeing])  # Both signs stand beside each other.
    assert corner_of(explore, state, agreeing) != after[1]


def test_where_the_model_disagrees_is_counted_once_and_its_sign_explained(
    show: Show, state: State, project: Path
) -> None:
    explore = show(state)
    assert explore.answers.title.full_text == "Model disagrees: 10"
    assert explore.legend.differing == "The model disagrees"
    assert "The model disagrees" in explore.legend.accessibleDescription()
    answered(project, lambda row: row % 3)
    state.open(project)
    assert explore.legend.differing == ""


def test_those_that_are_shown_alone_say_their_answers(show: Show, state: State) -> None:
    explore = show(state, wait=True)
    gallery = explore.gallery
    height = gallery.tile_rect(0).height()
    state.show_only(np.array([8, 9, 20]))
    assert gallery.tile_rect(0).height() == height + ANSWER
    for place, row in enumerate(state.order.tolist()):
        rect = gallery.tile_rect(place)
        assert gallery.row_at(rect.center()) == row
        assert gallery.row_at(rect.bottomRight()) == row

    def foot(row: int) -> QImage:
        image = tile_of(explore, state, row)
        return image.copy(0, image.height() - ANSWER - 3, image.width(), ANSWER)

    assert state.look is not None
    assert state.look.answers is not None
    before = foot(8)
    state.look.answers.answers.classes[8] = 2
    assert foot(8) != before, "the answer stands there"
    state.show_only(None)
    assert len(state.order) == COUNT
    assert gallery.tile_rect(0).height() == height


def test_without_answers_a_foot_is_as_high_as_ever(project: Path, show: Show) -> None:
    state = State()
    state.open(project)
    explore = show(state)
    height = explore.gallery.tile_rect(0).height()
    state.show_only(np.array([1, 2]))
    QTest.qWait(0)
    assert explore.gallery.tile_rect(0).height() == height
    assert explore.gallery.tile == height - FOOT
