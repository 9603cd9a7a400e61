import importlib
import os
from pathlib import Path

import pytest

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
