"""A project with a selection."""

from pathlib import Path

import pytest

from tests.releases import select


@pytest.fixture
def project(project: Path) -> Path:
    select(project, threshold="0.5")
    return project
