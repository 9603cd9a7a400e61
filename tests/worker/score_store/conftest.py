"""A project, and what receives the scores of one."""

from pathlib import Path

import pytest

from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import StoredCheckpoint, StoredSource
from dataselect_gui.records.source import SourceRef
from dataselect_gui.worker.score_receiver import ScoreReceiver
from tests.helpers import CLASSES, image_folder
from tests.projects import consortium
from tests.worker.score_store.sending import COUNT, receiver_of


@pytest.fixture
def project(tmp_path: Path) -> Project:
    names = [f"{CLASSES[n % 3]}/{n}.png" for n in range(COUNT)]
    scans, model = image_folder(tmp_path / "scans", names), consortium(tmp_path / "model")
    source = StoredSource.of(SourceRef(scans), "images")
    return Project.create(tmp_path / "p.dataselect", source, StoredCheckpoint(str(model), "0"))


@pytest.fixture
def receiver(project: Project) -> ScoreReceiver:
    return receiver_of(project)
