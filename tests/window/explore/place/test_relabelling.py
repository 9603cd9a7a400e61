"""Other labels for records, by keys: what is asked, stored, shown and undone."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import ScoreCut
from tests.helpers import CLASSES, array_file, config, write_json
from tests.projects import answered, consortium, owner_records, scored_project
from tests.window.steps import settle

Key = Qt.Key


@pytest.fixture
def project(tmp_path: Path) -> Path:
    own, folder = owner_records(tmp_path / "own.npz"), tmp_path / "p.dataselect"
    made = scored_project(folder, own, consortium(tmp_path / "c"), [row / 40 for row in range(40)])
    return answered(made)


@pytest.fixture
def opened(window: MainWindow, project: Path) -> MainWindow:
    window.open_project(project)
    window.explore.gallery.setFocus()
    return window


def stored(project: Path) -> dict[str, str | None]:
    return Project.open(project).settings.relabelled


def press(*keys: Key | str) -> None:
    """Press keys where the focus is."""
    for key in keys:
        target = QApplication.focusWidget()
        assert target is not None
        if isinstance(key, str):
            QTest.keyClicks(target, key)
        else:
            QTest.keyClick(target, key)
    QApplication.processEvents()


def facts(window: MainWindow) -> str:
    return window.explore.inspector.facts.text()


def test_l_asks_and_enter_relabels_the_marked_records(opened: MainWindow, project: Path) -> None:
    state = opened.state
    state.mark([3, 6, 9])  # Birds.
    state.set_current(3)
    order = state.order.tolist()
    press(Key.Key_L)
    chooser = opened.explore.label_chooser
    assert chooser.isVisible()
    assert QApplication.focusWidget() is chooser.field
    assert chooser.field.placeholderText() == "New label for 3 records"
    assert chooser.field.accessibleName() == "New label for 3 records"
    assert chooser.texts() == ["bird", "cat", "dog", "No label"]
    press("do", Key.Key_Return)
    assert not chooser.isVisible()
    assert QApplication.focusWidget() is opened.explore.gallery
    assert stored(project) == {"3": "dog", "6": "dog", "9": "dog"}
    assert state.look is not None
    assert [state.look.labels[row] for row in (3, 6, 9, 0)] == ["dog", "dog", "dog", "bird"]
    assert [state.class_names[state.class_codes[row]] for row in (3, 0)] == ["dog", "bird"]
    assert np.isnan(state.look.scores["loss"][[3, 6, 9]]).all()
    assert state.order.tolist() == order  # No tile moves under the pointer.
    assert "Label corrected by you: bird → dog" in facts(opened)
    assert "To be scored again" in facts(opened)
    assert "label corrected" in opened.explore.gallery.describe_record(3)
    assert "3 to score again" in opened.footer.counts.full_text
    assert opened.notice.message is None  # It would move the tiles under the pointer.
    assert opened.explore.score_again.isVisible()
    assert opened.explore.score_again.text() == "Score 3 again"


def test_undo_names_it_and_brings_the_scores_back(opened: MainWindow, project: Path) -> None:
    state = opened.state
    assert state.look is not None
    before = state.look.scores["loss"].tolist()
    state.set_current(4)
    press(Key.Key_L, "bird", Key.Key_Return)
    assert stored(project) == {"4": "bird"}
    assert opened.actions_by_key["undo"].text() == "Undo: relabelled 1 record"
    QTest.keyClick(opened.explore.gallery, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert stored(project) == {}
    assert state.look is not None
    assert state.look.scores["loss"].tolist() == before
    assert "corrected" not in facts(opened)
    assert not opened.explore.score_again.isVisible()
    opened.actions_by_key["redo"].trigger()
    assert stored(project) == {"4": "bird"}
    press(Key.Key_L, "as in", Key.Key_Return)
    assert stored(project) == {}
    assert not len(state.look.waiting)


def test_escape_and_the_same_label_change_nothing(opened: MainWindow, project: Path) -> None:
    opened.state.set_current(4)
    press(Key.Key_L, Key.Key_Escape)
    assert not opened.explore.label_chooser.isVisible()
    press(Key.Key_L, "cat", Key.Key_Return)  # It is a cat.
    assert stored(project) == {}
    assert not opened.state.undo.canUndo()
    press(Key.Key_L, "no label", Key.Key_Return)
    assert stored(project) == {"4": None}
    assert "Label corrected by you: cat → no label" in facts(opened)


def test_marked_records_that_are_not_shown_stay_as_they_are(opened: MainWindow, project: Path) -> None:
    state = opened.state
    state.mark([3, 4, 5])
    state.show_only(np.array([4, 5, 6]))
    press(Key.Key_L)
    assert opened.explore.label_chooser.field.placeholderText() == "New label for 2 records"
    press("bird", Key.Key_Return)
    assert stored(project) == {"4": "bird", "5": "bird"}


def test_release_opens_again_once_they_are_scored(opened: MainWindow) -> None:
    opened.state.set_current(4)
    press(Key.Key_L, "bird", Key.Key_Return)
    action = opened.actions_by_key["release"]
    assert not action.isEnabled()
    assert action.obstacle == "1 record has a new label and waits to be scored again."
    assert opened.setup.score.text() == "Score again"
    opened.state.undo.undo()
    assert action.isEnabled()


def test_the_line_of_the_cut_off_stands_behind_the_last_that_is_in(opened: MainWindow) -> None:
    state = opened.state
    state.set_rule(workflow.make_rule("loss", threshold="0.5"))
    assert isinstance(state.rule, ScoreCut)
    place = opened.explore.gallery.cut_place
    assert place == 20
    state.set_current(30)
    press(Key.Key_L, "dog", Key.Key_Return)
    assert state.look is not None
    assert not state.selection.chosen[30]
    assert opened.explore.gallery.cut_place == place


def test_a_tile_carries_a_sign(opened: MainWindow, qtbot: QtBot) -> None:
    explore = opened.explore
    with qtbot.waitSignal(explore.gallery.painted, timeout=20_000):
        explore.gallery.viewport().update()
    state = opened.state
    row = int(state.order[1])
    state.set_current(int(state.order[0]))

    def corner() -> QImage:
        rect = explore.gallery.tile_rect(1)
        image = explore.gallery.viewport().grab(rect).toImage()
        return image.copy(3, 3, 24, 24)

    state.mark([row])
    before = corner()
    press(Key.Key_L, "no label", Key.Key_Return)
    assert corner() != before
    state.undo.undo()
    assert corner() == before


@pytest.mark.parametrize(
    ("task", "own", "typed", "line", "kept"),
    [
        ("multi_label_classification", "bird", "dog, cat", "cat, dog", '["cat", "dog"]'),
        ("regression", "1.5", "2.50", "2.5", "2.5"),
    ],
)
def test_several_classes_and_numbers_are_typed(
    window: MainWindow, tmp_path: Path, task: str, own: str, typed: str, line: str, kept: str
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 5), dtype=np.uint8)
    source = array_file(tmp_path / "own.npz", x=pixels, y=np.array([own] * 4))
    folder = consortium(tmp_path / "c")
    names = CLASSES if task != "regression" else ("value",)
    write_json(folder / "config.json", config(names, problem_type=task))
    project = scored_project(tmp_path / "p.dataselect", source, folder, [0.1, 0.2, 0.3, 0.4])
    window.open_project(project)
    window.state.set_current(2)
    window.explore.gallery.setFocus()
    press(Key.Key_L, "fish")
    chooser = window.explore.label_chooser
    assert len(chooser.texts()) == 1  # Why that is no label.
    press(Key.Key_Return)
    assert stored(project) == {}
    press(Key.Key_L, typed)
    assert chooser.texts()[0] == line
    press(Key.Key_Return)
    assert stored(project) == {"2": kept}
    assert window.state.place is PlaceId.EXPLORE


def test_a_button_scores_them_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, real_series: Path
) -> None:
    """From L to a score, by a model that can be loaded, as a person does it."""
    own = array_file(
        tmp_path / "own.npz",
        x=np.random.default_rng(0).integers(0, 256, (6, 16, 16), dtype=np.uint8),
        y=np.arange(6) % 3,
        classes=np.array(CLASSES),
    )
    folder = tmp_path / "p.dataselect"
    workflow.score(own, real_series, JobContext(), project_path=folder, names=["loss"])
    window.open_project(folder)
    state = window.state
    assert state.look is not None
    before = state.look.scores["loss"].copy()
    state.set_current(1)
    window.explore.gallery.setFocus()
    press(Key.Key_L, "dog", Key.Key_Return)
    assert len(state.look.waiting) == 1
    window.explore.score_again.setFocus()
    press(Key.Key_Return)
    qtbot.waitUntil(lambda: window.jobs.running, timeout=20_000)
    settle(qtbot, window)
    assert state.look is not None
    assert not len(state.look.waiting)
    assert state.look.is_finished
    assert state.look.labels[1] == "dog"
    after = state.look.scores["loss"]
    assert after[1] != before[1]
    assert np.delete(after, 1).tolist() == np.delete(before, 1).tolist()
    assert not window.explore.score_again.isVisible()
