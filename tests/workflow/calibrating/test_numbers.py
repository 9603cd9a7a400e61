"""A calibration from clean rows to the request, against plain computations."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file
from torch.nn import functional

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.scoring.scorer import Scorer
from tests.helpers import write_json
from tests.models import save_member, stir, tiny_resnet
from tests.workflow.calibrating.clean_rows import (
    CLASSES,
    CPU,
    by_rank,
    done,
    in_this_process,
    model,
    plain,
    rows,
)


@in_this_process
def test_thresholds_are_those_of_the_rank_in_every_class(folder: Path, tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.npz")
    calibrated = done(folder, source, scores=("loss",), alpha="0.1")
    _, losses, classes = plain(source)
    for index, name in enumerate(CLASSES):
        own = losses[classes == index]
        of_class = calibrated.calibration.scores["loss"].classes[name]
        assert of_class.count == len(own)
        assert of_class.threshold == pytest.approx(by_rank(own, Fraction(1, 10)), rel=1e-5)
    assert calibrated.calibration.file is None
    assert calibrated.calibration.split.seed is None
    written = json.loads((folder / "dataselect.json").read_text())
    assert written["contact"] == "us"
    assert written["own"] == 1
    assert written["bounds"]["vog"] == [0, 1]
    assert written["bounds"]["loss"][0] < written["bounds"]["loss"][1]
    assert "el2n" not in written["bounds"]  # It has its own, √2.
    thresholds = {n: c.threshold for n, c in calibrated.calibration.scores["loss"].classes.items()}
    rule = {"conditions": [{"score": "loss", "most": thresholds, "otherwise": "keep"}]}
    assert written["rule"] == rule
    assert find_checkpoint(folder).request.calibration == calibrated.calibration


def test_means_and_covariance_are_of_other_rows_than_thresholds(folder: Path, tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.npz", 400)
    calibrated = done(folder, source, alpha="0.2")
    split = calibrated.calibration.split
    assert (split.statistics, split.thresholds) == (200, 200)
    stored = load_file(calibrated.file or Path())
    features, losses, classes = plain(source)
    # The rows of the statistics are found by the seed, as the documentation says.
    import hashlib

    order = sorted(range(400), key=lambda row: hashlib.sha256(f"{split.seed} {row}".encode()).digest())
    of_statistics, others = np.array(order[:200]), np.array(order[200:])
    for index in range(3):
        own = of_statistics[classes[of_statistics] == index]
        np.testing.assert_allclose(stored["means"][index], features[own].mean(axis=0), rtol=1e-9)
    offsets = features[of_statistics] - stored["means"][classes[of_statistics]]
    expected = np.mean([np.outer(offset, offset) for offset in offsets], axis=0)
    np.testing.assert_allclose(stored["covariance"], expected, rtol=1e-9)
    for name, values in (("loss", losses), ("distance", _distances(features, classes, stored))):
        own_alpha = calibrated.calibration.scores[name].alpha
        assert own_alpha == pytest.approx(0.1)
        for index, class_name in enumerate(CLASSES):
            its = values[others[classes[others] == index]]
            of_class = calibrated.calibration.scores[name].classes[class_name]
            assert of_class.count == len(its)
            assert of_class.threshold == pytest.approx(by_rank(its, Fraction(1, 10)), rel=1e-5)


def _distances(
    features: NDArray[np.float64], classes: NDArray[np.int64], stored: dict[str, Any]
) -> NDArray[np.float64]:
    covariance = stored["covariance"]
    width = len(covariance)
    inverse = np.linalg.inv(0.9 * covariance + 0.1 * np.trace(covariance) / width * np.eye(width))
    offsets = features - stored["means"][classes]
    return np.array([offset @ inverse @ offset for offset in offsets]) ** 0.5


@in_this_process
def test_the_owners_distance_is_the_calibrations(folder: Path, tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.npz")
    calibrated = done(folder, source)
    features, _, classes = plain(source)
    scorer = Scorer(find_checkpoint(folder), ["distance"], CPU, "float64")
    own = scorer.score(["distance"], np.load(source)["x"], classes)["distance"]
    np.testing.assert_allclose(
        own, _distances(features, classes, load_file(calibrated.file or Path())), rtol=1e-9
    )


@in_this_process
def test_recall_is_the_share_that_the_model_recognises(folder: Path, tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.npz")
    calibrated = done(folder, source, scores=("loss",))
    stored = np.load(source)
    with torch.no_grad():
        predicted = model()(torch.from_numpy(stored["x"])).argmax(dim=1).numpy()
    for index, name in enumerate(CLASSES):
        own = predicted[stored["y"] == index] == index
        assert calibrated.calibration.recall[name].recall == pytest.approx(own.mean())


@in_this_process
def test_directions_are_sums_of_clipped_gradients(folder: Path, tmp_path: Path) -> None:
    write_json(folder / "dataselect.json", {"max_grad_norm": 0.4})
    source = rows(tmp_path / "rows.npz", 60)
    calibrated = done(folder, source, scores=("loss",), directions=True)
    stored, data = load_file(calibrated.file or Path()), np.load(source)
    import hashlib

    seed = calibrated.calibration.split.seed
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
    calibrated = []
    for name, factor, kind in (("usual", 1, np.uint8), ("deep", 10, np.uint16)):
        for number, pixels in enumerate(values):
            folder = tmp_path / name / ("bird", "cat")[number % 2]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray((pixels * factor).astype(kind)).save(folder / f"{number:02}.png")
        write_json(place / "dataselect.json", {"pixel_range": [0, 255 * factor]})
        calibrated.append(done(place, tmp_path / name, alpha="0.4", out=tmp_path / f"out-{name}"))
    usual, deep = calibrated
    assert usual.calibration.scores["distance"].classes["bird"].threshold is not None
    assert deep.calibration.scores == usual.calibration.scores
    files = [load_file(each.file or Path()) for each in calibrated]
    np.testing.assert_array_equal(files[0]["means"], files[1]["means"])
    np.testing.assert_array_equal(files[0]["covariance"], files[1]["covariance"])
