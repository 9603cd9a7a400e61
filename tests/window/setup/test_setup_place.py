import csv
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.checkpoints.request import request_of
from dataselect_gui.errors import InterruptedByPersonError, UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import StoredCheckpoint, StoredSource
from dataselect_gui.records.source import SourceRef
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.setup.descriptions import requested
from dataselect_gui.window.shell.main_window import MainWindow
from tests.decisions import WRONG, calibration
from tests.helpers import array_file, image_folder
from tests.projects import consortium, owner_records, scored_project
from tests.window.setup.steps import shown_text
from tests.window.steps import give, give_at_once, notice_of, place, settle

NAMES = [f"{number}.png" for number in range(4)]


def listed(folder: Path, **columns: list[str]) -> Path:
    """Make a folder of four images with a metadata file."""
    image_folder(folder, NAMES)
    with (folder / "metadata.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "label", *columns])
        writer.writerows(zip(NAMES, ["bird", "cat"] * 2, *columns.values(), strict=True))
    return folder


# Whom to protect


def person_in(source: Path) -> str | None:
    """Return the column that plainly names the person, as inspection finds it."""
    inspected = workflow.inspect(source, None, JobContext())
    assert isinstance(inspected, workflow.SourceInspected)
    return inspected.person


@pytest.mark.parametrize(
    "column",
    ["patient", "Patient_ID", "subject", "participant id", "person", "individual-no", "PATIENTNUMBER"],
)
def test_the_person_is_protected_where_a_column_plainly_names_one(tmp_path: Path, column: str) -> None:
    source = listed(tmp_path / "scans", age=["1", "1", "1", "1"], **{column: ["a", "a", "b", "c"]})
    assert person_in(source) == column


@pytest.mark.parametrize(
    "columns",
    [
        {"patient": ["a", "b", "c", "d"]},  # Each record is a person of its own.
        {"patient": ["a", "b", "c", ""]},  # Who is not named is nobody else.
        {"ward": ["a", "a", "b", "b"]},
        {"patient_age": ["1", "1", "1", "1"]},
        {"personality": ["a", "a", "b", "b"]},
        {},
    ],
)
def test_nobody_is_proposed_where_no_column_plainly_names_a_person(
    tmp_path: Path, columns: dict[str, list[str]]
) -> None:
    assert person_in(listed(tmp_path / "scans", **columns)) is None


def test_arrays_may_name_people_too(tmp_path: Path) -> None:
    people = array_file(
        tmp_path / "r.npz",
        x=np.zeros((4, 2, 2), dtype=np.uint8),
        y=np.arange(4) % 3,
        subject=np.array([7, 7, 8, 9]),
    )
    assert person_in(people) == "subject"


def test_the_proposed_person_is_seen_and_can_be_changed(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    give(qtbot, window, owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium"))
    assert window.setup.unit.currentText() == "each patient"
    assert "Several records share a patient" in shown_text(window)
    assert window.setup.unit_column == "patient"
    window.setup.unit.setFocus()
    QTest.keyClick(window.setup.unit, Qt.Key.Key_Up)
    assert window.setup.unit.currentText() == "each record"
    assert "so each patient is protected" not in shown_text(window)
    assert "no patient is protected as a whole" in shown_text(window)
    QTest.keyClick(window.setup.unit, Qt.Key.Key_Down)
    assert "so each patient is protected" in shown_text(window)


# The question about training


def test_another_project_begins_at_the_top(
    window: MainWindow, project: Path, qtbot: QtBot, tmp_path: Path, checkpoint: Path
) -> None:
    other = scored_project(tmp_path / "q.dataselect", owner_records(tmp_path / "q.npz"), checkpoint)
    window.resize(760, 420)
    window.open_project(project)
    window.show_place(PlaceId.SETUP)
    bar = window.setup.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 100)
    bar.setValue(bar.maximum())
    window.open_project(other)
    window.show_place(PlaceId.SETUP)
    assert bar.value() == 0


def test_the_answer_about_training_is_remembered_and_asked_again_in_release(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    give(qtbot, window, owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium"))
    assert window.setup.training.answer is None
    window.setup.training.no.click()
    window.setup.score.click()
    settle(qtbot, window)
    folder = tmp_path / "records.dataselect"
    assert made_up[0]["in_training"] == "no"
    assert made_up[0]["unit_column"] == "patient"
    assert workflow.look(folder).in_training == "no"
    question = window.release.answers.training
    assert question.no.isChecked()
    question.unknown.click()
    assert window.setup.training.unknown.isChecked()
    assert workflow.look(folder).in_training == "unknown"


def test_a_private_training_needs_its_amounts(window: MainWindow, project: Path, qtbot: QtBot) -> None:
    window.open_project(project)
    window.show_place(PlaceId.SETUP)
    question = window.setup.training
    question.private.click()
    assert workflow.look(project).in_training is None
    assert question.epsilon.isVisible()
    question.epsilon.setText("8")
    question.delta.setText("0.00001")
    qtbot.keyClick(question.delta, Qt.Key.Key_Return)  # type: ignore[no-untyped-call]
    assert workflow.look(project).in_training == "dp:8,0.00001"
    assert window.release.answers.training.answer == "dp:8,0.00001"
    question.no.click()
    assert not question.epsilon.isVisible()


@pytest.mark.parametrize(
    ("columns", "hint"),
    [
        ({"patient": ["a", "a", "b", "c"]}, "Several records share a patient, so each patient is"),
        ({"ward": ["a", "a", "b", "b"]}, "Does a person have several records? Then protect the person"),
        ({}, "The records don't say whose they are, so each record is protected by itself."),
    ],
)
def test_whom_is_protected_and_why_is_said(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, columns: dict[str, list[str]], hint: str
) -> None:
    give(qtbot, window, listed(tmp_path / "scans", **columns))
    window.show_place(PlaceId.SETUP)
    assert hint in shown_text(window)
    assert window.setup.unit.isEnabled() is bool(columns)


def test_whom_a_project_protects_is_fixed(window: MainWindow, project: Path) -> None:
    window.open_project(project)
    window.show_place(PlaceId.SETUP)
    assert "Chosen when these records were first scored." in shown_text(window)
    assert not window.setup.unit.isEnabled()


# What was given


def test_the_request_is_told_in_words() -> None:
    told_lines = requested(
        workflow.Request(
            score="vog",
            threshold=0.153,
            epsilon=5.57,
            delta=1e-5,
            steps=200,
            contact="the coordinator",
            bounds={"loss": (0, 4)},
        )
    )
    assert told_lines == [
        ("Asks for", "VoG at least 0.153"),
        ("Trained", "under differential privacy: ε 5.57, δ 1e-05, 200 steps"),
        ("Contact", "the coordinator"),
        ("Bounds", "for loss"),
    ]
    assert requested(workflow.Request(score="vog", count=200)) == [
        ("Asks for", "the 200 records with the highest VoG")
    ]
    # Clipping alone, which a score is asked for with, is no differential privacy.
    for noise in (None, 0.0):
        assert requested(workflow.Request(score="loss", max_grad_norm=1.0, noise_multiplier=noise))[1][
            1
        ].endswith("clipped at 1.0; no noise is stated")
    assert requested(workflow.Request(noise_multiplier=1.1, max_grad_norm=1.0)) == [
        ("Trained", "under differential privacy: noise 1.1, clipped at 1.0")
    ]
    assert requested(request_of({"calibration": calibration(), "rule": WRONG}))[0] == (
        "Asks for",
        "leaving out records that look wrong; of clean records, at most 10 % on average",
    )
    assert requested(request_of({"rule": WRONG}))[0][1].startswith("Records whose loss is at most")
    assert requested(workflow.Request()) == [("Asks for", "nothing in particular")]


def test_labels_that_do_not_fit_are_asked_for_before_scoring(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    strangers = image_folder(tmp_path / "scans", ["spoon/1.png", "fork/2.png"])
    give(qtbot, window, strangers, consortium(tmp_path / "consortium"))
    assert list(window.setup.labels.choices) == ["fork", "spoon"]
    assert window.setup.labels.isVisible()
    assert not window.setup.score.isEnabled()


# What trying the checkpoint came to


def test_what_was_found_on_a_few_records_is_shown_before_scoring(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    give(qtbot, window, owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium"))
    settle(qtbot, window)
    read = shown_text(window)
    assert "3 of your records were also computed the plain way; the scores agree (to 2e-15)" in read
    assert "about 1.2 GB, 64 records at once" in read
    assert "possible with this model as it is" in read


def test_a_checkpoint_that_fails_on_the_records_is_told(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> None:
        raise UnusableError("The records do not fit the model.", "They are too small.", "Take others.")

    monkeypatch.setattr(workflow, "preflight", fails)
    give(qtbot, window, owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium"))
    settle(qtbot, window)
    assert notice_of(window).what == "The records do not fit the model."
    assert window.setup.score.isEnabled(), "whoever wants to may see for themselves"


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a preflight last until it is ended."""

    def lasts(_checkpoint: Path, _records: Path, context: workflow.JobContext) -> None:
        while not context.stop.requested:
            time.sleep(0.01)
        raise InterruptedByPersonError("Not tried to the end.", "You stopped it.", "You may score.")

    monkeypatch.setattr(workflow, "preflight", lasts)


def being_tried(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: "You need not wait" in shown_text(window), timeout=10_000)


@pytest.mark.usefixtures("lasting")
def test_nobody_needs_to_wait_for_it(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    give_at_once(window, owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium"))
    being_tried(qtbot, window)
    assert window.setup.score.isEnabled()
    window.setup.score.click()
    qtbot.waitUntil(lambda: place(window) == "explore", timeout=10_000)
    assert len(made_up) == 1
    assert not window.notice.isVisible()


@pytest.mark.usefixtures("lasting")
def test_what_is_given_meanwhile_is_looked_at_at_once(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    give_at_once(window, owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium"))
    being_tried(qtbot, window)
    give_at_once(window, image_folder(tmp_path / "scans", ["spoon/1.png", "fork/2.png"]))
    qtbot.waitUntil(lambda: "spoon" in shown_text(window), timeout=10_000)
    settle(qtbot, window)


def test_new_records_for_the_checkpoint_of_the_open_project(
    window: MainWindow, qtbot: QtBot, project: Path, tmp_path: Path
) -> None:
    window.open_project(project)
    give(qtbot, window, owner_records(tmp_path / "others.npz", seed=5))
    settle(qtbot, window)
    assert place(window) == "setup"
    assert window.state.look is None
    assert window.setup.score.isEnabled()
    assert str(tmp_path / "consortium") in "\n".join(
        label.toolTip() for label in window.setup.findChildren(QLabel)
    )


def test_what_has_a_project_already_is_opened_instead(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    records, checkpoint = owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium")
    give(qtbot, window, records, checkpoint)
    window.setup.score.click()
    settle(qtbot, window)
    window.state.withhold([3])
    window.show_place(PlaceId.START)
    give(qtbot, window, records, checkpoint)
    assert len(made_up) == 1
    assert place(window) == "explore"
    assert not window.state.eligible[3]


def test_a_project_has_a_place_of_its_own(tmp_path: Path) -> None:
    records = owner_records(tmp_path / "records.npz")
    first = workflow.project_place(SourceRef(records), "digest")
    assert first == tmp_path / "records.dataselect"
    source = StoredSource.of(SourceRef(records), "arrays")
    Project.create(first, source, StoredCheckpoint("/c", "digest"))
    assert workflow.project_place(SourceRef(records), "digest") == first
    assert workflow.project_place(SourceRef(records), "other") == tmp_path / "records-2.dataselect"
    (tmp_path / "records-2.dataselect").write_text("a file of that name")
    assert workflow.project_place(SourceRef(records), "other") == tmp_path / "records-3.dataselect"


def test_beside_records_that_cannot_be_written_the_project_lies_with_the_ledger(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    records = owner_records(tmp_path / "records.npz")
    assert (
        workflow.project_place(SourceRef(records), "digest") == home / "projects" / "records.dataselect"
    )
