from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.study.place import StudyPlace
from tests.projects import owner_records, scored_project
from tests.window.study.steps import Worker, open_page


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    made = Worker()
    monkeypatch.setattr(workflow, "plan_study", made.plan)
    monkeypatch.setattr(workflow, "run_study", made.study)
    yield made
    made.go.set()


@pytest.fixture
def project(tmp_path: Path, real_series: Path) -> Path:
    """A project whose checkpoint is a series, so that VoG can be picked by."""
    return scored_project(
        tmp_path / "scans.dataselect", owner_records(tmp_path / "scans.npz"), real_series
    )


@pytest.fixture
def page(window: MainWindow, worker: Worker, project: Path, qtbot: QtBot) -> StudyPlace:
    """The page of a project, with its plan."""
    del worker
    window.open_project(project)
    open_page(qtbot, window)
    return window.study
