"""A consortium's way in the window, from a model and clean rows to a written request."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QTableWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.cli.app import main
from dataselect_gui.errors import UsageError
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.request import place as page_module
from dataselect_gui.window.request.place import RequestPlace
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import CalibrationOptions, SourceRef, check_request
from tests.helpers import array_file, hugging_face_folder, write_json
from tests.projects import owner_records
from tests.window.release.steps import click, shown
from tests.window.request.conftest import THRESHOLDS, WARNING, Worker
from tests.window.steps import give, give_at_once, place, settle, told

Key = Qt.Key


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return hugging_face_folder(tmp_path / "model")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return owner_records(tmp_path / "clean.npz", 64)


def request_of(model: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((model / "dataselect.json").read_text())
    return content


def calibrated(qtbot: QtBot, window: MainWindow, *given: Path) -> RequestPlace:
    """Give a model and rows, answer, and calibrate."""
    page = window.request
    give(qtbot, window, *given)
    settle(qtbot, window)
    page.calibration.no.click()
    click(qtbot, page.button)
    settle(qtbot, window)
    assert page.found is not None
    return page


# The way in, and out


def test_the_list_of_actions_leads_to_it_and_no_place_does(window: MainWindow) -> None:
    for each in (window.start, window.setup, window.release, window.ledger, window.explore):
        buttons = [button.text() for button in each.as_widget.findChildren(QPushButton)]
        assert not [text for text in buttons if "request" in text.lower()]
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
    assert page.found is not None, page.error.text()
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


# Refusals


@pytest.mark.parametrize(
    ("key", "text"), [("steps", "many"), ("delta", "2"), ("sample_rate", "64"), ("epsilon", "a")]
)
def test_a_wrong_value_is_marked_with_the_terminals_reason(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, key: str, text: str
) -> None:
    give(qtbot, window, model)
    page.keys.training.button.click()
    page.keys.fields[key].setText(text)
    write_json(model / "other" / "dataselect.json", {key: json.loads(text) if text.isdigit() else text})
    assert page.keys.reasons[key].text() == check_request(model / "other").faults[key]
    assert page.keys.reasons[key].isVisible()
    assert not page.button.isEnabled()
    assert page.keys.fields[key].text() == text
    page.keys.fields[key].clear()
    assert not page.keys.reasons[key].isVisible()


def test_a_refusal_says_why_and_loses_nothing_that_was_typed(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path, worker: Worker
) -> None:
    worker.fault = UsageError("α cannot be 2.", "It is a share.", "Leave it out.")
    give(qtbot, window, model, rows)
    settle(qtbot, window)
    page.calibration.alpha.setText("2")
    page.calibration.unknown.click()
    page.keys.fields["contact"].setText("us")
    click(qtbot, page.button)
    settle(qtbot, window)
    assert page.error.isVisible()
    assert page.error.text() == "α cannot be 2. It is a share. Leave it out."
    assert page.calibration.alpha.text() == "2"
    assert page.calibration.unknown.isChecked()
    assert page.keys.fields["contact"].text() == "us"
    assert page.given.source is not None
    assert not (model / "dataselect.json").exists()
    page.calibration.alpha.setText("0.1")
    assert not page.error.isVisible()
    assert page.button.isEnabled()


def test_what_is_neither_model_nor_rows_changes_nothing(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path, tmp_path: Path
) -> None:
    give(qtbot, window, model, rows)
    settle(qtbot, window)
    (tmp_path / "empty").mkdir()
    give(qtbot, window, tmp_path / "empty")
    assert page.error.isVisible()
    assert (page.given.checkpoint, page.given.obstacle) == (model, "")
    page.calibration.no.click()
    assert page.button.isEnabled()


def test_labels_that_fit_no_class_are_asked_for(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, tmp_path: Path, worker: Worker
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 6, 5), dtype=np.uint8)
    named = array_file(
        tmp_path / "v.npz", x=pixels, y=np.arange(12) % 2, classes=np.array(["ship", "truck"])
    )
    give(qtbot, window, model, named)
    settle(qtbot, window)
    page.calibration.no.click()
    assert not page.button.isEnabled()
    assert page.given.labels.isVisible()
    page.given.labels.choices["ship"].choose("bird")
    page.given.labels.use.click()
    settle(qtbot, window)
    assert page.button.isEnabled()
    click(qtbot, page.button)
    settle(qtbot, window)
    assert dict(worker.asked[0][1].labels.classes) == {"ship": "bird", "truck": ""}


def test_a_model_without_classes_has_a_request_of_keys_alone(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = hugging_face_folder(tmp_path / "several", problem_type="multi_label_classification")
    give(qtbot, window, folder)
    assert not page.calibration.isVisible()
    assert "cannot be calibrated" in page.status.text()
    page.keys.fields["contact"].setText("us")
    click(qtbot, page.button)
    settle(qtbot, window)
    assert request_of(folder) == {"contact": "us"}
    assert page.written.isVisible()


# What is wanted


def test_all_that_is_wanted_is_asked_for(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path, worker: Worker
) -> None:
    write_json(model / "dataselect.json", {"max_grad_norm": 1})
    give(qtbot, window, model, rows)
    settle(qtbot, window)
    form = page.calibration
    form.alpha.setText("0,2")
    form.is_private.click()
    assert not form.scores["distance"].isEnabled(), "its covariance would tell of single rows"
    assert "2.72 times" in form.promise.text()
    form.epsilon.setText("2")
    form.directions.click()
    form.delta.setText("1e-6")
    assert "7.39 times" in form.promise.text()
    assert "1e-6" in form.promise.text()
    form.public._take(rows)
    assert form.scores["distance"].isEnabled()
    form.training._take(rows)
    form.validation_loss.setText("0.4")
    click(qtbot, page.button)
    settle(qtbot, window)
    source = worker.asked[0][1]
    assert worker.asked[0][2] == CalibrationOptions(
        alpha="0.2",
        scores=("loss", "distance"),
        epsilon="2",
        delta="1e-6",
        directions=True,
        training_records=source,
        validation_loss="0.4",
        public_records=source,
    )


def test_another_wish_makes_what_was_found_another(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path, worker: Worker
) -> None:
    calibrated(qtbot, window, model, rows)
    page.calibration.alpha.setText("0.2")
    assert page.found is None
    assert not page.findings.isVisible()
    assert page.button.text() == "Calibrate"
    page.calibration.alpha.setText("0.05")
    assert page.findings.isVisible()
    page.keys.fields["contact"].setText("us")
    assert page.button.text() == "Write the request"
    assert len(worker.asked) == 1


def test_what_changes_scores_is_written_before_they_are_computed(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path, worker: Worker
) -> None:
    give(qtbot, window, model, rows)
    settle(qtbot, window)
    page.calibration.no.click()
    page.keys.pixels.button.click()
    page.keys.black.setText("0")
    assert not page.button.isEnabled()
    page.keys.white.setText("4095")
    assert page.button.text() == "Write these first"
    click(qtbot, page.button)
    settle(qtbot, window)
    settle(qtbot, window)
    assert request_of(model) == {"pixel_range": [0, 4095]}
    assert page.given.isVisible()
    assert page.calibration.no.isChecked()
    assert page.button.text() == "Calibrate"
    assert page.button.isEnabled()
    click(qtbot, page.button)
    settle(qtbot, window)
    assert worker.asked[0][1].pixel_range in {None, (0, 4095)}
    assert page.found is not None


# While it runs


def test_it_can_be_stopped_and_nothing_is_lost(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path, worker: Worker
) -> None:
    worker.go.clear()
    give(qtbot, window, model, rows)
    settle(qtbot, window)
    page.calibration.no.click()
    click(qtbot, page.button)
    qtbot.waitUntil(lambda: "32 of 64" in page.status.text())
    assert page.progress.value() == 500
    assert QApplication.focusWidget() is page.stop
    assert not page.calibration.isEnabled()
    give_at_once(window, rows)
    assert "It was not taken." in page.error.text()
    click(qtbot, page.stop)
    settle(qtbot, window)
    assert page.status.text() == page_module.STOPPED
    assert page.calibration.no.isChecked()
    assert page.button.isEnabled()
    assert not (model / "dataselect.json").exists()
    worker.go.set()
    click(qtbot, page.button)
    settle(qtbot, window)
    assert page.found is not None


def test_whoever_looks_elsewhere_meanwhile_finds_it_again(
    page: RequestPlace, window: MainWindow, qtbot: QtBot, model: Path, rows: Path, worker: Worker
) -> None:
    worker.go.clear()
    give(qtbot, window, model, rows)
    settle(qtbot, window)
    page.calibration.no.click()
    click(qtbot, page.button)
    page.back.click()
    assert place(window) == "start"
    click(qtbot, window.header.job)
    assert place(window) == "request"
    page.back.click()
    worker.go.set()
    settle(qtbot, window)
    assert told(window).what == "The calibration is done."
    window.notice.button("Show it").click()
    assert place(window) == "request"
    assert page.findings.isVisible()
    page.back.click()
    window.show_place(PlaceId.REQUEST)
    assert page.found is not None, "what took long is kept until it is written"
    click(qtbot, page.button)
    settle(qtbot, window)
    page.back.click()
    window.show_place(PlaceId.REQUEST)
    assert page.given.isVisible()
    assert page.given.checkpoint is None
