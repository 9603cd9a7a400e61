import importlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataselect_gui import texts
from tests.projects import consortium, owner_records, scored_project
from tests.translations import LANGUAGE, write_brackets

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTEST_QT_API", "pyside6")

try:
    importlib.import_module("PySide6.QtWidgets")
except ImportError as error:  # The system's libraries for graphics are not installed.
    no_window: str | None = str(error)
else:
    no_window = None

# Loaded here rather than by itself: it stops all tests where Qt cannot be loaded.
pytest_plugins = [] if no_window else ["pytestqt.plugin"]
collect_ignore = ["window"] if no_window else []


def pytest_report_header() -> list[str]:
    if no_window is None:
        return []
    return [f"THE WINDOW IS NOT TESTED: {no_window} (README.md names the packages)"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that is not part of the project; tests that need it skip without it."""
    named = os.environ.get("DATASELECT_TEST_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data is not on this machine")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the ledger and the settings of a test to itself."""
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Forty small images in an array file, about three of a patient."""
    return owner_records(tmp_path / "records.npz")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint that can be found, not loaded; its request asks for a loss of 0.5 and more."""
    return consortium(tmp_path / "consortium")


@pytest.fixture
def project(tmp_path: Path, source: Path, checkpoint: Path) -> Path:
    """A project of these records, by one score that is made up."""
    return scored_project(tmp_path / "p.dataselect", source, checkpoint)


@pytest.fixture
def scoring_here(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the worker's job of scoring in this process, where it can be disturbed."""
    from tests.in_process import score_here

    del home
    monkeypatch.setattr("dataselect_gui.workflow.scoring.run_job", score_here)


@pytest.fixture
def verifying_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check bundles in this process: for those that were edited in a place or two, and made by us."""
    from dataselect_gui.worker.verify_run import run_verification

    monkeypatch.setattr(
        "dataselect_gui.workflow.verifying.run_job", lambda job, _report: run_verification(job)
    )


@pytest.fixture
def brackets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put every text in brackets that goes through the catalogue."""
    write_brackets(tmp_path / "locale")
    monkeypatch.setattr(texts, "FOLDER", tmp_path / "locale")
    monkeypatch.setenv("LANGUAGE", LANGUAGE)
    texts.forget_language()
    yield
    texts.forget_language()
