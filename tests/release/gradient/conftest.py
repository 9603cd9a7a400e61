"""A project whose gradients are summed."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from tests.helpers import array_file, write_json
from tests.models import save_member, stir, tiny_resnet
from tests.projects import scored_project
from tests.release.gradient.summing import LOSSES, NORM, in_process


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consortium")
    save_member(folder, stir(tiny_resnet(), 3))
    write_json(folder / "dataselect.json", {"score": "loss", "threshold": 1.0, "max_grad_norm": NORM})
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pixels = np.random.default_rng(4).integers(0, 256, (12, 16, 16), dtype=np.uint8)
    return array_file(
        tmp_path_factory.mktemp("records") / "records.npz",
        x=pixels,
        y=np.arange(12) % 3,
        classes=np.array(["bird", "cat", "dog"]),
        patient=np.array([f"patient {row // 3}" for row in range(12)]),
    )


@pytest.fixture
def project(tmp_path: Path, source: Path, checkpoint: Path) -> Path:
    folder = scored_project(tmp_path / "p.dataselect", source, checkpoint, LOSSES)
    workflow.select_records(folder, workflow.make_rule("loss", threshold="1"))
    return folder


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker's job be done in this process, which has torch already."""
    monkeypatch.setattr("dataselect_gui.workflow.gradient_sum.run_job", in_process)
