"""Labels that fit no class of the model: Setup says so, and asks which class each of them is."""

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui.records.reference import LabelRule
from dataselect_gui.window.shell.main_window import MainWindow
from tests.helpers import array_file
from tests.projects import consortium
from tests.window.steps import give, settle


def records(path: Path, names: list[str], count: int = 12) -> Path:
    return array_file(
        path,
        x=np.random.default_rng(0).integers(0, 256, (count, 6, 5), dtype=np.uint8),
        y=np.arange(count) % (len(names) + 1) - 1,
        classes=np.array(names),
    )


def words(window: MainWindow) -> str:
    return "\n".join(one.text() for one in window.setup.findChildren(QLabel) if one.isVisible())


def test_classes_of_another_data_set_are_scored_once_a_person_says_which_is_which(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    give(qtbot, window, records(tmp_path / "v.npz", ["ship", "truck"]))
    give(qtbot, window, consortium(tmp_path / "consortium"))
    table = window.setup.labels
    assert table.isVisible()
    assert "None of your labels" in words(window)
    assert not window.setup.score.isEnabled()
    assert list(table.choices) == ["ship", "truck"]
    choice = table.choices["ship"]
    assert [choice.itemData(place) for place in range(choice.count())] == [None, "bird", "cat", "dog"]
    choice.choose("dog")
    table.use.click()
    settle(qtbot, window)
    assert window.setup.score.isEnabled()
    assert table.choices["ship"].chosen() == "dog"
    assert "4 have no label" in words(window)
    window.setup.score.click()
    settle(qtbot, window)
    assert made_up[0]["labels"] == LabelRule(classes=(("ship", "dog"), ("truck", "")))
    assert not table.isVisible()


def test_labels_that_all_fit_ask_nothing(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    give(qtbot, window, records(tmp_path / "v.npz", ["Bird ", "dog"]))
    give(qtbot, window, consortium(tmp_path / "consortium"))
    assert not window.setup.labels.isVisible()
    assert window.setup.score.isEnabled()
    assert "4 have no label" in words(window)


def test_some_labels_fit_and_the_others_are_asked_for(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    give(qtbot, window, records(tmp_path / "v.npz", ["fish", "dog"]))
    give(qtbot, window, consortium(tmp_path / "consortium"))
    assert list(window.setup.labels.choices) == ["fish"]
    assert "Some of your labels" in words(window)
    assert window.setup.score.isEnabled()


def test_other_records_forget_what_was_said_of_labels(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    give(qtbot, window, records(tmp_path / "v.npz", ["ship", "truck"]))
    give(qtbot, window, consortium(tmp_path / "consortium"))
    window.setup.labels.choices["ship"].choose("dog")
    window.setup.labels.use.click()
    settle(qtbot, window)
    give(qtbot, window, records(tmp_path / "w.npz", ["ship"]))
    assert window.setup.labels.choices["ship"].chosen() is None
    assert not window.setup.score.isEnabled()
