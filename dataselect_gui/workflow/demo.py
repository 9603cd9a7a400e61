"""The demo: records, checkpoints and a request that come with the program, and a ledger of its own."""

import contextlib
from pathlib import Path

from dataselect_gui.checkpoints.request import read_request
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.demo import EARLIER, digest_of
from dataselect_gui.project.project import Project
from dataselect_gui.resources import resource
from dataselect_gui.workflow.scoring import Scored, score
from dataselect_gui.workflow.selecting import requested_rule, select_records


def demo_project(out: Path) -> Path:
    """Return where the demo's project is; beside it, where that is of an earlier version's records."""
    usual = out / "project"
    with contextlib.suppress(UnusableError):
        project = Project.open(usual)
        if project.settings.demo and digest_of(project.table.index) == EARLIER:
            return out / "project-2"
    return usual


def score_demo(out: Path, context: JobContext) -> Scored:
    """Score the demo into a project in ``out``, and leave out what looks wrong by the request's rule.

    Parameters
    ----------
    out : Path
        A folder for the project and for the demo's own ledger, never the owner's.
    context : JobContext
        Reports progress, and carries the request to stop.
    """
    checkpoint, project = resource("demo/checkpoint"), demo_project(out)
    scored = score(
        resource("demo/records.npz"),
        checkpoint,
        context,
        project_path=project,
        in_training="no",  # The checkpoints were trained on other rows.
        demo=True,
        leave_out="wrong",  # Decided for whoever tries it, before a score is shown.
    )
    rule = requested_rule(read_request(checkpoint), scored.names, scored.scored)
    select_records(project, rule)
    return scored
