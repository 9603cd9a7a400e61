"""The worst mistakes of the model in one press."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as replace_form
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui.tasks.answers import Standing
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.window.explore import search, sorting
from dataselect_gui.window.explore.place import ExplorePlace
from dataselect_gui.window.state import State
from dataselect_gui.workflow import Look
from dataselect_gui.workflow.answers import RecordAnswers
from tests.projects import answered, consortium, owner_records, scored_project
from tests.window.explore.place.steps import COUNT, LEFT, Show, texts

WRONG = [row for row in range(COUNT) if row % 4 == 0]


def answer(row: int) -> int:
    return row % 3 if row % 4 else (row + 1) % 3


@pytest.fixture
def state(project: Path) -> State:
    answered(project, answer)
    made = State()
    made.open(project)
    return made


def test_a_press_shows_mistakes_the_worst_first_and_another_all(
    explore: ExplorePlace, state: State
) -> None:
    state.sort_by("loss", descending=False)
    button, steps = explore.answers.mistakes, state.undo.index()
    QTest.mouseClick(button, LEFT)
    assert state.order.tolist() == sorted(WRONG, reverse=True), "the loss grows with the row"
    assert button.isChecked()
    assert explore.find_row.marks["disagrees"].isChecked()
    assert state.current == max(WRONG)
    assert explore.gallery.hasFocus()
    assert state.undo.index() == steps + 1
    assert state.undo.undoText() == "sort by Loss"
    QTest.mouseClick(button, LEFT)
    assert len(state.order) == COUNT
    assert not button.isChecked()


def test_among_many_records_the_worst_comes_once_they_are_sorted(
    qtbot: QtBot, explore: ExplorePlace, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "AT_ONCE", 0)
    monkeypatch.setattr(search, "AT_ONCE", 0)
    state.sort_by("loss", descending=False)
    assert state.columns is not None
    state.arrangement.use(state.columns)  # Nothing is prepared any more.
    QTest.mouseClick(explore.answers.mistakes, LEFT)
    assert explore.sorting.is_working, "away from the window's thread"
    assert state.current != max(WRONG)
    qtbot.waitUntil(lambda: not explore.is_working)
    assert state.order.tolist() == sorted(WRONG, reverse=True)
    assert explore.answers.mistakes.isChecked()
    assert state.current == max(WRONG)
    assert explore.gallery.hasFocus()
    state.set_current(4)
    explore.find_row.set_filter("disagrees and loss > 0.5")
    assert state.current == 4, "nobody is led there again"


def test_they_are_those_of_what_is_shown(explore: ExplorePlace, state: State) -> None:
    explore.find_row.set_filter('label == "cat"')
    QTest.mouseClick(explore.answers.mistakes, LEFT)
    assert state.order.tolist() == [row for row in sorted(WRONG, reverse=True) if row % 3 == 1]


def test_the_button_is_pressed_while_mistakes_are_what_is_shown(
    explore: ExplorePlace, state: State
) -> None:
    button, mark = explore.answers.mistakes, explore.find_row.marks["disagrees"]
    state.sort_by("loss", descending=False)
    QTest.mouseClick(mark, LEFT)
    assert not button.isChecked(), "the best mistakes come first"
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert state.order.tolist() == sorted(WRONG, reverse=True)
    assert mark.isChecked()
    QTest.mouseClick(mark, LEFT)
    assert not button.isChecked()


def test_it_says_what_it_does_and_how_many_there_are(explore: ExplorePlace) -> None:
    panel = explore.answers
    assert panel.title.full_text == f"Model disagrees: {len(WRONG)}"
    assert "highest loss" in panel.mistakes.toolTip()
    assert panel.mistakes.accessibleDescription() == panel.mistakes.toolTip()


def test_without_a_loss_those_first_of_which_the_model_is_surest(tmp_path: Path, show: Show) -> None:
    source, checkpoint = owner_records(tmp_path / "r.npz", COUNT), consortium(tmp_path / "m")
    scores = [row / COUNT for row in range(COUNT)]
    answered(scored_project(tmp_path / "other", source, checkpoint, scores, score="el2n"), answer)
    state = State()
    state.open(tmp_path / "other")
    explore = show(state)
    QTest.mouseClick(explore.answers.mistakes, LEFT)
    assert sorted(state.order.tolist()) == WRONG
    assert (state.sort, state.descending) == ("confidence", True)
    assert "loss" not in explore.answers.mistakes.toolTip()
    assert explore.answers.mistakes.isChecked()


def test_a_model_that_agrees_makes_no_mistakes(project: Path, show: Show) -> None:
    answered(project, lambda row: row % 3)
    state = State()
    state.open(project)
    explore = show(state)
    assert explore.answers.isVisible(), "that it agrees can be seen"
    assert not explore.answers.mistakes.isEnabled()


def of_task(state: State, task: TaskName, standing: Standing) -> Look:
    """Have a model of another task answer each fourth record so, and the others as the label says."""
    look = state.look
    assert look is not None
    assert look.answers is not None
    kept = look.answers.answers
    standings = np.where(np.arange(COUNT) % 4 == 0, standing, Standing.SAME).astype(np.uint8)
    form = replace_form(look.answers.form, task=task)
    return replace(look, task=task, answers=RecordAnswers(form, replace(kept, standings=standings)))


def test_records_with_several_labels_have_mistakes_and_no_matrix(show: Show, state: State) -> None:
    state.look = of_task(state, "multi_label", Standing.OTHER)
    explore = show(state)
    assert explore.answers.isVisible()
    assert not explore.answers.matrix.isVisible()
    assert "several labels" in " ".join(texts(explore))
    QTest.mouseClick(explore.answers.mistakes, LEFT)
    assert state.order.tolist() == sorted(WRONG, reverse=True)
    assert "≠ The model disagrees" in explore.inspector.facts.text()
    assert "the model disagrees" in explore.gallery.describe_record(WRONG[0])


def test_numbers_are_no_mistakes(show: Show, state: State) -> None:
    state.look = of_task(state, "regression", Standing.NOT_COMPARED)
    explore = show(state)
    assert not explore.answers.isVisible()
    state.set_current(0)
    assert "≠" not in explore.inspector.facts.text()
    assert "disagrees" not in explore.gallery.describe_record(0)
    titles = [column.title for column in explore.table.columns]
    assert "Model says" in titles
    assert "How sure" not in titles
    cell = next(column for column in explore.table.columns if column.key == "answer")
    assert cell.text(0) == "0.93"
