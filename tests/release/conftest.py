"""A project that has a selection, as most releases start from."""

from pathlib import Path

import pytest

from tests.releases import select


@pytest.fixture
def project(project: Path) -> Path:
    """A project of forty images, of which the loss picks those of 0.5 and more."""
    select(project, threshold="0.5")
    return project
