"""What something is, and what is wrong with it."""

import time
from pathlib import Path
from typing import Any

from dataselect_gui.checkpoints.labels import match_labels
from dataselect_gui.checkpoints.layout import Checkpoint, find_checkpoint
from dataselect_gui.project.project import Project
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.release.verify import verify_bundle
from dataselect_gui.scoring.catalog import applicable
from dataselect_gui.worker.messages import Progress, Report


def inspect(path: Path, records: Path | None, report: Report) -> dict[str, Any]:
    """Say what a path is: a project, a bundle, a checkpoint or a source.

    Parameters
    ----------
    path : Path
        What to look at.
    records : Path or None
        A source whose labels are held against a checkpoint's.
    report : callable
        Takes progress.

    Raises
    ------
    UnusableError
        Where it is none of these.
    """
    if (path / "project.json").is_file():
        return _inspect_project(Project.open(path))
    if (path / "release.json").is_file():
        return {"kind": "bundle", "problems": [], "checks": [vars(c) for c in verify_bundle(path)]}
    if path.suffix == ".pt2" or _looks_like_checkpoint(path):
        return _inspect_checkpoint(find_checkpoint(path), records)
    return _inspect_source(open_source(path), report)


def _looks_like_checkpoint(path: Path) -> bool:
    if path.is_file():
        return path.suffix != ".npz"
    return (path / "config.json").is_file() or any(path.glob("checkpoint-*")) or any(path.glob("*.pt2"))


def _inspect_project(project: Project) -> dict[str, Any]:
    table = project.table
    return {
        "kind": "project",
        "problems": [{"id": i, "reason": r} for i, r in sorted(table.problems().items())],
        "labels": sorted({label for label in table.index.labels if label is not None}),
        "records": len(table.index.ids),
        "scores": project.settings["scores"],
        "rule": project.settings["rule"],
        "source": project.settings["source"],
        "checkpoint": project.settings["checkpoint"],
    }


def _inspect_checkpoint(checkpoint: Checkpoint, records: Path | None) -> dict[str, Any]:
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


def _inspect_source(source: Source, report: Report) -> dict[str, Any]:
    problems = [{"id": p.id, "reason": p.reason} for p in source.problems]
    told = time.monotonic()
    for row, record in enumerate(source.ids):
        if time.monotonic() - told > 0.25:
            told = time.monotonic()
            report(Progress("Reading records", row, len(source.ids)))
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
        "ignored": source.ignored,
    }
