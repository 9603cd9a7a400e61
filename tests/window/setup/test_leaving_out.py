"""Setup asks what is left out, before any score is shown."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.checkpoints.label_account import LabelAccount
from dataselect_gui.window.shell.main_window import MainWindow
from tests.decisions import calibration, losses, undecided
from tests.helpers import hugging_face_folder, write_json
from tests.projects import owner_records
from tests.window.steps import give, notice_of, place, settle


def calibrated(folder: Path, **request: object) -> Path:
    hugging_face_folder(folder)
    write_json(folder / "dataselect.json", {"calibration": calibration(), **request})
    return folder


def click(qtbot: QtBot, button: QWidget) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[no-untyped-call]


@pytest.fixture
def ready(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """A window that was given records and a checkpoint with a calibration."""
    give(qtbot, window, owner_records(tmp_path / "r.npz"), calibrated(tmp_path / "consortium"))
    assert place(window) == "setup"
    return window


def test_everything_is_preset_and_is_what_was_decided(
    ready: MainWindow, qtbot: QtBot, made_up: list[dict[str, Any]]
) -> None:
    asked = ready.setup.leaving_out
    assert asked.isVisible()
    assert asked.everything.isChecked()
    assert asked.wrong.isEnabled()
    assert asked.count.isEnabled()
    ready.setup.score.click()
    settle(qtbot, ready)
    assert (made_up[0]["leave_out"], made_up[0]["count_epsilon"]) == ("none", None)


@pytest.mark.parametrize("choice", ["wrong", "count"])
def test_what_is_chosen_is_decided(
    ready: MainWindow, qtbot: QtBot, made_up: list[dict[str, Any]], choice: str
) -> None:
    asked = ready.setup.leaving_out
    assert asked.epsilon.isVisible()
    assert not asked.epsilon.isEnabled()
    assert "taken from the budget" in said_by(asked)
    click(qtbot, getattr(asked, choice))
    assert asked.epsilon.isEnabled() == (choice == "count")
    ready.setup.score.click()
    settle(qtbot, ready)
    price = "0.1" if choice == "count" else None
    assert (made_up[0]["leave_out"], made_up[0]["count_epsilon"]) == (choice, price)


def test_a_count_needs_its_epsilon(ready: MainWindow, qtbot: QtBot) -> None:
    asked = ready.setup.leaving_out
    click(qtbot, asked.count)
    assert ready.setup.score.isEnabled()
    asked.epsilon.setText("much")
    assert not ready.setup.score.isEnabled()
    assert "ε that the count may use" in ready.setup.status.text()
    asked.epsilon.setText("0.2")
    assert ready.setup.score.isEnabled()


def test_without_a_calibration_that_fits_it_says_why_and_decides_nothing(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    other = calibrated(tmp_path / "other", calibration=calibration(horse=0.5))
    give(qtbot, window, owner_records(tmp_path / "r.npz"), other)
    asked = window.setup.leaving_out
    assert not asked.wrong.isEnabled()
    assert not asked.count.isEnabled()
    assert asked.everything.isChecked()
    assert "“horse”" in said_by(asked)
    window.setup.score.click()
    settle(qtbot, window)
    assert made_up[0]["leave_out"] is None


def said_by(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_nothing_of_it_stays_for_other_records_or_another_checkpoint(
    ready: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    asked = ready.setup.leaving_out
    click(qtbot, asked.wrong)
    give(qtbot, ready, owner_records(tmp_path / "others.npz", seed=3))
    assert asked.everything.isChecked()
    click(qtbot, asked.wrong)
    give(qtbot, ready, calibrated(tmp_path / "another", contact="us", delta=1e-6))
    assert asked.everything.isChecked()


def test_nothing_of_it_stays_when_a_project_is_opened(
    ready: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    asked = ready.setup.leaving_out
    click(qtbot, asked.count)
    asked.epsilon.setText("3")
    project = undecided(tmp_path / "elsewhere", losses(6))
    ready.state.open(project)
    assert not asked.isVisible()
    assert asked.leave_out is None
    assert asked.everything.isChecked()
    assert workflow.decision(project) is None


def test_what_was_decided_is_shown_and_not_asked_again(window: MainWindow, tmp_path: Path) -> None:
    project = undecided(tmp_path, losses(6))
    workflow.decide(project, "wrong", None, workflow.CountAnswers())
    window.state.open(project)
    window.state.show_place(window.setup.place_id)
    asked = window.setup.leaving_out
    assert asked.isVisible()
    assert not asked.wrong.isVisible()
    said = said_by(asked)
    assert "records that look wrong are left out" in said
    assert "before any score" in said


def test_where_scores_were_shown_before_it_says_that_the_decision_stays(
    ready: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = undecided(tmp_path / "elsewhere", losses(6))
    workflow.decide(project, "none", None, workflow.CountAnswers())
    workflow.scores(project)
    labels = LabelAccount(task="single_label", records=1, given=1, unlabelled=0, unfit=0)
    done = workflow.Scored(project, 1, {}, 0.0, "cpu", "float64", ["loss"], labels)
    monkeypatch.setattr(workflow, "score", lambda *_given, **_options: done)
    click(qtbot, ready.setup.leaving_out.wrong)
    ready.setup.score.click()
    settle(qtbot, ready)
    assert ready.state.rule == workflow.Everything()
    assert "the earlier decision on what is left out stays" in notice_of(ready).what


def test_what_is_read_another_way_is_not_decided_anew(
    ready: MainWindow, qtbot: QtBot, made_up: list[dict[str, Any]]
) -> None:
    ready.setup.score.click()
    settle(qtbot, ready)
    ready.preparation.read_anew()
    settle(qtbot, ready)
    asked = ready.setup.leaving_out
    assert asked.isHidden()
    assert asked.leave_out is None
    assert len(made_up) == 1
