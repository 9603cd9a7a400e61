"""A calibration under differential privacy, also over a former one."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from dataselect_gui.errors import UsageError
from dataselect_gui.records.source import SourceRef
from tests.helpers import write_json
from tests.workflow.calibrating.clean_rows import (
    CLASSES,
    done,
    in_this_process,
    plain,
    rows,
)


@in_this_process
def test_a_calibration_is_repeated_by_its_seed(folder: Path, tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.npz")
    first, other = done(folder, source, seed="c0ffee"), done(folder, source)
    assert first.calibration.split.seed == "c0ffee"
    assert other.calibration.scores["distance"] != first.calibration.scores["distance"]
    assert done(folder, source, seed="c0ffee").calibration == first.calibration
    for seed in ("", "C0FFEE", "0x1", "1" * 65):
        with pytest.raises(UsageError, match="seed cannot be"):
            done(folder, source, seed=seed)


@in_this_process
def test_a_private_calibration_says_what_it_spent_and_no_seed(folder: Path, tmp_path: Path) -> None:
    write_json(folder / "dataselect.json", {"max_grad_norm": 0.4})
    source = rows(tmp_path / "rows.npz", 3000)
    calibrated = done(folder, source, epsilon="4", delta="1e-6", directions=True)
    privacy = calibrated.calibration.privacy
    assert privacy is not None
    assert sum(query.epsilon for query in privacy.queries) == pytest.approx(4)
    assert privacy.epsilon <= 4
    assert (privacy.delta, len(privacy.queries)) == (1e-6, 3)
    assert calibrated.calibration.split.seed is None
    assert calibrated.calibration.features is None
    assert "distance" not in calibrated.calibration.scores
    assert "left out" in " ".join(calibrated.warnings)
    _, losses, classes = plain(source)
    for index, name in enumerate(CLASSES):
        of_class = calibrated.calibration.scores["loss"].classes[name]
        own = losses[classes == index]
        assert abs(of_class.count - len(own)) < 60
        assert of_class.threshold is not None
        assert (own > of_class.threshold).mean() < 0.06
        assert of_class.threshold not in own
    assert calibrated.bounds["loss"][0] == 0.0


@in_this_process
def test_public_rows_bring_the_distance_back(folder: Path, tmp_path: Path) -> None:
    public = rows(tmp_path / "public.npz", 100, seed=9)
    source = rows(tmp_path / "rows.npz", 3000)
    calibrated = done(folder, source, epsilon="8", public_records=SourceRef(public))
    features, _, classes = plain(public)
    stored = load_file(calibrated.file or Path())
    for index in range(3):
        expected = features[classes == index].mean(axis=0)
        np.testing.assert_allclose(stored["means"][index], expected, rtol=1e-9)
    calibration = calibrated.calibration
    assert calibration.features is not None
    assert (calibration.features.source, calibration.features.rows) == ("public", 100)
    assert (calibration.split.statistics, calibration.split.thresholds) == (0, 3000)
    assert all(
        of_class.threshold is not None for of_class in calibration.scores["distance"].classes.values()
    )


# Over a former calibration


def numbers_in(value: object) -> set[float]:
    """Return every number of a part of JSON."""
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return set().union(*map(numbers_in, inside))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {float(value)} if is_number else set()  # type: ignore[arg-type]


@in_this_process
@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_under_epsilon_no_number_of_a_former_calibration_stays(
    folder: Path, tmp_path: Path, *, is_elsewhere: bool
) -> None:
    (folder / "dataselect.json").unlink()
    source, out = rows(tmp_path / "rows.npz"), tmp_path / "out" if is_elsewhere else None
    raw = done(folder, source, alpha="0.4")
    assert raw.file is not None
    assert raw.rule is not None
    former = json.loads((folder / "dataselect.json").read_text())
    calibrated = done(folder, source, epsilon="1", scores=("loss",), out=out)
    assert calibrated.rule is None, "at ε = 1, forty rows of a class are too few for a threshold"
    written = json.loads(calibrated.request.read_text())
    assert written.keys() == {"calibration"}
    exact = numbers_in(former["rule"]) | numbers_in(former["bounds"]) - {0.0}
    assert exact
    assert not exact & numbers_in(written)
    warnings = " ".join(calibrated.warnings)
    assert "bounds.loss" in warnings
    assert "rule" in warnings
    assert not list(calibrated.request.parent.glob("*.safetensors"))
    assert raw.file.exists() == is_elsewhere, "the request beside it still names it"


@in_this_process
def test_what_a_person_typed_stays_and_is_named_as_not_covered(folder: Path, tmp_path: Path) -> None:
    typed = {
        "contact": "us",
        "max_grad_norm": 1.0,
        "bounds": {"vog": [0, 1]},
        "threshold": 0.25,
        "rule": {"conditions": [{"score": "loss", "most": 0.5}]},
    }
    write_json(folder / "dataselect.json", typed)
    calibrated = done(folder, rows(tmp_path / "rows.npz"), epsilon="1", scores=("loss",))
    assert calibrated.rule is None
    written = json.loads(calibrated.request.read_text())
    assert {key: written[key] for key in typed} == typed
    assert any("bounds.vog, rule, threshold." in warning for warning in calibrated.warnings)
    again = done(folder, rows(tmp_path / "rows.npz"), epsilon="1", scores=("loss",))
    assert any("or may have made them" in w and "bounds.vog." in w for w in again.warnings)
    written = json.loads(calibrated.request.read_text())
    assert "bounds" not in written
    assert written["rule"] == typed["rule"]
    plain = done(folder, rows(tmp_path / "rows.npz"), scores=("loss",))
    assert "ε does not cover" not in " ".join(plain.warnings)


@in_this_process
def test_a_rule_that_took_a_threshold_of_the_former_calibration_goes_with_it(
    folder: Path, tmp_path: Path
) -> None:
    source = rows(tmp_path / "rows.npz")
    raw = done(folder, source, scores=("loss",))
    threshold = raw.calibration.scores["loss"].classes["cat"].threshold
    stated = json.loads(raw.request.read_text())
    rule = {"conditions": [{"score": "margin", "least": 0}, {"score": "loss", "most": str(threshold)}]}
    write_json(raw.request, stated | {"rule": rule, "threshold": threshold, "score": "loss"})
    calibrated = done(folder, source, epsilon="1", scores=("loss",))
    assert calibrated.rule is None
    assert json.loads(calibrated.request.read_text()).keys() == {
        "calibration",
        "contact",
        "own",
        "score",
    }


@in_this_process
def test_without_epsilon_the_rule_of_the_former_calibration_goes_too(
    folder: Path, tmp_path: Path
) -> None:
    done(folder, rows(tmp_path / "rows.npz"), scores=("loss",))
    calibrated = done(folder, rows(tmp_path / "few.npz", 30), scores=("loss",))
    assert calibrated.rule is None
    written = json.loads(calibrated.request.read_text())
    assert "rule" not in written
    assert written["bounds"]["vog"] == [0, 1]


@in_this_process
def test_whoever_calibrates_again_under_epsilon_is_told_to_hand_over_one_result(
    folder: Path, tmp_path: Path
) -> None:
    source = rows(tmp_path / "rows.npz")
    for alpha in ("0.05", "0.2"):
        calibrated = done(folder, source, epsilon="1", scores=("loss",), alpha=alpha)
        assert sum("Hand over one result" in warning for warning in calibrated.warnings) == 1
    assert "Hand over" not in " ".join(done(folder, source, scores=("loss",)).warnings)


@in_this_process
def test_the_distance_is_told_to_be_left_out_where_the_default_had_it(
    folder: Path, tmp_path: Path
) -> None:
    source = rows(tmp_path / "rows.npz")
    by_default = done(folder, source, epsilon="1")
    assert any("distance is left out" in warning for warning in by_default.warnings)
    named = done(folder, source, epsilon="1", scores=("loss",))
    assert "distance" not in " ".join(named.warnings)
