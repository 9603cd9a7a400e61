"""The columns of labels and units go wherever records are read."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.records.source import SourceRef
from tests.helpers import array_file
from tests.projects import consortium, scored_project

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def records(tmp_path: Path) -> SourceRef:
    """Records whose labels are in another column than the usual one, which holds none."""
    rng = np.random.default_rng(0)
    file = array_file(
        tmp_path / "r.npz",
        x=rng.integers(0, 256, (12, 6, 5), dtype=np.uint8),
        y=rng.random((12, 4)),
        finding=np.array(["cat", "dog", "bird"] * 4),
        patient=np.arange(12) // 2,
    )
    return SourceRef(file, "finding", "patient")


def test_pictures_are_read_by_the_projects_own_columns(tmp_path: Path, records: SourceRef) -> None:
    project = scored_project(
        tmp_path / "p.dataselect",
        records.path,
        consortium(tmp_path / "model"),
        unit_column=records.unit_column,
        label_column=records.label_column,
    )
    found = workflow.look(project)
    assert found.records == SourceRef(records.path.resolve(), "finding", "patient")
    assert workflow.Pictures(found).picture(3, 4).shape[2] == 3
