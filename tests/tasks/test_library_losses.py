"""Checkpoints of the transformers library: their loss is the library's own, summed over the outputs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModelForImageClassification, ResNetConfig, ResNetForImageClassification

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.tasks.task import Targets
from tests.helpers import write_json
from tests.models import SIDE, save_member, stir

CPU = torch.device("cpu")
COUNT = 4
RECORDS = np.random.default_rng(5).normal(size=(COUNT, 1, SIDE, SIDE)).astype(np.float32)
NAMES = ["loss", "grad_norm"]


def saved(folder: Path, problem_type: str | None, outputs: int, **request: object) -> nn.Module:
    """Write a checkpoint, and return it in float64 as the library loads it."""
    stated: dict[str, Any] = {"num_labels": outputs, "problem_type": problem_type}
    sizes: dict[str, Any] = {"embedding_size": 4, "hidden_sizes": [4, 8], "depths": [1, 1]}
    config = ResNetConfig(num_channels=1, layer_type="basic", **sizes, **stated)
    save_member(folder, stir(ResNetForImageClassification(config), 0))
    write_json(folder / "dataselect.json", request)
    model: nn.Module = AutoModelForImageClassification.from_pretrained(folder).double().eval()
    return model


def check(folder: Path, model: nn.Module, losses: list[torch.Tensor], targets: Targets) -> None:
    scored = Scorer(find_checkpoint(folder), NAMES, CPU, "float64").score(NAMES, RECORDS, targets)
    for row, loss in enumerate(losses):
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
        np.testing.assert_allclose(scored["loss"][row], loss.item(), rtol=1e-9)
        np.testing.assert_allclose(scored["grad_norm"][row], norm.item(), rtol=1e-9)


TARGETS: dict[str, tuple[str | None, Targets]] = {
    "several of three": (
        "multi_label_classification",
        np.array([[1.0, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]]),
    ),
    "several of two": ("multi_label_classification", np.array([[1.0, 0], [0, 0], [1, 1], [0, 1]])),
    "one yes or no": ("multi_label_classification", np.array([[1.0], [0], [1], [0]])),
    "a number, unstated": (None, np.array([[0.5], [-3.0], [0.0], [40.0]])),
    "a number": ("regression", np.array([[0.5], [-3.0], [0.0], [40.0]])),
    "three numbers": (
        "regression",
        np.array([[0.5, 1, 2], [-3, 0, 0.25], [0, 0, 0], [40, 1e3, -1]]),
    ),
    "one of two": ("single_label_classification", np.array([0, 1, 1, 0])),
    "one of three": ("single_label_classification", np.array([2, 1, 0, 0])),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_a_stated_task_has_the_librarys_loss(tmp_path: Path, kind: str) -> None:
    """The finding: softmax for several labels, and 0 for whatever has one output."""
    problem_type, targets = TARGETS[kind]
    summed = targets.shape[1] if targets.ndim == 2 else 1  # The library averages over the outputs.
    outputs = summed if targets.ndim == 2 else int(targets.max()) + 1
    model = saved(tmp_path, problem_type, outputs)
    losses = [
        summed * model(torch.from_numpy(record)[None].double(), labels=torch.from_numpy(target)).loss
        for record, target in zip(RECORDS, targets.reshape(COUNT, 1, -1), strict=True)
    ]
    if targets.ndim == 2:
        assert min(loss.item() for loss in losses) > 0
    check(tmp_path, model, losses, targets)


def test_one_output_of_two_classes_is_a_logit(tmp_path: Path) -> None:
    model, targets = saved(tmp_path, None, 1, task="binary"), np.array([0, 1, 1, 0])
    losses = [
        functional.binary_cross_entropy_with_logits(
            model(torch.from_numpy(record)[None].double()).logits[0, 0], torch.tensor(target).double()
        )
        for record, target in zip(RECORDS, targets, strict=True)
    ]
    check(tmp_path, model, losses, targets)


CLASSIFIES = {"problem_type": "single_label_classification"}


@pytest.mark.parametrize(
    ("stated", "request_"),
    [(CLASSIFIES, {}), ({}, {"task": "single_label"}), (CLASSIFIES, {"task": "single_label"})],
    ids=str,
)
def test_one_output_alone_is_no_class(
    tmp_path: Path, stated: dict[str, object], request_: dict[str, object]
) -> None:
    """Its softmax is 1 whatever the record is: a loss of 0 and no gradient."""
    saved(tmp_path, None, 1, **request_)
    path = tmp_path / "config.json"
    write_json(path, json.loads(path.read_text()) | stated)
    with pytest.raises(UnusableError, match="returns one number"):
        Scorer(find_checkpoint(tmp_path), NAMES, CPU, "float64").prepare((COUNT, 1, SIDE, SIDE))
