"""A calibration from clean rows to the request, against plain computations."""

import json
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file
from torch import Tensor, nn
from torch.nn import functional

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import InterruptedByPersonError, UnusableError, UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker.feature_run import run_features
from dataselect_gui.workflow.calibrating import Calibrated, calibrate
from dataselect_gui.workflow.calibration_options import CalibrationOptions
from tests.helpers import array_file, write_json
from tests.models import export, save_member, stir, tiny_resnet

CPU = torch.device("cpu")
CLASSES = ("bird", "cat", "dog")
SIDE, HIDDEN = 4, 5
UNSEEN = CalibrationOptions(in_training="no", device="cpu")


@pytest.fixture
def here(scoring_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's jobs be done in this process, which has torch already."""
    del scoring_here
    monkeypatch.setattr("dataselect_gui.workflow.features.run_job", run_features)


in_this_process = pytest.mark.usefixtures("here")


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.entry, self.exit = nn.Linear(SIDE, HIDDEN), nn.Linear(HIDDEN, len(CLASSES))

    def features(self, inputs: Tensor) -> Tensor:
        entered: Tensor = self.entry(inputs).tanh()
        return entered

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.exit(self.features(inputs))
        return logits


def model() -> Small:
    torch.manual_seed(0)
    made = Small().eval()
    with torch.no_grad():
        made.exit.weight *= 4
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "checkpoint"
    export(place / "model.pt2", model(), torch.zeros(2, SIDE))
    write_json(place / "config.json", {"id2label": dict(enumerate(CLASSES))})
    write_json(place / "dataselect.json", {"contact": "us", "bounds": {"vog": [0, 1]}, "own": 1})
    return place


def rows(path: Path, count: int = 120, *, seed: int = 1, classes: int = 3) -> Path:
    drawn = np.random.default_rng(seed)
    return array_file(
        path,
        x=drawn.normal(size=(count, SIDE)).astype(np.float32),
        y=drawn.integers(0, classes, count),
        classes=np.array(CLASSES),
    )


def plain(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return features, losses and classes of rows, by PyTorch in float64."""
    stored = np.load(path)
    double = model().double()
    inputs = torch.from_numpy(stored["x"]).double()
    with torch.no_grad():
        losses = functional.cross_entropy(
            double(inputs), torch.from_numpy(stored["y"]), reduction="none"
        )
        return double.features(inputs).numpy(), losses.numpy(), stored["y"]


def done(folder: Path, source: Path, **options: Any) -> Calibrated:  # noqa: ANN401
    return calibrate(folder, SourceRef(source), JobContext(), replace(UNSEEN, **options))


def by_rank(values: NDArray[np.float64], alpha: Fraction) -> float | None:
    ordered = sorted(values.tolist())
    rank = math.ceil((1 - alpha) * (len(ordered) + 1))
    return None if rank > len(ordered) else ordered[rank - 1]


@in_this_process
def test_thresholds_are_those_of_the_rank_in_every_class(folder: Path, tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.npz")
    found = done(folder, source, scores=("loss",), alpha="0.1")
    _, losses, classes = plain(source)
    for index, name in enumerate(CLASSES):
        own = losses[classes == index]
        told = found.calibration.scores["loss"].classes[name]
        assert told.count == len(own)
        assert told.threshold == pytest.approx(by_rank(own, Fraction(1, 10)), rel=1e-5)
    assert found.calibration.file is None
    assert found.calibration.split.seed is None
    written = json.loads((folder / "dataselect.json").read_text())
    assert written["contact"] == "us"
    assert written["own"] == 1
    assert written["bounds"]["vog"] == [0, 1]
    assert written["bounds"]["loss"][0] < written["bounds"]["loss"][1]
    assert "el2n" not in written["bounds"]  # It has its own, √2.
    thresholds = {n: c.threshold for n, c in found.calibration.scores["loss"].classes.items()}
    rule = {"conditions": [{"score": "loss", "most": thresholds, "otherwise": "keep"}]}
    assert written["rule"] == rule
    assert find_checkpoint(folder).request.calibration == found.calibration


def test_means_and_covariance_are_of_other_rows_than_thresholds(folder: Path, tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.npz", 400)
    found = done(folder, source, alpha="0.2")
    split = found.calibration.split
    assert (split.statistics, split.thresholds) == (200, 200)
    stored = load_file(found.file or Path())
    features, losses, classes = plain(source)
    # The rows of the statistics are found by the seed, as the documentation says.
    import hashlib

    order = sorted(range(400), key=lambda row: hashlib.sha256(f"{split.seed} {row}".encode()).digest())
    of_statistics, others = np.array(order[:200]), np.array(order[200:])
    for index in range(3):
        own = of_statistics[classes[of_statistics] == index]
        np.testing.assert_allclose(stored["means"][index], features[own].mean(axis=0), rtol=1e-9)
    offsets = features[of_statistics] - stored["means"][classes[of_statistics]]
    expected = np.mean([np.outer(one, one) for one in offsets], axis=0)
    np.testing.assert_allclose(stored["covariance"], expected, rtol=1e-9)
    for name, values in (("loss", losses), ("distance", _distances(features, classes, stored))):
        own_alpha = found.calibration.scores[name].alpha
        assert own_alpha == pytest.approx(0.1)
        for index, class_name in enumerate(CLASSES):
            its = values[others[classes[others] == index]]
            told = found.calibration.scores[name].classes[class_name]
            assert told.count == len(its)
            assert told.threshold == pytest.approx(by_rank(its, Fraction(1, 10)), rel=1e-5)


def _distances(
    features: NDArray[np.float64], classes: NDArray[np.int64], stored: dict[str, Any]
) -> NDArray[np.float64]:
    covariance = stored["covariance"]
    width = len(covariance)
    inverse = np.linalg.inv(0.9 * covariance + 0.1 * np.trace(covariance) / width * np.eye(width))
    offsets = features - stored["means"][classes]
    return np.array([one @ inverse @ one for one in offsets]) ** 0.5


@in_this_process
def test_the_owners_distance_is_the_calibrations(folder: Path, tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.npz")
    found = done(folder, source)
    features, _, classes = plain(source)
    scorer = Scorer(find_checkpoint(folder), ["distance"], CPU, "float64")
    own = scorer.score(["distance"], np.load(source)["x"], classes)["distance"]
    np.testing.assert_allclose(
        own, _distances(features, classes, load_file(found.file or Path())), rtol=1e-9
    )


@in_this_process
def test_recall_is_the_share_that_the_model_recognises(folder: Path, tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.npz")
    found = done(folder, source, scores=("loss",))
    stored = np.load(source)
    with torch.no_grad():
        predicted = model()(torch.from_numpy(stored["x"])).argmax(dim=1).numpy()
    for index, name in enumerate(CLASSES):
        own = predicted[stored["y"] == index] == index
        assert found.calibration.recall[name].recall == pytest.approx(own.mean())


@in_this_process
def test_directions_are_sums_of_clipped_gradients(folder: Path, tmp_path: Path) -> None:
    write_json(folder / "dataselect.json", {"max_grad_norm": 0.4})
    source = rows(tmp_path / "rows.npz", 60)
    found = done(folder, source, scores=("loss",), directions=True)
    stored, data = load_file(found.file or Path()), np.load(source)
    import hashlib

    seed = found.calibration.split.seed
    order = sorted(range(60), key=lambda row: hashlib.sha256(f"{seed} {row}".encode()).digest())
    double = model().double()
    for index in range(3):
        total = dict.fromkeys(dict(double.named_parameters()), torch.zeros(()).double())
        for row in order[:30]:
            if data["y"][row] != index:
                continue
            loss = functional.cross_entropy(
                double(torch.from_numpy(data["x"][row])[None].double()), torch.tensor([index])
            )
            gradients = torch.autograd.grad(loss, list(double.parameters()))
            norm = sum(g.square().sum() for g in gradients) ** 0.5
            for name, g in zip(total, gradients, strict=True):
                total[name] = total[name] + g * min(1.0, 0.4 / float(norm))
        for name, values in total.items():
            written = stored[f"direction.{index}.{name}"] * 0.4
            np.testing.assert_allclose(written, values.numpy(), rtol=1e-4, atol=1e-5)
    scorer = Scorer(find_checkpoint(folder), ["clipped_alignment"], CPU, "float64")
    scored = scorer.score(["clipped_alignment"], data["x"], data["y"])["clipped_alignment"]
    assert np.abs(scored).max() <= 0.4


@in_this_process
def test_deep_images_have_the_features_of_what_their_pixel_range_makes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: "0" * 2 * size)  # One split for both.
    place, values = tmp_path / "model", np.random.default_rng(4).integers(0, 256, (40, 12, 12))
    save_member(place, stir(tiny_resnet(), 3))
    found = []
    for name, factor, kind in (("usual", 1, np.uint8), ("deep", 10, np.uint16)):
        for number, pixels in enumerate(values):
            folder = tmp_path / name / ("bird", "cat")[number % 2]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray((pixels * factor).astype(kind)).save(folder / f"{number:02}.png")
        write_json(place / "dataselect.json", {"pixel_range": [0, 255 * factor]})
        found.append(done(place, tmp_path / name, alpha="0.4", out=tmp_path / f"out-{name}"))
    usual, deep = found
    assert usual.calibration.scores["distance"].classes["bird"].threshold is not None
    assert deep.calibration.scores == usual.calibration.scores
    files = [load_file(each.file or Path()) for each in found]
    np.testing.assert_array_equal(files[0]["means"], files[1]["means"])
    np.testing.assert_array_equal(files[0]["covariance"], files[1]["covariance"])


# What is warned of, asked for and refused


@in_this_process
def test_what_is_missing_or_too_little_is_told(folder: Path, tmp_path: Path) -> None:
    drawn = np.random.default_rng(3)
    labels = np.array([0] * 100 + [1] * 12 + [7] * 3)
    x = drawn.normal(size=(115, SIDE)).astype(np.float32)
    source = array_file(tmp_path / "few.npz", x=x, y=labels)
    found = done(folder, source, scores=("loss",))
    told = " ".join(found.warnings)
    assert "“dog”" in told
    assert "“cat (12)”" in told
    assert "19" in told
    assert "3 rows have no class" in told
    assert "A stated ε protects them" in told
    thresholds = found.calibration.scores["loss"].classes
    assert thresholds["bird"].threshold is not None
    assert thresholds["cat"].threshold is None
    assert thresholds["dog"].threshold is None


@in_this_process
def test_where_no_class_has_enough_rows_no_rule_is_written(folder: Path, tmp_path: Path) -> None:
    found = done(folder, rows(tmp_path / "rows.npz", 30), scores=("loss",))
    assert found.rule is None
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
    found = done(
        folder, source, scores=("loss",), in_training=None, training_records=SourceRef(trained)
    )
    assert "40 rows are among" in " ".join(found.warnings)
    assert found.calibration.seen_in_training == "compared"
    counts = np.bincount(data["y"][40:], minlength=3).tolist()
    assert [c.count for c in found.calibration.scores["loss"].classes.values()] == counts


@in_this_process
@pytest.mark.parametrize(("stated", "is_told"), [("100", True), ("0.0001", False)])
def test_a_loss_below_the_recorded_one_is_told(
    folder: Path, tmp_path: Path, stated: str, *, is_told: bool
) -> None:
    found = done(
        folder,
        rows(tmp_path / "rows.npz"),
        scores=("loss",),
        in_training=None,
        validation_loss=stated,
    )
    assert ("may have been trained on them" in " ".join(found.warnings)) == is_told
    assert found.calibration.seen_in_training == "unknown"


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
    found = done(folder, rows(tmp_path / "rows.npz"), out=tmp_path / "out")
    assert (folder / "dataselect.json").read_bytes() == before
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "dataselect.json",
        (found.file or Path()).name,
    }
    assert json.loads((tmp_path / "out" / "dataselect.json").read_text())["contact"] == "us"


# Under differential privacy


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
    found = done(folder, source, epsilon="4", delta="1e-6", directions=True)
    privacy = found.calibration.privacy
    assert privacy is not None
    assert sum(query.epsilon for query in privacy.queries) == pytest.approx(4)
    assert privacy.epsilon <= 4
    assert (privacy.delta, len(privacy.queries)) == (1e-6, 3)
    assert found.calibration.split.seed is None
    assert found.calibration.features is None
    assert "distance" not in found.calibration.scores
    assert "left out" in " ".join(found.warnings)
    _, losses, classes = plain(source)
    for index, name in enumerate(CLASSES):
        told = found.calibration.scores["loss"].classes[name]
        own = losses[classes == index]
        assert abs(told.count - len(own)) < 60
        assert told.threshold is not None
        assert (own > told.threshold).mean() < 0.06
        assert told.threshold not in own
    assert found.bounds["loss"][0] == 0.0


@in_this_process
def test_public_rows_bring_the_distance_back(folder: Path, tmp_path: Path) -> None:
    public = rows(tmp_path / "public.npz", 100, seed=9)
    source = rows(tmp_path / "rows.npz", 3000)
    found = done(folder, source, epsilon="8", public_records=SourceRef(public))
    features, _, classes = plain(public)
    stored = load_file(found.file or Path())
    for index in range(3):
        expected = features[classes == index].mean(axis=0)
        np.testing.assert_allclose(stored["means"][index], expected, rtol=1e-9)
    told = found.calibration
    assert told.features is not None
    assert (told.features.source, told.features.rows) == ("public", 100)
    assert (told.split.statistics, told.split.thresholds) == (0, 3000)
    assert all(found.threshold is not None for found in told.scores["distance"].classes.values())


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
    found = done(folder, source, epsilon="1", scores=("loss",), out=out)
    assert found.rule is None, "at ε = 1, forty rows of a class are too few for a threshold"
    written = json.loads(found.request.read_text())
    assert written.keys() == {"calibration"}
    exact = numbers_in(former["rule"]) | numbers_in(former["bounds"]) - {0.0}
    assert exact
    assert not exact & numbers_in(written)
    told = " ".join(found.warnings)
    assert "bounds.loss" in told
    assert "rule" in told
    assert not list(found.request.parent.glob("*.safetensors"))
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
    found = done(folder, rows(tmp_path / "rows.npz"), epsilon="1", scores=("loss",))
    assert found.rule is None
    written = json.loads(found.request.read_text())
    assert {key: written[key] for key in typed} == typed
    assert any("bounds.vog, rule, threshold." in warning for warning in found.warnings)
    again = done(folder, rows(tmp_path / "rows.npz"), epsilon="1", scores=("loss",))
    assert any("or may have made them" in w and "bounds.vog." in w for w in again.warnings)
    written = json.loads(found.request.read_text())
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
    found = done(folder, source, epsilon="1", scores=("loss",))
    assert found.rule is None
    assert json.loads(found.request.read_text()).keys() == {"calibration", "contact", "own", "score"}


@in_this_process
def test_without_epsilon_the_rule_of_the_former_calibration_goes_too(
    folder: Path, tmp_path: Path
) -> None:
    done(folder, rows(tmp_path / "rows.npz"), scores=("loss",))
    found = done(folder, rows(tmp_path / "few.npz", 30), scores=("loss",))
    assert found.rule is None
    written = json.loads(found.request.read_text())
    assert "rule" not in written
    assert written["bounds"]["vog"] == [0, 1]


@in_this_process
def test_whoever_calibrates_again_under_epsilon_is_told_to_hand_over_one_result(
    folder: Path, tmp_path: Path
) -> None:
    source = rows(tmp_path / "rows.npz")
    for alpha in ("0.05", "0.2"):
        found = done(folder, source, epsilon="1", scores=("loss",), alpha=alpha)
        assert sum("Hand over one result" in warning for warning in found.warnings) == 1
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
