"""Where the ledger lives."""

import os
from pathlib import Path

import platformdirs

from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.project.project import Project

DEMO_HOME = "home"


def home() -> Path:
    """Return the folder of the ledger: ``DATASELECT_HOME``, or the platform's place for user data."""
    named = os.environ.get("DATASELECT_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("dataselect", appauthor=False))


def ledger_of(project: Project) -> Ledger:
    """Return the ledger that a project's releases are charged to: the demo has one of its own."""
    return Ledger(project.folder.parent / DEMO_HOME if project.settings["demo"] else home())
