"""A choice of columns, from Setup through scoring to a project that is opened again."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.records.reference import LabelRule, SourceRef
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import JobContext, Scored
from tests.helpers import array_file, config, write_json
from tests.projects import consortium, scored_project
from tests.window.setup.steps import shown_text
from tests.window.steps import give, notice_of, settle

COUNT = 12


def records(path: Path) -> Path:
    """Write images whose labels are not where they usually are: either of two columns may hold them."""
    rows = np.arange(COUNT)
    return array_file(
        path,
        x=np.random.default_rng(0).integers(0, 256, (COUNT, 6, 5), dtype=np.uint8),
        grade=np.array(["bird", "cat", "dog"])[rows % 3],
        review=np.array(["dog", "bird", "cat"])[rows % 3],
        place=np.array(["north", "south"])[rows % 2],
        patient=np.array([f"p{row // 3}" for row in rows]),
    )


def choose_label(qtbot: QtBot, window: MainWindow, column: str) -> None:
    box = window.setup.reading.label
    box.choose(column)
    box.activated.emit(box.currentIndex())
    settle(qtbot, window)


def test_the_one_column_of_class_names_is_proposed_and_another_may_be_chosen(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    rows = np.arange(COUNT)
    source = array_file(
        tmp_path / "a.npz",
        x=np.zeros((COUNT, 6, 5), dtype=np.uint8),
        place=np.array(["north", "south"])[rows % 2],
        finding=np.array(["bird", "cat", "dog"])[rows % 3],
    )
    give(qtbot, window, source, consortium(tmp_path / "consortium"))
    reading = window.setup.reading
    assert "Labels are read from “finding”, whose values are the model's classes" in shown_text(window)
    assert reading.label.chosen() == "finding"
    assert "bird, cat, dog; every record has one" in shown_text(window)
    assert window.setup.score.isEnabled()
    choose_label(qtbot, window, "place")
    assert "whose values are the model's classes" not in shown_text(window)
    assert window.setup.labels.isVisible()
    choose_label(qtbot, window, "finding")
    assert "whose values are the model's classes" not in shown_text(window)  # A person chose it.
    window.setup.score.click()
    settle(qtbot, window)
    assert made_up[0]["label_column"] == "finding"


def test_a_column_that_was_proposed_goes_with_its_checkpoint(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    rows = np.arange(COUNT)
    source = array_file(
        tmp_path / "a.npz",
        x=np.zeros((COUNT, 6, 5), dtype=np.uint8),
        sky=np.array(["sun", "rain"])[rows % 2],
        finding=np.array(["bird", "cat", "dog"])[rows % 3],
    )
    give(qtbot, window, source, consortium(tmp_path / "animals"))
    assert window.setup.reading.label.chosen() == "finding"
    of_weather = consortium(tmp_path / "weather")
    write_json(of_weather / "config.json", config(("sun", "rain")))
    give(qtbot, window, of_weather)
    assert window.setup.reading.label.chosen() == "sky"
    assert "Labels are read from “sky”" in shown_text(window)


def test_a_column_of_labels_is_scored_by(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    give(qtbot, window, records(tmp_path / "a.npz"), consortium(tmp_path / "consortium"))
    assert "No record has a label yet" in shown_text(window)
    window.setup.unit.choose("patient")
    # What fits no class is told, asked for, and nothing is scored by it.
    choose_label(qtbot, window, "place")
    assert window.setup.labels.isVisible()
    assert not window.setup.score.isEnabled()
    assert "does not know any of your labels" in window.setup.status.text()
    choose_label(qtbot, window, "grade")
    assert (window.setup.labels.hint, window.setup.labels.choices) == ("", {})
    assert window.setup.reading.label.chosen() == "grade"
    assert window.setup.unit_column == "patient"
    assert "bird, cat, dog; every record has one" in shown_text(window)
    window.setup.score.click()
    settle(qtbot, window)
    assert (made_up[0]["label_column"], made_up[0]["unit_column"]) == ("grade", "patient")
    assert made_up[0]["marks_of"] is None
    assert made_up[0]["labels"] == LabelRule()


def test_no_choice_is_taken_while_an_earlier_one_is_read(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """It would be shown, and the records read by the earlier one."""
    give(qtbot, window, records(tmp_path / "a.npz"), consortium(tmp_path / "consortium"))
    box = window.setup.reading.label
    box.setFocus()
    box.choose("place")
    box.activated.emit(box.currentIndex())
    assert window.state.jobs.running
    assert not box.isEnabled()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.chosen() == "place"
    settle(qtbot, window)
    assert box.isEnabled()
    assert box.chosen() == "place"
    assert "does not know any of your labels" in window.setup.status.text()


def test_a_column_that_is_gone_is_told_and_the_choice_stays_as_it_was(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    source = records(tmp_path / "a.npz")
    give(qtbot, window, source, consortium(tmp_path / "consortium"))
    choose_label(qtbot, window, "grade")
    array_file(source, x=np.zeros((COUNT, 6, 5), np.uint8), grade=np.arange(COUNT) % 3)
    choose_label(qtbot, window, "place")
    assert "place" in notice_of(window).what
    assert notice_of(window).do
    assert window.setup.reading.label.chosen() == "grade"
    assert not window.setup.score.isEnabled()
    choose_label(qtbot, window, "grade")
    assert not window.notice.isVisible()
    assert window.setup.score.isEnabled()


def test_a_project_says_how_its_records_are_read(window: MainWindow, tmp_path: Path) -> None:
    source = records(tmp_path / "a.npz")
    model = consortium(tmp_path / "consortium")
    window.open_project(scored_project(tmp_path / "p.dataselect", source, model, label_column="grade"))
    assert window.state.inputs.source is not None
    assert window.state.inputs.source.label_column == "grade"
    assert not window.setup.reading.isVisible()
    assert "column grade" in "\n".join(label.text() for label in window.setup.findChildren(QLabel))


def test_another_checkpoint_keeps_how_the_records_are_read(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    source, model = records(tmp_path / "a.npz"), consortium(tmp_path / "consortium")
    project = scored_project(
        tmp_path / "p.dataselect", source, model, label_column="grade", unit_column="patient"
    )
    window.open_project(project)
    give(qtbot, window, consortium(tmp_path / "other", score="el2n"))
    settle(qtbot, window)
    assert window.state.look is None
    assert window.setup.reading.label.chosen() == "grade"
    assert window.setup.unit_column == "patient"
    assert window.setup.score.isEnabled()


def test_records_read_by_another_column_have_a_project_of_their_own(tmp_path: Path) -> None:
    source, model = records(tmp_path / "a.npz").resolve(), consortium(tmp_path / "consortium")
    digest = find_checkpoint(model).digest()
    project = scored_project(tmp_path / "a.dataselect", source, model, label_column="grade")

    def place_of(**read: Any) -> Path:  # noqa: ANN401
        return workflow.project_place(SourceRef(source, **read), digest)

    assert place_of() == project
    assert place_of(label_column="grade") == project
    another = tmp_path / "a-2.dataselect"
    assert place_of(label_column="place") == another
    assert place_of(text_column="place") == another
    assert place_of(labels=LabelRule(columns=("grade", "place"))) == another
    assert place_of(split="train") == another


def test_exactly_counts_what_is_not_named_too(tmp_path: Path) -> None:
    source, model = records(tmp_path / "a.npz").resolve(), consortium(tmp_path / "consortium")
    digest = find_checkpoint(model).digest()
    rule = LabelRule((("x", "dog"),))
    project = scored_project(
        tmp_path / "a.dataselect",
        source,
        model,
        label_column="grade",
        unit_column="patient",
        labels=rule,
    )
    same = SourceRef(source, label_column="grade", unit_column="patient", labels=rule)
    assert workflow.project_place(same, digest, exactly=True) == project
    for other in (
        replace(same, label_column=None),
        replace(same, unit_column=None),
        replace(same, labels=LabelRule()),
        replace(same, text_column="place"),
    ):
        place = workflow.project_place(other, digest, exactly=True)
        assert place == tmp_path / "a-2.dataselect"


def scored_by_grade(window: MainWindow, folder: Path) -> Path:
    source, model = records(folder / "a.npz"), consortium(folder / "consortium")
    project = scored_project(
        folder / "a.dataselect", source, model, label_column="grade", unit_column="patient"
    )
    window.open_project(project)
    window.show_place(PlaceId.SETUP)
    return project


def test_a_wrong_column_of_labels_can_be_changed_after_scoring(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    project = scored_by_grade(window, tmp_path)
    setup = window.setup
    assert setup.read_anew.isVisible()
    assert not setup.go_back.isVisible()
    QTest.mouseClick(setup.read_anew, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert window.state.look is None
    assert setup.isVisible()
    assert setup.reading.label.chosen() == "grade"
    assert setup.unit_column == "patient"
    assert setup.go_back.isVisible()
    assert not setup.read_anew.isVisible()
    choose_label(qtbot, window, "place")
    assert setup.go_back.isVisible()
    setup.labels.choices["north"].choose("cat")
    setup.labels.use.click()
    settle(qtbot, window)
    setup.score.click()
    settle(qtbot, window)
    assert made_up[-1]["label_column"] == "place"
    assert made_up[-1]["project_path"] == tmp_path / "a-2.dataselect"
    assert made_up[-1]["marks_of"] == project
    assert workflow.look(project).records.label_column == "grade"


def test_whoever_changes_nothing_goes_back_to_the_scores(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    project = scored_by_grade(window, tmp_path)
    window.setup.read_anew.click()
    settle(qtbot, window)
    QTest.mouseClick(window.setup.go_back, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert window.state.look is not None
    assert window.state.look.folder == project
    window.show_place(PlaceId.SETUP)
    assert window.setup.read_anew.isVisible()
    assert not window.setup.go_back.isVisible()


def test_other_records_have_no_way_back(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    scored_by_grade(window, tmp_path)
    window.setup.read_anew.click()
    settle(qtbot, window)
    give(qtbot, window, records(tmp_path / "other.npz"))
    assert not window.setup.go_back.isVisible()
    assert not window.setup.read_anew.isVisible()


def test_nothing_can_be_chosen_while_records_are_scored(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []
    goes_on = threading.Event()

    def score(source: Path, _checkpoint: Path, _context: JobContext, **options: object) -> Scored:
        names = ("label_column", "unit_column", "in_training")
        asked.append((source.name, *(options[name] for name in names)))
        goes_on.wait(30)
        raise InterruptedByPersonError("Stopped.", "", "")

    monkeypatch.setattr(workflow, "score", score)
    give(qtbot, window, records(tmp_path / "a.npz"), consortium(tmp_path / "consortium"))
    choose_label(qtbot, window, "grade")
    setup = window.setup
    choices = (setup.reading.label, setup.unit, setup.training.no)
    assert all(choice.isEnabled() for choice in choices)
    setup.score.click()
    assert not any(choice.isEnabled() for choice in choices)
    assert setup.stop.isEnabled()
    goes_on.set()
    settle(qtbot, window)
    assert all(choice.isEnabled() for choice in choices)
    # What is chosen after a stop is what the next run goes by.
    choose_label(qtbot, window, "place")
    setup.labels.choices["north"].choose("cat")
    setup.labels.use.click()
    settle(qtbot, window)
    setup.score.click()
    settle(qtbot, window)
    assert setup.score.text() == "Continue"
    setup.unit.choose(None)
    setup.unit.activated.emit(setup.unit.currentIndex())
    assert setup.score.text() == "Score"
    setup.score.click()
    settle(qtbot, window)
    setup.training.no.click()
    setup.score.click()
    settle(qtbot, window)
    give(qtbot, window, records(tmp_path / "b.npz"))
    setup.score.click()
    settle(qtbot, window)
    assert asked == [
        ("a.npz", "grade", "patient", None),
        ("a.npz", "place", "patient", None),
        ("a.npz", "place", None, None),
        ("a.npz", "place", None, "no"),
        ("b.npz", None, "patient", None),  # The answer was about other records.
    ]
