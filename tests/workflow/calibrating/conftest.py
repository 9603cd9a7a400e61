"""Where a calibration is made."""

from pathlib import Path

import pytest
import torch

from dataselect_gui.worker.feature_run import run_features
from tests.helpers import write_json
from tests.models import export
from tests.workflow.calibrating.clean_rows import CLASSES, SIDE, model


@pytest.fixture
def here(scoring_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's jobs be done in this process, which has torch already."""
    del scoring_here
    monkeypatch.setattr("dataselect_gui.workflow.features.run_job", run_features)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "checkpoint"
    export(place / "model.pt2", model(), torch.zeros(2, SIDE))
    write_json(place / "config.json", {"id2label": dict(enumerate(CLASSES))})
    write_json(place / "dataselect.json", {"contact": "us", "bounds": {"vog": [0, 1]}, "own": 1})
    return place
