"""Checkpoints of both forms, for tests that change something in them."""

from pathlib import Path

import pytest
import torch

from tests.checkpoints.exported_files import Small
from tests.models import export, save_member, stir, tiny_resnet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Hugging Face folder."""
    save_member(tmp_path / "model", stir(tiny_resnet(), 0))
    return tmp_path / "model"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ``.pt2`` file; tests change a copy of it."""
    folder = tmp_path_factory.mktemp("good")
    return export(folder / "model.pt2", stir(Small(), 0), torch.zeros(2, 4))
