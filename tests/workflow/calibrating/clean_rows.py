"""A small model with its clean rows, and what plain computations make of them."""

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.source import SourceRef
from dataselect_gui.workflow.calibrating import Calibrated, calibrate
from dataselect_gui.workflow.calibration_options import CalibrationOptions
from tests.helpers import array_file

CPU = torch.device("cpu")
CLASSES = ("bird", "cat", "dog")
SIDE, HIDDEN = 4, 5
UNSEEN = CalibrationOptions(in_training="no", device="cpu")


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
