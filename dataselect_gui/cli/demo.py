"""The command `demo`: opens the window with the demo, or runs all its steps without a window."""

from pathlib import Path
from typing import Annotated

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.options import Json
from dataselect_gui.cli.output import progress, tell
from dataselect_gui.cli.window import has_display
from dataselect_gui.texts import _
from dataselect_gui.workflow import JobContext

EPSILON, BUDGET = "1", "10"


def demo(
    headless: Annotated[bool, typer.Option("--headless", help=_("Show no window."))] = False,
    out: Annotated[Path, typer.Option(help=_("Where."))] = Path("dataselect-demo"),
    as_json: Json = False,
) -> None:
    """Score 2,000 images with five shared checkpoints, release a selection and verify it."""
    if not headless and has_display():
        from dataselect_gui.window.shell.app import run

        raise typer.Exit(run(demo=out))
    with progress(None) as context:
        content, lines = run_demo(out, context)
    tell("demo", as_json, content, lines)


def run_demo(out: Path, context: JobContext) -> tuple[dict[str, object], list[str]]:
    """Score, select, release and verify the demo; a repeat reuses what is there.

    Parameters
    ----------
    out : Path
        A folder for ``project``, ``bundle`` and the demo's own ledger, ``home``.
    context : JobContext
        Reports progress.

    Returns
    -------
    tuple of dict and list of str
        The result, as data and as lines of text.
    """
    scored = workflow.score_demo(out, context)
    project, bundle = out / "project", out / "bundle"
    request = workflow.ReleaseRequest(to=bundle, epsilon=EPSILON, budget=BUDGET)
    released = workflow.release(project, request, context)
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
        "flipped_among_highest": {"records": flipped.highest, **flipped.by_score},
    }
    width = max(map(len, flipped.by_score))
    lines = [
        _(
            "{count:,} records scored in {seconds:.0f} s.",
            count=scored.scored,
            seconds=scored.seconds,
        ),
        _(
            "{flipped} of their labels were flipped on purpose. Among the {highest} highest of each "
            "score ({by_chance:.0f} by chance):",
            flipped=flipped.labels,
            highest=flipped.highest,
            by_chance=flipped.by_chance,
        ),
        *(f"  {name:<{width}} {count:>3}" for name, count in flipped.by_score.items()),
        _("{count} records reach the threshold of the consortium's request.", count=selected),
        _(
            "Released one-sided at ε {epsilon} from a budget of {budget}; left: {left}.",
            epsilon=EPSILON,
            budget=BUDGET,
            left=released.left,
        ),
        _("Verified: yes ({count} checks).", count=len(checks))
        if content["verified"]
        else _("Verified: NO ({count} checks).", count=len(checks)),
        _("Project: {project}   Bundle: {bundle}", project=project, bundle=bundle),
    ]
    return content, lines
