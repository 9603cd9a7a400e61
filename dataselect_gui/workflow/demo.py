"""The demo: records, checkpoints and a request that come with the program, and a ledger of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dataselect_gui.checkpoints.request import read_request
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.resources import resource
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.workflow.scoring import Scored, score
from dataselect_gui.workflow.selecting import requested_rule, scores, select_records

_TOP_SHARE = 10


@dataclass(frozen=True)
class Flipped:
    """How well each score finds the labels that were flipped on purpose.

    Attributes
    ----------
    labels : int
        How many were flipped.
    highest : int
        Among how many of the highest-scored records they are counted.
    by_chance : float
        How many of them a random order has there, on average.
    by_score : dict
        Score → how many are there.
    """

    labels: int
    highest: int
    by_chance: float
    by_score: dict[str, int]


def score_demo(out: Path, context: JobContext) -> Scored:
    """Score the demo into ``out/project`` and select by the request's threshold.

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


def flipped_labels(project: Path) -> Flipped:
    """Count the flipped labels among the highest-scored tenth of the demo's records."""
    flipped = np.load(resource("demo/records.npz"))["flipped"]
    top = len(flipped) // _TOP_SHARE
    table: dict[str, list[Any]] = scores(project)
    by_score = {
        name: int(flipped[np.argsort(-np.array(table[name], dtype=float))[:top]].sum())
        for name in SCORES
        if name in table
    }
    return Flipped(int(flipped.sum()), top, float(flipped.sum()) * top / len(flipped), by_score)
