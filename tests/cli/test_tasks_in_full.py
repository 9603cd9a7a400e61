"""From records to a verified bundle, for tasks beside one class of several."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from torch.nn import functional
from transformers import AutoImageProcessor, AutoModelForImageClassification

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
from tests.cli.shell import run

COUNT = 24


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


def inputs_of(model: Path, pictures: NDArray[np.uint8]) -> torch.Tensor:
    """Return the inputs of pictures as the transformers library makes them, in float64."""
    processor = AutoImageProcessor.from_pretrained(model, local_files_only=True, backend="pil")
    images = [Image.fromarray(picture) for picture in pictures]
    made = processor(images=images, return_tensors="np")["pixel_values"]
    return torch.from_numpy(np.asarray(made)).double()


def agrees(project: Project, network: nn.Module, loss: Callable[[int], torch.Tensor]) -> None:
    """Hold the scores of each record against a loop of a record at a time, in float64."""
    weights = list(network.parameters())
    for row in range(COUNT):
        loss_of_row = loss(row)
        gradients = torch.autograd.grad(loss_of_row, weights)
        norm = torch.cat([part.flatten() for part in gradients]).norm()
        for score, value in (("loss", loss_of_row), ("grad_norm", norm)):
            known = float(project.table.values(score)[row])
            assert known == pytest.approx(value.item(), rel=1e-9, abs=1e-12), (score, row)


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
        inputs, flags = inputs_of(model, arrays["x"]), torch.from_numpy(arrays["y"]).double()
    network = AutoModelForImageClassification.from_pretrained(model).double().eval()

    def loss(row: int) -> torch.Tensor:
        logits = network(inputs[row : row + 1]).logits[0]
        return functional.binary_cross_entropy_with_logits(logits, flags[row], reduction="sum")

    agrees(project, network, loss)
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
        inputs, numbers = inputs_of(model, arrays["x"]), arrays["y"]
    network = torch.export.load(model / "model.pt2").module().double()
    known = torch.from_numpy(numbers).double()
    agrees(project, network, lambda row: (network(inputs[row : row + 1])[0, 0] - known[row]) ** 2)
    assert labels
    assert set(labels) <= set(numbers.tolist())
