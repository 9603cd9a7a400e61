"""The demo: the whole way once, with records and checkpoints that come with the program."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from dataselect_gui import workflow
from dataselect_gui.checkpoints.request import read_request
from dataselect_gui.resources import resource
from dataselect_gui.workflow import Report

EPSILON, BUDGET = "1", "10"
_TOP_SHARE = 10


def run_demo(out: Path, report: Report) -> tuple[dict[str, Any], str]:
    """Score, select, release and verify the demo; a repeat reuses what is there.

    Parameters
    ----------
    out : Path
        A folder for ``project``, ``bundle`` and the demo's own ledger, ``home``.
    report : callable
        Takes progress.

    Returns
    -------
    tuple of dict and str
        What came of it, as data and in words.
    """
    os.environ["DATASELECT_HOME"] = str(out / "home")  # Never the user's ledger.
    records, checkpoint = resource("demo/records.npz"), resource("demo/checkpoint")
    request = read_request(checkpoint)
    project, bundle = out / "project", out / "bundle"
    scored = workflow.score(records, checkpoint, report, project_path=project)
    rule = workflow.make_rule(str(request.score), threshold=str(request.threshold))
    selected, _ = workflow.select_records(project, rule)
    asked = workflow.ReleaseRequest(to=bundle, epsilon=EPSILON, in_training="no", budget=BUDGET)
    released = workflow.release(project, asked, report)
    checks = workflow.verify(bundle, None)
    table = workflow.scores(project)
    flipped = np.load(records)["flipped"]
    top = len(flipped) // _TOP_SHARE
    found = {
        name: int(flipped[np.argsort(-np.array(table[name], dtype=float))[:top]].sum())
        for name in scored.names
    }
    content = {
        "project": str(project),
        "bundle": str(bundle),
        "home": str(out / "home"),
        "scored": scored.scored,
        "seconds": round(scored.seconds, 3),
        "selected": len(selected),
        "release": released.release,
        "epsilon": EPSILON,
        "spent": float(released.spent),
        "left": None if released.left is None else float(released.left),
        "verified": all(check.ok for check in checks),
        "flipped": int(flipped.sum()),
        "flipped_among_highest": {"records": top, **found},
    }
    by_chance = flipped.sum() * top / len(flipped)
    lines = [
        f"{scored.scored:,} records scored in {scored.seconds:.0f} s.",
        f"{int(flipped.sum())} of their labels were flipped on purpose. Among the {top} highest of "
        f"each score ({by_chance:.0f} by chance):",
        *(f"  {name:<10} {count}" for name, count in found.items()),
        f"{len(selected)} records reach the request's threshold ({rule.score} ≥ {rule.value}).",
        f"Released one-sided at ε {EPSILON} from a budget of {BUDGET}; left: {released.left}.",
        f"Verified: {'yes' if content['verified'] else 'NO'} ({len(checks)} checks).",
        f"Project: {project}   Bundle: {bundle}",
    ]
    return content, "\n".join(lines)
