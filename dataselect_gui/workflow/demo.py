"""The demo: records, checkpoints and a request that come with the program, and a ledger of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.request import read_request
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.demo import RECORDS, digest_of
from dataselect_gui.project.project import Project
from dataselect_gui.resources import resource
from dataselect_gui.texts import N_, _
from dataselect_gui.workflow.marks import eligible_records
from dataselect_gui.workflow.scoring import Scored, score
from dataselect_gui.workflow.selecting import requested_rule, select_records, selection_of

Truth = Literal["flipped", "foreign", "right"]
"""What is known of a record of the demo: its label was changed, it shows something else, or neither."""
_NAMES: dict[Truth, str] = {
    "flipped": N_("wrong labels"),
    "foreign": N_("foreign pictures"),
    "right": N_("records that are right"),
}


@dataclass(frozen=True)
class LeftOut:
    """How many of the demo's records of one kind a rule left out; for the owner alone.

    Attributes
    ----------
    truth : str
        What these records are.
    records : int
        How many of them may leave by the owner's word.
    left_out : int
        How many of these the rule leaves out.
    """

    truth: Truth
    records: int
    left_out: int

    @property
    def stay(self) -> int:
        """How many of them the rule picks."""
        return self.records - self.left_out


def score_demo(out: Path, context: JobContext) -> Scored:
    """Score the demo into ``out/project`` and select by the request's rule.

    Parameters
    ----------
    out : Path
        A folder for the project and for the demo's own ledger, never the owner's.
    context : JobContext
        Reports progress, and carries the request to stop.
    """
    checkpoint = resource("demo/checkpoint")
    scored = score(
        resource("demo/records.npz"),
        checkpoint,
        context,
        project_path=out / "project",
        in_training="no",  # The checkpoints were trained on other rows.
        demo=True,
    )
    rule = requested_rule(read_request(checkpoint), scored.names, scored.scored)
    select_records(out / "project", rule)
    return scored


def left_out_of_demo(project_path: Path) -> list[LeftOut]:
    """Count what the demo's project leaves out, by what is known of its records; nothing of any other.

    Some records were made wrong on purpose, and the shipped file says which; no score reads that.
    """
    project = Project.open(project_path)
    if not project.settings.demo or digest_of(project.table.index) != RECORDS:
        return []
    with np.load(resource("demo/records.npz"), allow_pickle=False) as stored:
        flipped, foreign = stored["flipped"], stored["foreign"]
    eligible = eligible_records(project, project.table.index.ids)
    is_out = eligible & ~selection_of(project, eligible).chosen
    parts: dict[Truth, NDArray[np.bool_]] = {
        "flipped": flipped,
        "foreign": foreign,
        "right": ~(flipped | foreign),
    }
    return [
        LeftOut(truth, int((part & eligible).sum()), int((part & is_out).sum()))
        for truth, part in parts.items()
    ]


def left_out_sentences(parts: Sequence[LeftOut]) -> list[str]:
    """Return in words what the demo leaves out and what stays; nothing where there are no parts."""
    if not parts:
        return []
    lines = [
        _(
            "Left out because they look wrong: {left_out:,} of {records:,} records.",
            left_out=sum(part.left_out for part in parts),
            records=sum(part.records for part in parts),
        )
    ]
    for part in parts:
        figures = _(
            "{left_out:,} of {records:,} left out, {stay:,} stay",
            left_out=part.left_out,
            records=part.records,
            stay=part.stay,
        )
        lines.append(f"  {_(_NAMES[part.truth])}: {figures}")
    lines.append(
        _("The demo made these records wrong itself, so it can count them. The figures stay with you.")
    )
    return lines
