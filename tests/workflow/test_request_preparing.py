"""A request that is prepared: what would be written, stays and goes, and that it is so."""

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dataselect_gui.checkpoints.calibration import (
    Calibration,
    ClassThreshold,
    Privacy,
    Query,
    ScoreThresholds,
    Split,
)
from dataselect_gui.errors import UnusableError
from dataselect_gui.workflow.request_preparing import prepare_request, typed_value, write_request
from dataselect_gui.workflow.request_sentences import threshold_table
from dataselect_gui.workflow.request_writing import CalibrationFound, file_of
from tests.helpers import hugging_face_folder, write_json


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "checkpoint"
    hugging_face_folder(place)
    (place / "dataselect.json").unlink(missing_ok=True)
    return place


def calibrated(
    tensors: dict[str, np.ndarray] | None = None, threshold: float = 1.5
) -> CalibrationFound:
    name, content = file_of(tensors or {})
    thresholds = ScoreThresholds(
        alpha=0.05,
        classes={
            "bird": ClassThreshold(count=30, threshold=threshold),
            "cat": ClassThreshold(count=4),
        },
    )
    calibration = Calibration(
        alpha=0.05,
        scores={"loss": thresholds},
        split=Split(statistics=0, thresholds=34),
        seen_in_training="no",
        file=name,
    )
    condition = {"score": "loss", "most": {"bird": threshold}, "otherwise": "keep"}
    return CalibrationFound(
        calibration=calibration,
        file=content,
        rule={"conditions": [condition]},
        bounds={"loss": (0.0, 3.0)},
        rows=34,
        warnings=[],
    )


def calibrated_privately() -> CalibrationFound:
    """Return a calibration in which noise left no threshold, and so neither a rule nor bounds."""
    raw = calibrated()
    calibration = msgspec.structs.replace(
        raw.calibration,
        scores={"loss": ScoreThresholds(alpha=0.05, classes={"bird": ClassThreshold(count=28)})},
        privacy=Privacy(
            epsilon=1.0, delta=0.0, confidence=0.95, queries=[Query(what="counts", epsilon=1.0)]
        ),
    )
    return replace(raw, calibration=calibration, rule=None, bounds={})


def test_from_nothing_all_of_it_is_added(folder: Path) -> None:
    prepared = prepare_request(folder, {"contact": "us", "deadline": None}, calibrated())
    assert prepared.added == ["bounds.loss", "calibration", "contact", "rule"]
    assert (prepared.replaced, prepared.kept, prepared.removed) == ([], [], [])
    assert not prepared.path.exists()
    checked = write_request(prepared, folder)
    assert checked.faults == {}
    written = json.loads((folder / "dataselect.json").read_text())
    assert written.keys() == {"bounds", "calibration", "contact", "rule"}
    assert written["bounds"] == {"loss": [0.0, 3.0]}
    assert written["rule"]["conditions"][0]["most"] == {"bird": 1.5}


def test_what_is_there_is_kept_replaced_or_removed_and_said_to_be(folder: Path) -> None:
    write_json(
        folder / "dataselect.json",
        {
            "own": 1,
            "contact": "them",
            "deadline": "2027-01-01",
            "bounds": {"vog": [0, 1], "loss": [0, 9]},
            "rule": "everything",
            "max_grad_norm": 1,
        },
    )
    keys = {"contact": "us", "deadline": None, "max_grad_norm": 1}
    prepared = prepare_request(folder, keys, calibrated())
    assert prepared.added == ["calibration"]
    assert prepared.replaced == ["bounds.loss", "contact", "rule"]
    assert prepared.kept == ["bounds.vog", "max_grad_norm", "own"]
    assert prepared.removed == ["deadline"]
    write_request(prepared, folder)
    written = json.loads((folder / "dataselect.json").read_text())
    assert {k: written[k] for k in ("own", "contact", "bounds", "max_grad_norm")} == {
        "own": 1,
        "contact": "us",
        "bounds": {"vog": [0, 1], "loss": [0.0, 3.0]},
        "max_grad_norm": 1,
    }
    assert "deadline" not in written


def test_a_number_that_is_written_another_way_is_replaced(folder: Path) -> None:
    write_json(folder / "dataselect.json", {"max_grad_norm": 1})
    assert prepare_request(folder, {"max_grad_norm": 1.0}, None).replaced == ["max_grad_norm"]


def test_the_former_calibrations_own_file_goes_and_no_other(folder: Path) -> None:
    first = prepare_request(folder, {}, calibrated({"means": np.zeros((2, 2))}))
    assert first.former_file is None
    write_request(first, folder)
    (folder / "model.safetensors").write_bytes(b"weights")
    second = prepare_request(folder, {}, calibrated({"means": np.ones((2, 2))}))
    assert second.former_file == first.file
    assert second.file is not None
    write_request(second, folder)
    kept = {path.name for path in folder.glob("*.safetensors")}
    assert kept == {second.file.name, "model.safetensors"}
    stated = json.loads((folder / "dataselect.json").read_text())
    stated["calibration"]["file"] = "model.safetensors"
    write_json(folder / "dataselect.json", stated)
    assert prepare_request(folder, {}, calibrated()).former_file is None


def test_under_epsilon_what_the_former_calibration_wrote_is_among_the_removed(folder: Path) -> None:
    write_json(folder / "dataselect.json", {"bounds": {"vog": [0, 1]}, "contact": "us"})
    first = prepare_request(folder, {}, calibrated({"means": np.zeros((2, 2))}))
    assert not first.warnings
    write_request(first, folder)
    second = prepare_request(folder, {}, calibrated_privately())
    assert second.removed == ["bounds.loss", "bounds.vog", "rule"]
    assert (second.replaced, second.kept) == (["calibration"], ["contact"])
    assert second.former_file == first.file
    (warning,) = second.warnings
    assert "bounds.loss, bounds.vog, rule." in warning
    write_request(second, folder)
    assert not list(folder.glob("calibration-*"))


def test_under_epsilon_what_was_typed_and_what_lies_beside_is_named(folder: Path) -> None:
    write_json(
        folder / "dataselect.json",
        {
            "rule": {"conditions": [{"score": "loss", "most": 2}]},
            "bounds": {"vog": [0, 1]},
            "class_statistics": {"bird": [0.5]},
            "direction": "own.safetensors",
            "own": 1,
            **{"contact": "us", "epsilon": 8, "steps": 100, "score": "loss", "count": 9},
        },
    )
    orphan, others = "calibration-0123456789ab.safetensors", "calibration-notes.safetensors"
    for name in (orphan, others):
        (folder / name).write_bytes(b"means")
    prepared = prepare_request(folder, {}, calibrated_privately())
    not_covered, beside = prepared.warnings
    assert "ε does not cover" in not_covered
    assert "bounds.vog, class_statistics, direction, own, rule." in not_covered
    assert orphan in beside
    assert others not in beside
    write_request(prepared, folder)
    assert (folder / orphan).exists(), "nothing says that a calibration of this request wrote it"
    gone, not_covered, _ = prepare_request(
        folder, {"rule": "everything"}, calibrated_privately()
    ).warnings
    assert "bounds.vog." in gone
    assert "already: class_statistics, direction, own." in not_covered


def test_a_file_of_the_former_calibration_that_is_still_named_stays(folder: Path) -> None:
    first = prepare_request(folder, {}, calibrated({"means": np.zeros((2, 2))}))
    write_request(first, folder)
    assert first.file is not None
    second = prepare_request(folder, {"direction": first.file.name}, calibrated_privately())
    assert second.former_file is None
    assert first.file.name in second.warnings[-1]
    write_request(second, folder)
    assert first.file.is_file()


def test_keys_alone_leave_the_calibration_and_its_file(folder: Path) -> None:
    first = prepare_request(folder, {}, calibrated({"means": np.zeros((2, 2))}))
    write_request(first, folder)
    second = prepare_request(folder, {"contact": "us"}, None)
    assert second.former_file is None
    assert "calibration" in second.kept
    write_request(second, folder)
    assert first.file is not None
    assert first.file.is_file()


def test_what_changed_meanwhile_is_not_written_over(folder: Path) -> None:
    prepared = prepare_request(folder, {"contact": "us"}, None)
    write_json(folder / "dataselect.json", {"contact": "them"})
    with pytest.raises(UnusableError, match="not written"):
        write_request(prepared, folder)
    assert json.loads((folder / "dataselect.json").read_text()) == {"contact": "them"}


def test_faults_are_those_of_the_terminal(folder: Path) -> None:
    keys = {"steps": typed_value("many"), "delta": typed_value("2"), "contact": "us"}
    prepared = prepare_request(folder, keys, None)
    assert prepared.faults.keys() == {"steps", "delta"}
    assert "“steps” is not a whole number" in prepared.faults["steps"]
    with pytest.raises(UnusableError):
        write_request(prepared, folder)
    assert not (folder / "dataselect.json").exists()


def test_what_is_typed_is_read_as_the_terminal_reads_it() -> None:
    assert typed_value(" ") is None
    assert typed_value("1e-5") == 1e-5
    assert typed_value("12") == 12
    assert typed_value("a dozen") == "a dozen"


def test_the_numbers_by_class_are_a_table() -> None:
    titles, rows = threshold_table(calibrated().calibration)
    assert titles == ["Class", "Clean rows", "loss", "Recognised"]
    assert rows == [["bird", "30", "≤ 1.5", "–"], ["cat", "4", "none", "–"]]
