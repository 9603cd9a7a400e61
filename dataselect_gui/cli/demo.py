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
    """Score 2,000 images, leave out what looks wrong, release the rest and verify the bundle."""
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
    project = scored.project
    bundle = out / project.name.replace("project", "bundle")
    request = workflow.ReleaseRequest(to=bundle, epsilon=EPSILON, budget=BUDGET)
    released = workflow.release(project, request, context)
    checks = workflow.verify(bundle).checks
    look, left_out = workflow.look(project), workflow.left_out_of_demo(project)
    figures = workflow.left_out_figures(look, look.eligible)
    content = {
        "project": str(project),
        "bundle": str(bundle),
        "home": str(out / "home"),
        "scored": scored.scored,
        "seconds": round(scored.seconds, 3),
        "selected": sum(part.stay for part in left_out),
        "left_out": {
            part.truth: {"records": part.records, "left_out": part.left_out} for part in left_out
        },
        "release": released.release,
        "epsilon": float(EPSILON),
        "spent": float(released.spent),
        "left": None if released.left is None else float(released.left),
        "verified": all(check.ok for check in checks),
    }
    lines = [
        _(
            "{count:,} records scored in {seconds:.0f} s.",
            count=scored.scored,
            seconds=scored.seconds,
        ),
        *([] if figures is None else [workflow.left_out_total(figures)]),
        *workflow.left_out_sentences(left_out),
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
