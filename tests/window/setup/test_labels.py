"""Labels that fit no class of the model: Setup says so, and asks which class each of them is."""

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui.records.reference import LabelRule
from dataselect_gui.window.shell.main_window import MainWindow
from tests.helpers import array_file, image_folder
from tests.projects import consortium
from tests.window.setup.steps import shown_text
from tests.window.steps import give, settle


def records(path: Path, names: list[str], count: int = 12) -> Path:
    return array_file(
        path,
        x=np.random.default_rng(0).integers(0, 256, (count, 6, 5), dtype=np.uint8),
        y=np.arange(count) % (len(names) + 1) - 1,
        classes=np.array(names),
    )


def test_classes_of_another_data_set_are_scored_once_a_person_says_which_is_which(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    give(qtbot, window, records(tmp_path / "v.npz", ["ship", "truck"]))
    give(qtbot, window, consortium(tmp_path / "consortium"))
    table = window.setup.labels
    assert table.isVisible()
    assert "does not know any of your labels" in shown_text(window)
    assert not window.setup.score.isEnabled()
    assert list(table.choices) == ["ship", "truck"]
    choice = table.choices["ship"]
    assert [choice.itemData(place) for place in range(choice.count())] == [None, "bird", "cat", "dog"]
    choice.choose("dog")
    table.use.click()
    settle(qtbot, window)
    assert window.setup.score.isEnabled()
    assert table.choices["ship"].chosen() == "dog"
    assert "4 have no label" in shown_text(window)
    window.setup.score.click()
    settle(qtbot, window)
    assert made_up[0]["labels"] == LabelRule(classes=(("ship", "dog"), ("truck", "")))
    assert not table.isVisible()


def test_labels_that_all_fit_ask_nothing(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    give(qtbot, window, records(tmp_path / "v.npz", ["Bird ", "dog"]))
    give(qtbot, window, consortium(tmp_path / "consortium"))
    table = window.setup.labels
    assert (table.hint, table.choices) == ("", {})
    assert not table.use.isVisible()
    assert window.setup.score.isEnabled()
    assert "4 have no label" in shown_text(window)


def test_a_label_that_fits_by_itself_is_counted_and_can_be_changed(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    source = records(tmp_path / "v.npz", ["Bird ", "dog"], 13)
    given = np.load(source)["y"]
    give(qtbot, window, source, consortium(tmp_path / "consortium"))
    setup, labels = window.setup, window.setup.labels
    QTest.mouseClick(labels.open, Qt.MouseButton.LeftButton)
    assert list(labels.choices) == ["Bird ", "dog"]
    assert [choice.chosen() for choice in labels.choices.values()] == ["bird", "dog"]
    qtbot.waitUntil(labels.choices["dog"].isVisible)
    shown = [label.text() for label in labels.findChildren(QLabel) if label.isVisible()]
    for number, name in enumerate(["Bird ", "dog"]):
        place = shown.index(name)
        assert shown[place + 1 : place + 3] == [str((given == number).sum()), "matches"]
    choice = labels.choices["Bird "]
    assert choice.hasFocus()
    assert not labels.unused
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert choice.chosen() == "cat"
    assert not setup.score.isEnabled()
    QTest.keyClick(choice, Qt.Key.Key_Up)
    assert setup.score.isEnabled(), "it is as it was"
    QTest.keyClick(choice, Qt.Key.Key_Down)
    labels.use.setFocus()
    QTest.keyClick(labels.use, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert labels.choices["Bird "].chosen() == "cat"
    setup.score.click()
    settle(qtbot, window)
    assert made_up[0]["labels"] == LabelRule(classes=(("Bird ", "cat"),))


def test_some_labels_fit_and_the_others_are_asked_for(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    give(qtbot, window, records(tmp_path / "v.npz", ["fish", "dog"]))
    give(qtbot, window, consortium(tmp_path / "consortium"))
    assert list(window.setup.labels.choices) == ["fish", "dog"]
    assert [choice.chosen() for choice in window.setup.labels.choices.values()] == [None, "dog"]
    assert "does not know some of your labels" in shown_text(window)
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


def test_a_count_of_labels_goes_with_the_records_that_it_was_of(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """Other records are shown before their labels are matched: the former ones' count is not."""
    give(qtbot, window, records(tmp_path / "v.npz", ["bird", "dog"]))
    give(qtbot, window, consortium(tmp_path / "consortium"))
    assert "4 have no label" in shown_text(window)
    other = records(tmp_path / "w.npz", ["bird", "dog"], 30)
    beside: list[str] = []

    def note() -> None:
        if window.state.inputs.records == other:
            # Those that are new become visible later; the former ones were hidden.
            hidden = Qt.WidgetAttribute.WA_WState_ExplicitShowHide
            labels = window.setup.checkpoint.findChildren(QLabel)
            labels += window.setup.records.findChildren(QLabel)
            shown = [
                label for label in labels if not (label.isHidden() and label.testAttribute(hidden))
            ]
            beside.append("\n".join(label.text() for label in shown))

    window.state.inputs_changed.connect(note)
    give(qtbot, window, other)
    assert "30" in beside[0]
    assert "have no label" not in beside[0]
    assert "10 have no label" in shown_text(window)


def test_a_class_that_was_chosen_and_not_used_holds_up_scoring(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    give(qtbot, window, records(tmp_path / "v.npz", ["fish", "dog"]))
    give(qtbot, window, consortium(tmp_path / "consortium"))
    setup = window.setup
    assert setup.score.isEnabled()
    choice = setup.labels.choices["fish"]
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert choice.chosen() == "bird"
    assert not setup.score.isEnabled()
    assert not setup.try_it.isEnabled()
    assert "not used yet" in setup.status.text()
    window.preparation.score()
    settle(qtbot, window)
    assert made_up == []
    QTest.mouseClick(setup.labels.use, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert setup.score.isEnabled()
    assert setup.status.text() == ""
    setup.score.click()
    settle(qtbot, window)
    assert made_up[0]["labels"] == LabelRule(classes=(("fish", "bird"),))


def table(folder: Path, labels: list[str], *, column: str = "label") -> Path:
    names = [f"{number}.png" for number in range(len(labels))]
    image_folder(folder, names)
    lines = [f"{name},{label}" for name, label in zip(names, labels, strict=True)]
    (folder / "metadata.csv").write_text("\n".join([f"file_name,{column}", *lines]) + "\n")
    return folder


def test_names_of_records_are_not_asked_for_class_by_class(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    labels = [f"R{number:03d}" for number in range(70)]
    give(qtbot, window, table(tmp_path / "scans", labels), consortium(tmp_path / "consortium"))
    setup = window.setup
    assert not setup.score.isEnabled()
    assert setup.labels.choices == {}
    assert not setup.labels.use.isVisible()
    assert "Choose another column" in setup.status.text()
    assert "terminal" not in shown_text(window)


def test_more_labels_than_are_shown_are_asked_for_in_turn(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    labels = [f"L{number:02d}" for number in range(70)] * 3
    give(qtbot, window, table(tmp_path / "scans", labels), consortium(tmp_path / "consortium"))
    asked = window.setup.labels
    assert list(asked.choices) == [f"L{number:02d}" for number in range(60)]
    assert "10 more labels" in shown_text(window)
    asked.choices["L00"].choose("dog")
    asked.use.click()
    settle(qtbot, window)
    assert list(asked.choices)[:10] == [f"L{number}" for number in range(60, 70)]
    assert asked.choices["L00"].chosen() == "dog"
    asked.choices["L69"].choose("cat")
    asked.use.click()
    settle(qtbot, window)
    source = window.state.inputs.source
    assert source is not None
    said = dict(source.labels.classes)
    assert (said["L00"], said["L69"], said["L01"], len(said)) == ("dog", "cat", "", 70)


def test_many_labels_are_found_by_their_names_and_what_was_chosen_stays(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    labels = [f"L{number:02d}" for number in range(70)] * 3 + ["dog"]
    give(qtbot, window, table(tmp_path / "scans", labels), consortium(tmp_path / "consortium"))
    asked = window.setup.labels
    asked.choices["L03"].setFocus()
    QTest.keyClick(asked.choices["L03"], Qt.Key.Key_Down)
    asked.filter.setFocus()
    QTest.keyClicks(asked.filter, "l6")
    assert list(asked.choices) == [f"L{number}" for number in range(60, 70)]
    QTest.keyClick(asked.choices["L69"], Qt.Key.Key_End)
    asked.filter.selectAll()
    QTest.keyClicks(asked.filter, "DOG")
    assert list(asked.choices) == ["dog"]
    asked.filter.clear()
    assert asked.choices["L03"].chosen() == "bird"
    asked.use.click()
    settle(qtbot, window)
    source = window.state.inputs.source
    assert source is not None
    said = dict(source.labels.classes)
    assert (said["L03"], said["L69"]) == ("bird", "dog")
    assert "dog" not in said, "it fits by itself"


def test_few_labels_need_no_search(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    give(qtbot, window, records(tmp_path / "v.npz", ["fish", "dog"]))
    give(qtbot, window, consortium(tmp_path / "consortium"))
    assert not window.setup.labels.filter.isVisible()
