"""Bundles made to harm whoever checks them, or to tell more than they say, their checksums fitting.

A check reads nothing but the bundle, opens no connection, ends, and answers: whatever is in there.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.projects import consortium, owner_records, scored_project
from tests.releases import release, select


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle of each form of content."""
    root = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATASELECT_HOME", str(root / "home"))
        checkpoint = consortium(root / "consortium", bounds={"loss": [0, 1]})
        project = scored_project(root / "p.dataselect", owner_records(root / "r.npz"), checkpoint)
        select(project, threshold="0.5")
        release(project, root / "records", budget="30")
        release(project, root / "scores", kind="scores", budget=None)
        release(project, root / "report", kind="report", bins="0.5", by_class=True, budget=None)
        release(
            project, root / "gaussian", kind="report", mechanism="discrete-gaussian", delta="1e-6",
            bins="0.5", budget=None,
        )  # fmt: skip
        floats = np.random.default_rng(0).random((30, 1, 4, 4)).astype(np.float32)
        np.savez(root / "f.npz", x=floats, y=np.arange(30) % 3)
        project = scored_project(root / "f.dataselect", root / "f.npz", checkpoint)
        select(project, threshold="0")
        release(project, root / "floats", threshold_from="agreed", budget="30")
    return root


@pytest.fixture
def bundle_of(made: Path, tmp_path: Path) -> Callable[[str], Path]:
    def copied(name: str) -> Path:
        return Path(shutil.copytree(made / name, tmp_path / "b"))

    return copied


@pytest.fixture
def bundle(bundle_of: Callable[[str], Path]) -> Path:
    return bundle_of("records")
