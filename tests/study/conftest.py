from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.records.model_input import Preprocessor
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.study.dataset import Dataset, read_dataset
from tests.helpers import CLASSES, array_file, targets_of
from tests.in_process import study_here
from tests.models import SIDE, save_series, stir, tiny_resnet

RECORDS = 240


def learnable_records(path: Path, count: int = RECORDS) -> Path:
    """Write images of three classes that differ in brightness, with two or so of a patient."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 3
    pixels = rng.integers(0, 90, (count, SIDE, SIDE)) + 80 * labels[:, None, None]
    return array_file(
        path,
        x=pixels.astype(np.uint8),
        y=labels,
        classes=np.array(CLASSES),
        patient=rng.integers(0, count // 2, count),
    )


@pytest.fixture
def studying_here(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the worker's job of a study in this process."""
    del home
    monkeypatch.setattr("dataselect_gui.workflow.study_jobs.run_job", study_here)


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records that can be learnt from."""
    return learnable_records(tmp_path_factory.mktemp("owner") / "records.npz")


@pytest.fixture(scope="session")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consortium")
    return save_series(folder, [stir(tiny_resnet(), seed) for seed in range(2)])


def dataset_of(records: Path, consortium: Path, unit_column: str | None) -> Dataset:
    source = open_source(SourceRef(records, None, unit_column))
    checkpoint = find_checkpoint(consortium)
    return read_dataset(
        source,
        targets_of(source, checkpoint),
        checkpoint.labels,
        Preprocessor(checkpoint.final, 1),
        1000,
        lambda *_: None,
    )


@pytest.fixture(scope="session")
def dataset(records: Path, consortium: Path) -> Dataset:
    return dataset_of(records, consortium, None)


@pytest.fixture(scope="session")
def dataset_by_patient(records: Path, consortium: Path) -> Dataset:
    return dataset_of(records, consortium, "patient")
