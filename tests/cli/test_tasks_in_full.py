"""From records to a verified bundle, for tasks beside one class of several."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForImageClassification

from dataselect_gui.cli.app import main
from dataselect_gui.project.project import Project
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from tests.checkpoints_made.garments import (
    Garments,
    bright_records,
    pair_records,
    train_brightness,
    train_pairs,
)

COUNT = 24


def run(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    assert main([*map(str, words), "--json"]) == code
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def bundle_of(
    capsys: pytest.CaptureFixture[str], folder: Path, source: Path, model: Path
) -> tuple[Project, dict[str, Any], list[Any]]:
    """Score, select, release and verify; return the project, what scoring said, and the labels."""
    project, bundle = folder / "p.dataselect", folder / "bundle"
    done = run(
        capsys,
        *("score", source, "--checkpoint", model, "--project", project, "--precision", "float64"),
        *("--scores", "loss,grad_norm"),
    )
    assert done["scored"] == COUNT
    run(capsys, "select", project, "--by", "loss", "--threshold", "0")
    asked = ("--epsilon", "8", "--budget", "8", "--in-training", "no", "--threshold-source", "agreed")
    run(capsys, "release", project, "--to", bundle, *asked)
    assert all(check["ok"] for check in run(capsys, "verify", bundle)["checks"])
    lines = (bundle / "data/train/metadata.jsonl").read_text(encoding="utf-8").splitlines()
    assert open_source(SourceRef(bundle / "data/train")).labels == [
        json.loads(line)["label"] for line in lines
    ]
    labels = [json.loads(json.loads(line)["label"]) for line in lines]
    return Project.open(project), done, labels


@pytest.mark.usefixtures("scoring_here")
def test_pairs_of_garments(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    garments = Garments(shared_data)
    model = train_pairs(garments, tmp_path / "model", steps=4)
    source = pair_records(garments, tmp_path / "pairs.npz", COUNT)
    project, done, labels = bundle_of(capsys, tmp_path, source, model)
    assert done["labels"]["task"] == "multi_label"
    assert (done["labels"]["unlabelled"], done["labels"]["unfit"]) == (0, 0)
    with np.load(source) as arrays:
        inputs = torch.from_numpy(arrays["x"] / 127.5 - 1).double()[:, None]
        flags = torch.from_numpy(arrays["y"]).double()
    network = AutoModelForImageClassification.from_pretrained(model).double().eval()
    for row in range(3):
        logits = network(inputs[row : row + 1]).logits[0]
        loss = functional.binary_cross_entropy_with_logits(logits, flags[row], reduction="sum")
        assert project.table.values("loss")[row] == pytest.approx(loss.item(), rel=1e-6)
    possible = [sorted(garments.names[i] for i in np.flatnonzero(row)) for row in flags.numpy()]
    assert labels
    assert all(sorted(label) in possible for label in labels)


@pytest.mark.usefixtures("scoring_here")
def test_how_bright_a_garment_is(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    garments = Garments(shared_data)
    model = train_brightness(garments, tmp_path / "model", steps=4)
    source = bright_records(garments, tmp_path / "bright.npz", COUNT)
    project, done, labels = bundle_of(capsys, tmp_path, source, model)
    assert done["labels"]["task"] == "regression"
    with np.load(source) as arrays:
        inputs, numbers = torch.from_numpy(arrays["x"] / 127.5 - 1).float()[:, None], arrays["y"]
    predicted = torch.export.load(model / "model.pt2").module()(inputs).detach().numpy()[:, 0]
    squared = (predicted.astype(np.float64) - numbers) ** 2
    np.testing.assert_allclose(project.table.values("loss"), squared, rtol=1e-4, atol=1e-7)
    assert labels
    assert set(labels) <= set(numbers.tolist())
