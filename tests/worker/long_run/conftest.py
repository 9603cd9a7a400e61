"""A series, and images to score with it."""

from pathlib import Path

import pytest

from tests.helpers import CLASSES, image_folder
from tests.models import save_series, stir, tiny_resnet
from tests.worker.long_run.runs import COUNT


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consortium")
    return save_series(folder, [stir(tiny_resnet(), seed) for seed in range(2)])


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [f"{CLASSES[n % 3]}/{n}.png" for n in range(COUNT)]
    return image_folder(tmp_path_factory.mktemp("owner") / "scans", names)
