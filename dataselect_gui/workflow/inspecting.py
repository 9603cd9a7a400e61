"""What something is, and what is wrong with it."""

import re
import time
from pathlib import Path
from typing import Any

from dataselect_gui.checkpoints.exported import read_exported
from dataselect_gui.checkpoints.labels import match_labels
from dataselect_gui.checkpoints.layout import Checkpoint, find_checkpoint
from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.project.project import Project
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.release.verify import verify_bundle
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.worker.handle import Stop
from dataselect_gui.worker.messages import REPORT_SECONDS, Progress, Report
from dataselect_gui.workflow.reasons import reasons_of

_PERSON = re.compile(
    r"(patient|subject|participant|person|individual)[ _-]?(id|uid|no|nr|number|key|name)?",
    re.IGNORECASE,
)


def inspect(
    path: Path, records: Path | None, report: Report, stop: Stop | None = None
) -> dict[str, Any]:
    """Say what a path is: a project, a bundle, a checkpoint or a source.

    Parameters
    ----------
    path : Path
        What to look at.
    records : Path or None
        A source whose labels are held against a checkpoint's.
    report : callable
        Takes progress.
    stop : Stop or None
        By which another thread can stop the work.

    Raises
    ------
    UnusableError
        Where it is none of these.
    InterruptedByPersonError
        Where the work was stopped.
    """
    if (path / "project.json").is_file():
        return _inspect_project(Project.open(path))
    if (path / "release.json").is_file():
        return {"kind": "bundle", "problems": [], "checks": [vars(c) for c in verify_bundle(path)]}
    if looks_like_checkpoint(path):
        return _inspect_checkpoint(find_checkpoint(path), records)
    return _inspect_source(path, report, stop)


def looks_like_checkpoint(path: Path) -> bool:
    """Say whether a path is to be read as a checkpoint, rather than as a source."""
    if path.is_file():
        return path.suffix != ".npz"
    return (path / "config.json").is_file() or any(path.glob("checkpoint-*")) or any(path.glob("*.pt2"))


def _inspect_project(project: Project) -> dict[str, Any]:
    # There is no table where scoring ended before it had read the records.
    table = None if project.settings["table"] is None else project.table
    problems = {} if table is None else reasons_of(table)
    labels = () if table is None else table.index.labels
    return {
        "kind": "project",
        "problems": [{"id": i, "reason": r} for i, r in sorted(problems.items())],
        "labels": sorted({label for label in labels if label is not None}),
        "records": len(labels),
        "scores": project.settings["scores"],
        "rule": project.settings["rule"],
        "source": project.settings["source"],
        "checkpoint": project.settings["checkpoint"],
    }


def _inspect_checkpoint(checkpoint: Checkpoint, records: Path | None) -> dict[str, Any]:
    for member in checkpoint.members:
        if member.form == "exported":
            read_exported(member.weights[0])
    preflight: dict[str, Any] = {
        "form": checkpoint.final.form,
        "architecture": checkpoint.final.config.get("model_type"),
        "elements": checkpoint.final.parameters,
        "preprocessing": checkpoint.final.processor is not None,
        "scores": [
            score.name
            for score in applicable(
                None,
                series=len(checkpoint.series),
                labelled=True,
                request=checkpoint.request.stated,
            )
        ],
    }
    if records is not None:
        source = open_source(records)
        preflight["labels"] = match_labels(source.labels, source.classes, checkpoint.labels)
    return {
        "kind": "checkpoint",
        "problems": [],
        "labels": list(checkpoint.labels),
        "series": [member.step for member in checkpoint.series],
        "request": {**checkpoint.request.stated, **checkpoint.request.unknown},
        "unknown_in_request": sorted(checkpoint.request.unknown),
        "digest": checkpoint.digest(),
        "preflight": preflight,
    }


def _inspect_source(path: Path, report: Report, stop: Stop | None) -> dict[str, Any]:
    source = open_source(path)
    problems = [{"id": p.id, "reason": p.reason} for p in source.problems]
    told = time.monotonic()
    for row, record in enumerate(source.ids):
        if time.monotonic() - told > REPORT_SECONDS:
            told = time.monotonic()
            report(Progress("Reading records", row, len(source.ids)))
            if stop is not None and stop.requested:
                raise InterruptedByPersonError(
                    "The records were not looked at to the end.", "You stopped it.", "Drop them again."
                )
        try:
            source.decode(source.read(row))
        except UnreadableRecordError as reason:
            problems.append({"id": record, "reason": str(reason)})
    return {
        "kind": "source",
        "form": source.kind,
        "records": len(source.ids),
        "readable": len(source.ids) - len(problems) + len(source.problems),
        "problems": sorted(problems, key=lambda problem: problem["id"]),
        "labels": sorted({label for label in source.labels if label is not None}),
        "columns": [column for column in source.columns if column not in {"label", "y"}],
        "person": _person_column(source),
        "ignored": source.ignored,
    }


def _person_column(source: Source) -> str | None:
    """Return the column that plainly names the person of each record, where several share one."""
    for column in source.columns:
        if _PERSON.fullmatch(column):
            units = open_source(source.path, unit_column=column).units or ()
            if len(set(units)) < len(source.ids):
                return column
    return None
