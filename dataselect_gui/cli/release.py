"""The command `release`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dataselect_gui import workflow
from dataselect_gui.cli.options import (
    USUAL_KIND,
    Json,
    KindName,
    MechanismName,
    ProjectPath,
    mechanisms_by_kind,
    takers,
    whole,
)
from dataselect_gui.cli.output import progress, tell
from dataselect_gui.errors import UsageError
from dataselect_gui.texts import _
from dataselect_gui.texts.promises import CHOOSE_EXACT, DISCLOSE_ALL, NOTHING_DRAWN, SAME


def release(
    project: ProjectPath,
    to: Annotated[Path, typer.Option(help=_("The bundle's folder; it must not be there yet."))],
    epsilon: Annotated[str | None, typer.Option(help=_("What may be revealed, per unit."))] = None,
    kind: Annotated[KindName, typer.Option("--as", help=_("What leaves."))] = USUAL_KIND,
    mechanism: Annotated[MechanismName | None, typer.Option(help=mechanisms_by_kind())] = None,
    delta: Annotated[
        str | None,
        typer.Option(
            help=_("The chance that the promise fails; for {mechanisms}.", mechanisms=takers("delta"))
        ),
    ] = None,
    max_contributions: Annotated[
        int | None,
        typer.Option(
            "--per-unit", parser=whole, metavar="N", help=_("At most so many records of a person.")
        ),
    ] = None,
    threshold_source: Annotated[
        str | None,
        typer.Option(
            help=_(
                "Where the threshold or rule comes from: request, agreed, viewed, or bought:E for a "
                "rule by fraction or count."
            )
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            parser=whole,
            metavar="N",
            help=_("How many {mechanisms} takes; public.", mechanisms=takers("count")),
        ),
    ] = None,
    bounds: Annotated[str | None, typer.Option(help=_("L,U: bounds of the score, as agreed."))] = None,
    pad_to: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help=_("Rows of scores, as declared."))
    ] = None,
    bins: Annotated[str | None, typer.Option(help=_("Edges of a report's histogram: 0,0.5,1."))] = None,
    by_class: Annotated[
        bool, typer.Option("--by-class", help=_("The report's histogram, or who passes, by class."))
    ] = False,
    count_threshold: Annotated[
        str | None, typer.Option(help=_("The report counts the records beyond it."))
    ] = None,
    passing: Annotated[
        bool, typer.Option("--passing", help=_("The report counts the records that your rule picks."))
    ] = False,
    clip: Annotated[str | None, typer.Option(help=_("The norm that gradients are clipped to."))] = None,
    in_training: Annotated[
        str | None,
        typer.Option(help=_("Did these records help to train? no, dp:E,D, yes or unknown.")),
    ] = None,
    reference_in_training: Annotated[
        str | None,
        typer.Option(help=_("The same of the reference state, where the score reads it.")),
    ] = None,
    budget: Annotated[str | None, typer.Option(help=_("The first budget of these records."))] = None,
    acknowledge_exact: Annotated[
        bool, typer.Option("--acknowledge-exact", help=_(CHOOSE_EXACT))
    ] = False,
    acknowledge_disclosure: Annotated[
        bool, typer.Option("--acknowledge-disclosure", help=_(DISCLOSE_ALL))
    ] = False,
    reason: Annotated[str | None, typer.Option(help=_("Why; kept in the ledger."))] = None,
    sign: Annotated[Path | None, typer.Option(help=_("Your private Ed25519 key."))] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Show what would leave and cost; draw nothing."))
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option(help=_("With --dry-run: also write what would leave as one page, HTML.")),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a bundle of what leaves, charged to the ledger."""
    if page is not None and not dry_run:
        raise UsageError(
            _("The page shows what would leave, before anything is drawn."),
            _("This is no dry run."),
            _("Add --dry-run, or leave --page out."),
        )
    request = workflow.ReleaseRequest(
        to=to,
        epsilon=epsilon,
        delta=delta,
        kind=kind.value,
        mechanism=None if mechanism is None else mechanism.value,
        max_contributions=max_contributions,
        threshold_from=threshold_source,
        in_training=in_training,
        reference_in_training=reference_in_training,
        budget=budget,
        acknowledge_exact=acknowledge_exact,
        acknowledge_disclosure=acknowledge_disclosure,
        reason=reason,
        count=count,
        bounds=bounds,
        pad_to=pad_to,
        bins=bins,
        by_class=by_class,
        count_threshold=count_threshold,
        passing=passing,
        clip=clip,
        sign=sign,
        dry_run=dry_run,
    )
    with (
        progress(workflow.JobKind.RELEASE) as context,
        workflow.job_logged(workflow.JobKind.RELEASE, confined=False),
    ):
        done = workflow.release(project, request, context)
    if page is not None:
        workflow.write_leaving_page(project, request, done, page)
    content: dict[str, Any] = {
        "release": done.release,
        "bundle": str(done.bundle),
        "epsilon": None if done.epsilon is None else float(done.epsilon),
        "conditional": done.conditional,
        "repeated": done.repeated,
        "dry_run": dry_run,
        "spent": float(done.spent),
        "left": None if done.left is None else float(done.left),
    }
    spent = _(
        "Spent so far: ε {spent}; left: {left}.",
        spent=done.spent,
        left="–" if done.left is None else done.left,
    )
    if done.preview is not None:
        content["preview"] = done.preview.as_json()
        lines = [_(NOTHING_DRAWN), *_lines_of_preview(done.preview), spent]
        if done.relabelled:
            content["relabelled"] = done.relabelled
            lines.append(workflow.relabelled_sentence(done.relabelled))
    else:
        digest = workflow.digest_of(done.bundle)
        content["digest"] = digest
        lines = [*_lines_of(done), spent, _("Digest, to send separately: {digest}", digest=digest)]
    tell("release", as_json, content, lines)


def _lines_of(done: workflow.Released) -> list[str]:
    if done.repeated:
        first = _("The same release again, at no cost: {bundle}", bundle=done.bundle)
    else:
        first = _("Released: {bundle}", bundle=done.bundle)
    if done.epsilon is not None:
        claim = _(
            "ε {epsilon} for each unit; README.md in it says what that covers.", epsilon=done.epsilon
        )
    elif not done.by_cut:
        claim = done.promise
    elif done.conditional:
        claim = _("Conditional: no ε is claimed, since the threshold depends on the records.")
    else:
        claim = _("No protection: every selected record left.")
    return [first, claim]


def _lines_of_preview(preview: workflow.Preview) -> list[str]:
    lines = [
        *_lines_of_expected(preview.expected),
        _("What would leave:"),
        *(f"  {item['file']}, {item['field']}: {item['what']}" for item in preview.leaves),
        _("How:"),
        f"  {preview.mechanism}",
        _("What would be promised:"),
        f"  {preview.promise}",
        _("Not protected:"),
        *(f"  {item}" for item in preview.not_protected),
    ]
    if preview.same:
        lines.append(_(SAME))
    elif preview.left_after is None:
        lines.append(_("It would cost ε {cost}.", cost=preview.cost))
    else:
        lines.append(
            _("It would cost ε {cost}, and leave {left}.", cost=preview.cost, left=preview.left_after)
        )
    if not preview.same and preview.nearest is not None:
        lines.append(_("The most similar earlier release differs in:"))
        lines += [
            _("  {parameter}: {then}, now {now}", parameter=name, then=then, now=now)
            for name, (then, now) in preview.nearest.items()
        ]
    return [*lines, *_lines_of_usefulness(preview.usefulness)]


def _lines_of_expected(expected: workflow.ExpectedLeaving | None) -> list[str]:
    """Return how many records are expected to leave; nothing where that may not be told."""
    if expected is None:
        return []
    return [
        _("For you alone: {sentence}", sentence=workflow.leaving_sentence(expected)),
        f"  {workflow.selection_sentence(expected)}",
        *(f"  {line}" for line in workflow.distortion_sentences(expected)),
    ]


def _lines_of_usefulness(expected: list[dict[str, float]] | None) -> list[str]:
    if expected is None:
        return [_("What to expect depends on scores: it is told once scores were shown.")]
    if not expected:
        return []
    if "width" in expected[0]:
        head = _(
            "Noise to expect (within, 95 times in 100), against an average of {against:,.3g}, by ε:",
            against=expected[0]["against"],
        )
        return [head, *(f"  {line['epsilon']:<6g} ± {line['width']:,.3g}" for line in expected)]
    head = _(
        "To expect, by ε: of 100 that leave so many are in the selection (a random pick: "
        "{random:.0f}), and of 100 in the selection so many leave (for scores with noise added: if "
        "scores were spread evenly between their bounds):",
        random=100 * expected[0]["random"],
    )
    return [
        head,
        *(
            f"  {line['epsilon']:<6g} {100 * line['precision']:3.0f} {100 * line['recall']:3.0f}"
            for line in expected
        ),
    ]
