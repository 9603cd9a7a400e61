"""The demo without a window: the whole way once."""

from pathlib import Path
from typing import Any

from dataselect_gui import workflow
from dataselect_gui.workflow import JobContext

EPSILON, BUDGET = "1", "10"


def run_demo(out: Path, context: JobContext) -> tuple[dict[str, Any], list[str]]:
    """Score, select, release and verify the demo; a repeat reuses what is there.

    Parameters
    ----------
    out : Path
        A folder for ``project``, ``bundle`` and the demo's own ledger, ``home``.
    context : JobContext
        Takes progress.

    Returns
    -------
    tuple of dict and list of str
        What came of it, as data and in lines of words.
    """
    scored = workflow.score_demo(out, context)
    project, bundle = out / "project", out / "bundle"
    asked = workflow.ReleaseRequest(to=bundle, epsilon=EPSILON, budget=BUDGET)
    released = workflow.release(project, asked, context)
    checks = workflow.verify(bundle).checks
    selected = sum(workflow.scores(project)["selected"])
    flipped = workflow.flipped_labels(project)
    content = {
        "project": str(project),
        "bundle": str(bundle),
        "home": str(out / "home"),
        "scored": scored.scored,
        "seconds": round(scored.seconds, 3),
        "selected": selected,
        "release": released.release,
        "epsilon": float(EPSILON),
        "spent": float(released.spent),
        "left": None if released.left is None else float(released.left),
        "verified": all(check.ok for check in checks),
        "flipped": flipped.labels,
        "flipped_among_highest": {"records": flipped.highest, **flipped.found},
    }
    width = max(map(len, flipped.found))
    lines = [
        f"{scored.scored:,} records scored in {scored.seconds:.0f} s.",
        f"{flipped.labels} of their labels were flipped on purpose. Among the {flipped.highest} "
        f"highest of each score ({flipped.by_chance:.0f} by chance):",
        *(f"  {name:<{width}} {count:>3}" for name, count in flipped.found.items()),
        f"{selected} records reach the threshold of the consortium's request.",
        f"Released one-sided at ε {EPSILON} from a budget of {BUDGET}; left: {released.left}.",
        f"Verified: {'yes' if content['verified'] else 'NO'} ({len(checks)} checks).",
        f"Project: {project}   Bundle: {bundle}",
    ]
    return content, lines
