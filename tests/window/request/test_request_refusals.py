"""What the page refuses, asks for, and keeps while it runs or is stopped."""

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dataselect_gui.errors import UsageError
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.request import place as page_module
from dataselect_gui.window.request.place import RequestPlace
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.workflow import CalibrationOptions, check_request
from tests.helpers import array_file, hugging_face_folder, write_json
from tests.window.release.steps import click
from tests.window.request.conftest import Worker
from tests.window.request.steps import calibrated, request_of
from tests.window.steps import give, give_at_once, notice_of, place, settle

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
    assert not page.given.labels.use.isEnabled(), "it would be shown, and not be what is matched"
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
    assert "at most a factor of 2.72." in form.promise.text()
    form.epsilon.setText("2")
    form.directions.click()
    form.delta.setText("1e-6")
    assert "at most a factor of 7.39," in form.promise.text()
    assert "a chance of 1e-6." in form.promise.text()
    form.public.take(rows)
    assert form.scores["distance"].isEnabled()
    form.training.take(rows)
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
    assert page.calibrated is None
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
    assert page.calibrated is not None


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
    assert page.calibrated is not None


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
    assert notice_of(window).what == "The calibration is done."
    window.notice.button("Show it").click()
    assert place(window) == "request"
    assert page.findings.isVisible()
    page.back.click()
    window.show_place(PlaceId.REQUEST)
    assert page.calibrated is not None, "what took long is kept until it is written"
    click(qtbot, page.button)
    settle(qtbot, window)
    page.back.click()
    window.show_place(PlaceId.REQUEST)
    assert page.given.isVisible()
    assert page.given.checkpoint is None
