"""The command `score`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from dataselect_gui import workflow
from dataselect_gui.cli.labels import Columns, Label, Labels, Separator, UncertainAs
from dataselect_gui.cli.options import (
    CheckpointPath,
    CountEpsilon,
    Device,
    Json,
    LabelColumn,
    LeaveOutOption,
    Precision,
    SourcePath,
    Split,
    TextColumn,
    UnitColumn,
    names,
    positive,
)
from dataselect_gui.cli.output import progress, stated_decision, tell
from dataselect_gui.errors import UsageError
from dataselect_gui.texts import _, ngettext

_MOST_LISTED = 10
"""So many records without a score are listed."""


def score(
    source: SourcePath,
    checkpoint: CheckpointPath,
    scores: Annotated[
        str | None, typer.Option(help=_("Names, separated by commas; by default all."))
    ] = None,
    project: Annotated[Path | None, typer.Option(help=_("By default ./NAME.dataselect."))] = None,
    device: Annotated[Device, typer.Option(help=_("Where it is computed."))] = "auto",
    precision: Annotated[
        Precision | None, typer.Option(help=_("float32, unless the project has another."))
    ] = None,
    batch_size: Annotated[
        str, typer.Option(metavar="auto|N", help=_("At most how many records at once."))
    ] = "auto",
    limit: Annotated[
        int | None,
        typer.Option(parser=positive, metavar="N", help=_("Only the first so many records.")),
    ] = None,
    label_column: LabelColumn = None,
    unit_column: UnitColumn = None,
    split: Split = None,
    text_column: TextColumn = None,
    label: Label = None,
    labels: Labels = None,
    label_separator: Separator = None,
    label_columns: Columns = None,
    uncertain: UncertainAs = None,
    leave_out: LeaveOutOption = None,
    count_epsilon: CountEpsilon = None,
    as_json: Json = False,
) -> None:
    """Compute scores of records; the same command goes on where it was stopped."""
    at_once = None if batch_size == "auto" else workflow.whole_of(batch_size)
    if at_once == 0 or (at_once is None and batch_size != "auto"):
        raise UsageError(
            _("--batch-size cannot be “{stated}”.", stated=batch_size),
            _("It is auto or a whole number above zero."),
            _("Leave it out to let the program choose."),
        )
    rule = workflow.label_rule(
        pairs=label or (),
        table=labels,
        separator=label_separator,
        columns=label_columns,
        uncertain=uncertain,
    )
    with progress(workflow.JobKind.SCORING) as context:
        done = workflow.score(
            source,
            checkpoint,
            context,
            names=names(scores),
            project_path=project,
            device=device,
            precision=precision,
            batch_size=at_once,
            limit=limit,
            label_column=label_column,
            unit_column=unit_column,
            split=split,
            text_column=text_column,
            labels=rule,
            leave_out=leave_out,
            count_epsilon=count_epsilon,
        )
    problems = sorted(done.problems.items())
    content = {
        "project": str(done.project),
        "scored": done.scored,
        "problems": [{"id": record, "reason": reason} for record, reason in problems],
        "seconds": round(done.seconds, 3),
        "device": done.device,
        "precision": done.precision,
        "scores": done.names,
        **({"notes": list(done.notes)} if done.notes else {}),
        "labels": msgspec.to_builtins(done.labels),
        **stated_decision(done.decision),
    }
    lines = [
        ngettext(
            "{count:,} record scored by {scores}, in {seconds:.0f} s.",
            "{count:,} records scored by {scores}, in {seconds:.0f} s.",
            done.scored,
            scores=", ".join(done.names),
            seconds=done.seconds,
        )
    ]
    lines += done.notes
    lines += workflow.label_sentences(done.labels)
    if problems:
        lines.append(_("{count:,} without a score, or without all:", count=len(problems)))
        lines += [f"{record}: {reason}" for record, reason in problems[:_MOST_LISTED]]
    if len(problems) > _MOST_LISTED:
        lines.append(_("… and {count:,} more", count=len(problems) - _MOST_LISTED))
    if done.decision is not None:
        lines += workflow.decision_sentences(done.decision)
        if done.decision.is_waiting:
            lines.append(_("Draw it with “dataselect select PROJECT --leave-out count”."))
    lines.append(_("Project: {project}", project=done.project))
    tell("score", as_json, content, lines)
