"""The command `calibrate`."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from dataselect_gui import workflow
from dataselect_gui.cli.labels import Label, Labels
from dataselect_gui.cli.options import (
    Device,
    Json,
    LabelColumn,
    Split,
    TextColumn,
    UnitColumn,
    names,
)
from dataselect_gui.cli.output import progress, tell
from dataselect_gui.texts import _

_PRIVACY = _("Privacy of the rows")
_TRAINING = _("Were the rows trained on?")


def calibrate(
    checkpoint: Annotated[Path, typer.Argument(help=_("The consortium's own model."))],
    records: Annotated[
        Path, typer.Option(help=_("Clean rows with labels, which it was not trained on."))
    ],
    alpha: Annotated[
        str, typer.Option(help=_("At most this share of clean records is left out."))
    ] = "0.05",
    scores: Annotated[
        str | None,
        typer.Option(help=_("What gets thresholds, with commas; by default loss,distance.")),
    ] = None,
    directions: Annotated[
        bool, typer.Option("--directions", help=_("Also a direction for each class."))
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help=_("By default beside the checkpoint, in its request."))
    ] = None,
    epsilon: Annotated[
        str | None,
        typer.Option(rich_help_panel=_PRIVACY, help=_("What all that leaves may tell of a row.")),
    ] = None,
    delta: Annotated[
        str | None,
        typer.Option(rich_help_panel=_PRIVACY, help=_("Needed for directions alone.")),
    ] = None,
    public_records: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=_PRIVACY,
            help=_("Rows that everybody may see, for the distance's means and covariance."),
        ),
    ] = None,
    in_training: Annotated[
        Literal["no", "yes", "unknown"] | None,
        typer.Option(rich_help_panel=_TRAINING, help=_("What you know.")),
    ] = None,
    training_records: Annotated[
        Path | None,
        typer.Option(rich_help_panel=_TRAINING, help=_("The training's rows, to compare.")),
    ] = None,
    validation_loss: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_TRAINING, help=_("The mean loss on rows that it was not trained on.")
        ),
    ] = None,
    label_column: LabelColumn = None,
    unit_column: UnitColumn = None,
    split: Split = None,
    text_column: TextColumn = None,
    label: Label = None,
    labels: Labels = None,
    device: Annotated[Device, typer.Option(help=_("Where it is computed."))] = "auto",
    seed: Annotated[
        str | None,
        typer.Option(help=_("Parts the rows as an earlier calibration's did, to repeat it.")),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find out on clean rows from which score on a record looks wrong, for a request."""
    rule = workflow.label_rule(pairs=label or (), table=labels, separator=None, columns=None)
    columns = label_column, unit_column, split, text_column

    def source(path: Path | None) -> workflow.SourceRef | None:
        if path is None:
            return None
        return workflow.SourceRef(path, *columns, labels=rule or workflow.LabelRule())

    rows = workflow.SourceRef(records, *columns, labels=rule or workflow.LabelRule())
    options = workflow.CalibrationOptions(
        alpha=alpha,
        scores=None if scores is None else tuple(names(scores) or ()),
        epsilon=epsilon,
        delta=delta,
        directions=directions,
        out=out,
        in_training=in_training,
        training_records=source(training_records),
        validation_loss=validation_loss,
        public_records=source(public_records),
        device=device,
        seed=seed,
    )
    with progress(workflow.JobKind.CALIBRATION) as context:
        done = workflow.calibrate(checkpoint, rows, context, options)
    content = {
        "request": str(done.request),
        "file": None if done.file is None else str(done.file),
        "calibration": msgspec.to_builtins(done.calibration),
        "rule": done.rule,
        "bounds": done.bounds,
        "rows": done.rows,
        "warnings": done.warnings,
    }
    lines = [
        *workflow.calibration_words(done.calibration),
        _("Rule: keep a record whose scores are at or below the thresholds of its class.")
        if done.rule is not None
        else _("No class has a threshold, so no rule was written."),
        *done.warnings,
        _("Request: {path}", path=done.request),
        *([] if done.file is None else [_("Beside it: {file}", file=done.file.name)]),
    ]
    tell("calibrate", as_json, content, lines)
