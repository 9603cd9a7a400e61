"""The command `inspect`."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from dataselect_gui import workflow
from dataselect_gui.cli.labels import Columns, Label, Labels, Separator, UncertainAs
from dataselect_gui.cli.options import Json, LabelColumn, Split, TextColumn, UnitColumn
from dataselect_gui.cli.output import progress, stated_decision, tell
from dataselect_gui.texts import _
from dataselect_gui.workflow import CheckpointInspected, ProjectInspected


def inspect(
    path: Annotated[Path, typer.Argument(help=_("A source, checkpoint, project or bundle."))],
    records: Annotated[
        Path | None, typer.Option(help=_("A source, to hold against the checkpoint."))
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
    as_json: Json = False,
) -> None:
    """Say what something is, and what is wrong with it."""
    rule = workflow.label_rule(
        pairs=label or (),
        table=labels,
        separator=label_separator,
        columns=label_columns,
        uncertain=uncertain,
    )
    read = rule or workflow.LabelRule()
    columns = label_column, unit_column, split, text_column
    ref = None
    if records is not None:
        ref = workflow.SourceRef(records, *columns, labels=read)
    target = workflow.SourceRef(path, *columns, labels=read)
    with progress(workflow.JobKind.INSPECTION) as context:
        inspection = workflow.inspect(target, ref, context)
        tried = None
        if isinstance(inspection, CheckpointInspected) and ref is not None:
            ref = replace(ref, label_column=label_column or inspection.preflight.proposed_label)
            tried = workflow.preflight(path, ref, context)
    content = msgspec.to_builtins(inspection)
    picking = _rule_of(inspection)
    if picking is not None and not isinstance(picking, workflow.ScoreCut):
        content["rule_in_words"] = workflow.rule_sentences(picking)
    decision = workflow.decision(path) if isinstance(inspection, ProjectInspected) else None
    shown = {name: value for name, value in content.items() if name != "release"}
    if not isinstance(inspection, ProjectInspected):
        confined = workflow.available_confinement()
        content["confined"], shown["confined"] = asdict(confined), confined.sentence
    lines = _listed(shown)
    if isinstance(inspection, CheckpointInspected):
        lines += workflow.request_words(inspection.asks)
    if decision is not None:
        content |= stated_decision(decision)
        lines += workflow.decision_sentences(decision)
    if tried is not None:
        lines += [f"{name}: {value}" for name, value in workflow.preflight_facts(tried)]
        of_both = content["preflight"].get("notes", [])
        content["preflight"] |= tried.as_json()
        content["preflight"]["notes"] = [*of_both, *content["preflight"].get("notes", [])]
    tell("inspect", as_json, content, lines)


def _rule_of(inspection: workflow.Inspection) -> workflow.Rule | None:
    """Return the rule of a project, or the one that a checkpoint's request states."""
    if isinstance(inspection, ProjectInspected):
        return None if inspection.rule is None else inspection.rule.rule
    return inspection.asks.asked_rule if isinstance(inspection, CheckpointInspected) else None


def _listed(content: dict[str, Any]) -> list[str]:
    """Return a line for each item, under the name that it has in JSON."""
    lines = []
    for key, value in content.items():
        if key == "rule_in_words":
            lines += [f"rule: {sentence}" for sentence in value]
        elif key == "problems":
            lines.append(f"problems: {len(value)}")
            lines += [f"  {problem['id']}: {problem['reason']}" for problem in value]
        elif key == "other_checkpoints":
            lines.append(_("Scores by other checkpoints are kept; score with one to go back to it:"))
            lines += [
                f"  {kept['digest'][:12]} {kept['path']}: {', '.join(kept['scores'])}" for kept in value
            ]
        else:
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines.append(f"{key}: {shown}")
    return lines
