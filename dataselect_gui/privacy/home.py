"""Where the ledger lives."""

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """Return the folder of the ledger: ``DATASELECT_HOME``, or the platform's place for user data."""
    named = os.environ.get("DATASELECT_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("dataselect", appauthor=False))
