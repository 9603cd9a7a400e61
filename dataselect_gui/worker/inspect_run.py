"""What a bundle, a checkpoint or a source is, and what is wrong with it."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dataselect_gui.checkpoints.labels import match_labels
from dataselect_gui.checkpoints.layout import Checkpoint, find_checkpoint
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source, SourceRef, UnreadableRecordError
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.worker.messages import REPORT_SECONDS, Finished, InspectJob, Progress, Report
from dataselect_gui.worker.verify_run import checks_of

_PERSON = re.compile(
    r"(patient|subject|participant|person|individual)[ _-]?(id|uid|no|nr|number|key|name)?",
    re.IGNORECASE,
)


def run_inspection(job: InspectJob, stopped: Callable[[], bool], report: Report) -> Finished:
    """Look at what was given.

    Raises
    ------
    UnusableError
        Where it is none of these.
    """
    path, found = Path(job.path), None
    if job.kind == "bundle":
        found = {"kind": "bundle", "problems": [], **checks_of(path, None, None)}
    elif job.kind == "checkpoint":
        records = None
        if job.records is not None:
            records = SourceRef(Path(job.records), job.label_column, job.unit_column)
        found = _checkpoint(find_checkpoint(path), records)
    else:
        found = _source(SourceRef(path, job.label_column, job.unit_column), report, stopped)
    return Finished(0, "none", stopped=found is None, content=found)


def _checkpoint(checkpoint: Checkpoint, records: SourceRef | None) -> dict[str, Any]:
    batching = "by family"
    if checkpoint.final.form == "exported":
        from dataselect_gui.scoring.model import choose_device, load_model

        batching = load_model(checkpoint.final, choose_device("cpu")).batching
    preflight: dict[str, Any] = {
        "form": checkpoint.final.form,
        "batching": batching,
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


def _source(where: SourceRef, report: Report, stopped: Callable[[], bool]) -> dict[str, Any] | None:
    """Return what a source is; None where it was stopped."""
    source = open_source(where)
    problems = [{"id": p.id, "reason": p.reason} for p in source.problems]
    told = time.monotonic()
    for row, record in enumerate(source.ids):
        if time.monotonic() - told > REPORT_SECONDS:
            told = time.monotonic()
            report(Progress("Reading records", row, len(source.ids)))
            if stopped():
                return None
        try:
            source.kind.check(source.read(row))
        except UnreadableRecordError as reason:
            problems.append({"id": record, "reason": str(reason)})
    return {
        "kind": "source",
        "form": source.kind.name,
        "records": len(source.ids),
        "readable": len(source.ids) - len(problems) + len(source.problems),
        "problems": sorted(problems, key=lambda problem: problem["id"]),
        "labels": sorted({label for label in source.labels if label is not None}),
        "columns": [c for c in source.columns if c not in {"label", "y", where.label_column}],
        "person": _person_column(source, where),
        "ignored": source.ignored,
    }


def _person_column(source: Source, where: SourceRef) -> str | None:
    """Return the column that plainly names the person of each record, where several share one."""
    for column in source.columns:
        if _PERSON.fullmatch(column):
            units = open_source(replace(where, unit_column=column)).units or ()
            if len(set(units)) < len(source.ids):
                return column
    return None
