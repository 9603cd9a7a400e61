"""A consortium's way in the window, from a model and clean rows to a written request."""

import shutil
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QTableWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.cli.app import main
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.request import place as page_module
from dataselect_gui.window.request.place import RequestPlace
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import CalibrationOptions, SourceRef, check_request
from tests.helpers import write_json
from tests.window.release.steps import click, shown
from tests.window.request.conftest import THRESHOLDS, WARNING, Worker, made_up
from tests.window.request.steps import calibrated, request_of
from tests.window.steps import give, give_at_once, place, settle

Key = Qt.Key


# The way in, and out


def test_the_list_of_actions_leads_to_it_and_of_the_places_the_first_alone(window: MainWindow) -> None:
    leading = [
        (each.place_id, button.text())
        for each in (window.start, window.setup, window.release, window.ledger, window.explore)
        for button in each.as_widget.findChildren(QPushButton)
        if "request" in button.text().lower()
    ]
    assert leading == [(PlaceId.START, "For a consortium: prepare a request…")]
    QTest.keyClick(window, Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(window.action_list.field, "prepare")
    QTest.keyClick(window.action_list.field, Key.Key_Return)
    assert place(window) == "request"
    assert QApplication.focusWidget() is window.request.given.model.folder
    window.request.back.click()
    assert place(window) == "start"


@pytest.mark.usefixtures("worker")
def test_what_was_given_and_typed_is_gone_on_the_next_visit(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path
) -> None:
    give(qtbot, window, model, rows)
    form = page.calibration
    form.alpha.setText("0.2")
    form.is_private.setChecked(True)
    form.epsilon.setText("3")
    form.scores["loss"].setChecked(False)
    form.validation_loss.setText("0.5")
    form.public.show_path(rows)
    form.training.show_path(rows)
    form.unknown.click()
    page.keys.fields["contact"].setText("us")
    page.keys.black.setText("1")
    page.back.click()
    window.show_place(PlaceId.REQUEST)
    assert (page.given.checkpoint, page.given.source) == (None, None)
    assert (page.given.model.path, page.given.rows.path) == (None, None)
    assert set(page.keys.values().values()) == {None}
    asked = form.options(SourceRef(rows))
    assert asked == CalibrationOptions(scores=("loss", "distance"))
    assert form.epsilon.text() == "1"
    assert form.unanswered
    # Whatever comes later starts from there: nothing is said of the model that was here before.
    assert window.state.inputs.source is None
    assert window.state.inputs.checkpoint is None


def test_what_is_still_on_its_way_when_the_page_is_left_does_not_come(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path
) -> None:
    give_at_once(window, model, rows)
    page.back.click()
    settle(qtbot, window)
    window.show_place(PlaceId.REQUEST)
    settle(qtbot, window)
    assert (page.given.checkpoint, page.given.source) == (None, None)


# From nothing to a request


def test_from_nothing_to_a_written_request(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path, worker: Worker
) -> None:
    assert not page.button.isEnabled()
    assert page.status.text() == page_module.NO_MODEL
    give(qtbot, window, rows, model)
    settle(qtbot, window)
    assert "64 rows" in shown(page.given)
    assert "no request yet" in shown(page.given)
    assert not page.button.isEnabled()
    assert "trained on these rows" in page.status.text()
    click(qtbot, page.calibration.no)
    qtbot.keyClicks(page.keys.fields["contact"], "us@example.org")  # type: ignore[no-untyped-call]
    assert (page.button.text(), page.button.isEnabled()) == ("Calibrate", True)
    click(qtbot, page.button)
    settle(qtbot, window)
    assert not (model / "dataselect.json").exists(), "warnings come before anything is written"
    assert WARNING in shown(page.findings)
    assert QApplication.focusWidget() is page.findings
    assert "Added" in shown(page.changes)
    assert "bounds.loss, calibration, contact, rule" in shown(page.changes)
    asked = worker.asked[0]
    assert (asked[0], asked[1].path) == (model, rows)
    assert asked[2] == CalibrationOptions(scores=("loss", "distance"), in_training="no")
    assert page.button.text() == "Write the request"
    click(qtbot, page.button)
    settle(qtbot, window)
    written = request_of(model)
    assert written.keys() == {"bounds", "calibration", "contact", "rule"}
    assert written["contact"] == "us@example.org"
    assert find_checkpoint(model).request.calibration is not None
    assert not page.given.isVisible()
    qtbot.waitUntil(lambda: all(line in shown(page.written) for line in check_request(model).lines))
    assert "Hand this folder over" in shown(page.written)
    click(qtbot, page.written.another)
    assert page.given.isVisible()
    assert page.given.checkpoint is None
    assert QApplication.focusWidget() is page.given.model.folder


@pytest.mark.usefixtures("worker")
def test_each_class_stands_with_its_count_and_threshold(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path
) -> None:
    calibrated(qtbot, window, model, rows)
    table = page.findings.findChildren(QTableWidget)[0]
    cells = [
        [item.text() if (item := table.item(line, column)) else "" for column in range(4)]
        for line in range(table.rowCount())
    ]
    assert cells == [
        ["bird", "30", "≤ 1.25", "90%"],
        ["cat", "30", "≤ 2.5", "–"],
        ["dog", "4", "none", "–"],
    ]
    assert THRESHOLDS == {"bird": 1.25, "cat": 2.5}


@pytest.mark.usefixtures("worker")
def test_by_keyboard_alone(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path
) -> None:
    give(qtbot, window, model, rows)  # The dialogs of the system have keys of their own.
    settle(qtbot, window)
    page.given.model.folder.setFocus()

    def tab_to(widget: object) -> None:
        for _step in range(60):
            if QApplication.focusWidget() is widget:
                return
            QTest.keyClick(QApplication.focusWidget() or window, Key.Key_Tab)
        raise AssertionError(f"{widget} is not reached")

    tab_to(page.calibration.no)
    QTest.keyClick(page.calibration.no, Key.Key_Space)
    tab_to(page.keys.fields["contact"])
    QTest.keyClicks(page.keys.fields["contact"], "us")
    tab_to(page.button)
    QTest.keyClick(page.button, Key.Key_Space)
    settle(qtbot, window)
    tab_to(page.button)
    QTest.keyClick(page.button, Key.Key_Space)
    settle(qtbot, window)
    assert request_of(model)["contact"] == "us"


@pytest.mark.slow
def test_with_a_real_worker_the_window_writes_what_the_terminal_writes(
    page: RequestPlace,
    window: MainWindow,
    qtbot: QtBot,
    real_series: Path,
    rows: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: "0" * 2 * size)  # One split for both.
    by_window, by_terminal = tmp_path / "window", tmp_path / "terminal"
    for folder in (by_window, by_terminal):
        shutil.copytree(real_series, folder)
    give(qtbot, window, by_window, rows)
    settle(qtbot, window)
    page.calibration.alpha.setText("0.4")
    page.calibration.no.click()
    click(qtbot, page.button)
    settle(qtbot, window)
    assert page.calibrated is not None, page.error.text()
    click(qtbot, page.button)
    settle(qtbot, window)
    command = ["calibrate", str(by_terminal), "--records", str(rows), "--in-training", "no"]
    assert main([*command, "--alpha", "0.4"]) == 0
    assert request_of(by_window) == request_of(by_terminal)
    assert "calibration" in request_of(by_window)
    files = [
        {file.name for file in folder.glob("*.safetensors")} for folder in (by_window, by_terminal)
    ]
    assert files[0] == files[1] != set()


# What is there already


@pytest.mark.usefixtures("worker")
def test_what_is_there_is_shown_and_what_becomes_of_it_is_said(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path
) -> None:
    before: dict[str, object] = {
        "contact": "them,\nby post",
        "deadline": "2027-01-01",
        "own": [1],
        "max_grad_norm": 1.0,
        "rule": "everything",
        "bounds": {"vog": [0, 1]},
    }
    write_json(model / "dataselect.json", before)
    give(qtbot, window, model, rows)
    settle(qtbot, window)
    assert page.keys.fields["deadline"].text() == "2027-01-01"
    assert page.keys.fields["max_grad_norm"].text() == "1.0"
    page.keys.fields["deadline"].clear()
    page.calibration.no.click()
    click(qtbot, page.button)
    settle(qtbot, window)
    told_changes = shown(page.changes)
    assert "bounds.loss, calibration" in told_changes
    assert "bounds.vog, contact, max_grad_norm, own" in told_changes
    assert "deadline" in told_changes
    click(qtbot, page.button)
    settle(qtbot, window)
    written = request_of(model)
    assert {k: written[k] for k in ("contact", "own", "max_grad_norm")} == {
        "contact": "them,\nby post",
        "own": [1],
        "max_grad_norm": 1.0,
    }
    assert "deadline" not in written
    assert written["bounds"] == {"vog": [0, 1], "loss": [0.0, 3.0]}


@pytest.mark.usefixtures("worker")
def test_under_epsilon_what_goes_and_what_is_not_covered_is_said_before_it_is_written(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path
) -> None:
    former = msgspec.to_builtins(made_up(0.05).calibration)
    before = {"bounds": {"vog": [0, 1]}, "calibration": former, "threshold": 2}
    write_json(model / "dataselect.json", before)
    page.calibration.is_private.setChecked(True)
    calibrated(qtbot, window, model, rows)
    told_changes = shown(page.changes)
    assert "or may have made them, so they are left out: bounds.vog." in told_changes
    assert "ε does not cover what was in the request already: threshold." in told_changes
    assert "Removed\nbounds.vog" in told_changes
    assert request_of(model) == before
    click(qtbot, page.button)
    settle(qtbot, window)
    written = request_of(model)
    assert written["bounds"] == {"loss": [0.0, 3.0]}
    assert written["threshold"] == 2


@pytest.mark.usefixtures("worker")
def test_what_another_program_wrote_meanwhile_is_shown_first(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path
) -> None:
    calibrated(qtbot, window, model, rows)
    write_json(model / "dataselect.json", {"own": 1})
    click(qtbot, page.button)
    assert request_of(model) == {"own": 1}
    assert page.status.text() == page_module.CHANGED_MEANWHILE
    qtbot.waitUntil(lambda: "own" in shown(page.changes).split("\n"))
    click(qtbot, page.button)
    settle(qtbot, window)
    assert request_of(model).keys() == {"bounds", "calibration", "own", "rule"}
