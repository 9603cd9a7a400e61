"""What a calibration warns of, asks for and refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import InterruptedByPersonError, UnusableError, UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.source import SourceRef
from dataselect_gui.workflow.calibrating import calibrate
from tests.helpers import array_file
from tests.workflow.calibrating.clean_rows import (
    SIDE,
    UNSEEN,
    done,
    in_this_process,
    rows,
)


@in_this_process
def test_what_is_missing_or_too_little_is_told(folder: Path, tmp_path: Path) -> None:
    drawn = np.random.default_rng(3)
    labels = np.array([0] * 100 + [1] * 12 + [7] * 3)
    x = drawn.normal(size=(115, SIDE)).astype(np.float32)
    source = array_file(tmp_path / "few.npz", x=x, y=labels)
    calibrated = done(folder, source, scores=("loss",))
    warnings = " ".join(calibrated.warnings)
    assert "“dog”" in warnings
    assert "“cat (12)” have fewer than the 19 rows that α = 0.05 needs" in warnings
    assert "“bird (100)” have fewer than the 200 rows for thresholds that α = 0.05" in warnings
    assert "3 rows have no class" in warnings
    assert "A stated ε protects them" in warnings
    thresholds = calibrated.calibration.scores["loss"].classes
    assert thresholds["bird"].threshold is not None
    assert thresholds["cat"].threshold is None
    assert thresholds["dog"].threshold is None


@in_this_process
def test_enough_rows_for_alpha_draw_no_warning(folder: Path, tmp_path: Path) -> None:
    """Ten above the threshold: 200 at α = 0.05, 34 at 0.3."""
    labels = np.array([0] * 34 + [1] * 33 + [2] * 34)
    x = np.random.default_rng(3).normal(size=(101, SIDE)).astype(np.float32)
    source = array_file(tmp_path / "rows.npz", x=x, y=labels)
    warnings = " ".join(done(folder, source, scores=("loss",), alpha="0.3").warnings)
    assert "“cat (33)” have fewer than the 34 rows" in warnings
    assert "bird" not in warnings
    assert "dog" not in warnings


@in_this_process
def test_where_no_class_has_enough_rows_no_rule_is_written(folder: Path, tmp_path: Path) -> None:
    calibrated = done(folder, rows(tmp_path / "rows.npz", 30), scores=("loss",))
    assert calibrated.rule is None
    assert "rule" not in json.loads((folder / "dataselect.json").read_text())


@in_this_process
def test_without_an_answer_about_training_it_asks(folder: Path, tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.npz")
    with pytest.raises(UsageError, match="did these rows help to train"):
        done(folder, source, in_training=None)
    with pytest.raises(UsageError, match="cannot calibrate"):
        done(folder, source, in_training="yes")


@in_this_process
def test_rows_of_the_training_are_left_out_and_told(folder: Path, tmp_path: Path) -> None:
    source, data = rows(tmp_path / "rows.npz"), np.load(tmp_path / "rows.npz")
    trained = array_file(tmp_path / "trained.npz", x=data["x"][:40], y=data["y"][:40])
    calibrated = done(
        folder, source, scores=("loss",), in_training=None, training_records=SourceRef(trained)
    )
    assert "40 rows are among" in " ".join(calibrated.warnings)
    assert calibrated.calibration.seen_in_training == "compared"
    counts = np.bincount(data["y"][40:], minlength=3).tolist()
    assert [c.count for c in calibrated.calibration.scores["loss"].classes.values()] == counts


@in_this_process
@pytest.mark.parametrize(("stated", "is_told"), [("100", True), ("0.0001", False)])
def test_a_loss_below_the_recorded_one_is_told(
    folder: Path, tmp_path: Path, stated: str, *, is_told: bool
) -> None:
    calibrated = done(
        folder,
        rows(tmp_path / "rows.npz"),
        scores=("loss",),
        in_training=None,
        validation_loss=stated,
    )
    assert ("may have been trained on them" in " ".join(calibrated.warnings)) == is_told
    assert calibrated.calibration.seen_in_training == "unknown"


@in_this_process
@pytest.mark.parametrize(
    "options",
    [
        {"alpha": "0"},
        {"alpha": "0.6"},
        {"alpha": "nan"},
        {"scores": ("vog",)},
        {"scores": ("nothing",)},
        {"scores": ("reducible_loss",)},
        {"epsilon": "0"},
        {"delta": "1e-6"},
        {"epsilon": "1", "scores": ("distance",)},
        {"directions": True},
        {"in_training": "perhaps"},
        {"in_training": None, "validation_loss": "low"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(
    folder: Path, tmp_path: Path, options: dict[str, object]
) -> None:
    with pytest.raises(UsageError):
        done(folder, rows(tmp_path / "rows.npz", 6), **options)
    assert json.loads((folder / "dataselect.json").read_text())["own"] == 1


@in_this_process
def test_a_request_that_cannot_be_read_is_left_alone(folder: Path, tmp_path: Path) -> None:
    (folder / "dataselect.json").write_text('{"delta": "much"}')
    with pytest.raises(UnusableError):
        done(folder, rows(tmp_path / "rows.npz", 6))
    assert (folder / "dataselect.json").read_text() == '{"delta": "much"}'


def test_a_stop_leaves_the_request_as_it_was(folder: Path, tmp_path: Path) -> None:
    before = (folder / "dataselect.json").read_bytes()
    context = JobContext()
    context.stop.request()
    with pytest.raises(InterruptedByPersonError):
        calibrate(folder, SourceRef(rows(tmp_path / "rows.npz")), context, UNSEEN)
    assert (folder / "dataselect.json").read_bytes() == before
    assert not list(folder.glob("*.safetensors"))


@in_this_process
def test_a_second_calibration_takes_the_place_of_the_first(folder: Path, tmp_path: Path) -> None:
    first = done(folder, rows(tmp_path / "rows.npz"))
    second = done(folder, rows(tmp_path / "more.npz", 200, seed=5))
    assert first.file != second.file
    assert list(folder.glob("*.safetensors")) == [second.file]
    assert find_checkpoint(folder).request.calibration == second.calibration


@in_this_process
def test_it_can_be_written_elsewhere(folder: Path, tmp_path: Path) -> None:
    before = (folder / "dataselect.json").read_bytes()
    calibrated = done(folder, rows(tmp_path / "rows.npz"), out=tmp_path / "out")
    assert (folder / "dataselect.json").read_bytes() == before
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "dataselect.json",
        (calibrated.file or Path()).name,
    }
    assert json.loads((tmp_path / "out" / "dataselect.json").read_text())["contact"] == "us"
