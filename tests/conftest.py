import os
from pathlib import Path

import pytest


@pytest.fixture(scope="package")
def shared_data() -> Path:
    """Real data that is not part of the project; tests that need it skip without it."""
    named = os.environ.get("DATASELECT_TEST_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data is not on this machine")
    return folder
