"""One of the two inputs is exchanged in Setup, and the other one stays."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import consortium, owner_records
from tests.window.setup.steps import Choose
from tests.window.steps import give, settle


def click(qtbot: QtBot, button: QWidget) -> None:
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[no-untyped-call]


def press(qtbot: QtBot, button: QWidget) -> None:
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)  # type: ignore[no-untyped-call]


def test_other_records_take_the_place_and_the_checkpoint_stays(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, choose: Choose
) -> None:
    model = consortium(tmp_path / "consortium")
    first = owner_records(tmp_path / "first.npz")
    other = owner_records(tmp_path / "other.npz", 30, seed=1)
    give(qtbot, window, first, model)
    window.setup.training.no.click()
    records = window.setup.records
    assert records.change.text() == "Change…"
    assert not records.chooser.isVisible()
    choose(None)
    click(qtbot, records.change)
    click(qtbot, records.chooser.file)
    settle(qtbot, window)
    assert window.state.inputs.records == first, "nothing was chosen"
    choose(other)
    click(qtbot, records.chooser.file)
    settle(qtbot, window)
    assert (window.state.inputs.records, window.state.inputs.checkpoint) == (other, model)
    assert window.state.place is PlaceId.SETUP
    assert not records.chooser.isVisible()
    assert window.setup.training.answer is None, "it was said of the former records"
    assert window.setup.score.isEnabled()


def test_another_checkpoint_takes_the_place_and_the_records_stay(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, choose: Choose
) -> None:
    records = owner_records(tmp_path / "records.npz")
    first, other = consortium(tmp_path / "first"), consortium(tmp_path / "other", threshold=0.25)
    give(qtbot, window, records, first)
    window.setup.unit.setCurrentIndex(0)
    assert window.setup.unit_column is None
    choose(other)
    press(qtbot, window.setup.checkpoint.change)
    assert window.focusWidget() is window.setup.checkpoint.chooser.folder
    press(qtbot, window.setup.checkpoint.chooser.folder)
    settle(qtbot, window)
    assert (window.state.inputs.records, window.state.inputs.checkpoint) == (records, other)
    assert window.setup.unit_column is None, "what was chosen of the records holds"


def test_an_input_of_an_open_project_is_exchanged(
    window: MainWindow, project: Path, qtbot: QtBot, tmp_path: Path, choose: Choose
) -> None:
    window.open_project(project)
    window.show_place(PlaceId.SETUP)
    before = window.state.look
    assert before is not None
    model = before.checkpoint
    other = owner_records(tmp_path / "other.npz", 30, seed=1)
    choose(other)
    click(qtbot, window.setup.records.change)
    click(qtbot, window.setup.records.chooser.file)
    for _ in range(2):
        settle(qtbot, window)
    assert window.state.look is None
    assert (window.state.inputs.records, window.state.inputs.checkpoint) == (other, model)


def test_an_input_that_is_missing_is_chosen_the_same_way(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, choose: Choose
) -> None:
    give(qtbot, window, owner_records(tmp_path / "records.npz"))
    window.show_place(PlaceId.SETUP)
    checkpoint = window.setup.checkpoint
    assert (checkpoint.change.text(), window.setup.records.change.text()) == ("Choose…", "Change…")
    model = consortium(tmp_path / "consortium")
    choose(model)
    click(qtbot, checkpoint.change)
    click(qtbot, checkpoint.chooser.folder)
    settle(qtbot, window)
    assert window.state.inputs.checkpoint == model
    assert checkpoint.change.text() == "Change…"
