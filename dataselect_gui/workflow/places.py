"""The paths of ledgers and projects."""

import os
from pathlib import Path

from dataselect_gui.paths import resolved
from dataselect_gui.permissions import is_exposed
from dataselect_gui.privacy.home import home
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.project.project import Project

DEMO_HOME = "home"


def place_beside(path: Path) -> Path:
    """Return the parent folder of a path, or a folder of the ledger's where the parent does not do.

    It does not do where the program cannot write to it, or other accounts can.
    """
    beside = resolved(path).parent
    is_fit = os.access(beside, os.W_OK) and not is_exposed(beside)
    return beside if is_fit else home() / "projects"


def ledger_of(project: Project) -> Ledger:
    """Return the ledger that a project's releases are charged to; the demo has its own."""
    return Ledger(project.folder.parent / DEMO_HOME if project.settings.demo else home())
