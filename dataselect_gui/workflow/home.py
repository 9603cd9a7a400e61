"""Which ledger a project's releases are charged to."""

from dataselect_gui.privacy.home import home
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.project.project import Project

__all__ = ["home", "ledger_of"]

DEMO_HOME = "home"


def ledger_of(project: Project) -> Ledger:
    """Return the ledger that a project's releases are charged to: the demo has one of its own."""
    return Ledger(project.folder.parent / DEMO_HOME if project.settings["demo"] else home())
