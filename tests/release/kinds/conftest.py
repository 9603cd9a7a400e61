"""Projects with a selection, whose unit is a record or a person."""

from pathlib import Path

import pytest

from tests.projects import consortium, scored_project
from tests.releases import select


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return consortium(tmp_path / "consortium", bounds={"loss": [0, 1]})


@pytest.fixture
def people(tmp_path: Path, source: Path, checkpoint: Path) -> Path:
    """A project of 14 people with up to three records each."""
    folder = scored_project(tmp_path / "u.dataselect", source, checkpoint, unit_column="patient")
    select(folder, threshold="0.5")
    return folder
