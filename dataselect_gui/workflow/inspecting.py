"""What something is, and what is wrong with it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import msgspec

from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.paths import resolved
from dataselect_gui.project.project import Project
from dataselect_gui.records.kinds import kind_of
from dataselect_gui.records.source import SourceRef
from dataselect_gui.sandbox.confining import what_confines
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import InspectJob
from dataselect_gui.worker.results import (
    BundleInspected,
    CheckpointInspected,
    Inspected,
    SourceInspected,
)
from dataselect_gui.workflow.reasons import reasons_of

_Thing = Literal["bundle", "checkpoint", "source"]
_TYPES: dict[_Thing, type[Inspected]] = {
    "bundle": BundleInspected,
    "checkpoint": CheckpointInspected,
    "source": SourceInspected,
}


def inspect(path: Path, records: Path | None, context: JobContext) -> dict[str, Any]:
    """Say what a path is: a project, a bundle, a checkpoint or a source.

    What strangers made is parsed in a process that is confined to it; ``confined`` says by what.

    Parameters
    ----------
    path : Path
        What to look at.
    records : Path or None
        A source whose labels are held against a checkpoint's.
    context : JobContext
        Takes progress, and by which another thread can stop the work.

    Raises
    ------
    UnusableError
        Where it is none of these.
    InterruptedByPersonError
        Where the work was stopped.
    """
    if (path / "project.json").is_file():
        return _inspect_project(Project.open(path))
    thing = _thing_at(path)
    job = InspectJob(
        path=resolved(path),
        records=None if records is None else SourceRef(resolved(records)),
        thing=thing,
    )
    found = run_job(job, context).found
    if not isinstance(found, _TYPES[thing]):
        raise UnusableError(
            f"“{path.name}” cannot be looked at.",
            "What read it fell over it: it may be made to do harm.",
            "Ask for another copy of it.",
        )
    return {**msgspec.to_builtins(found), "confined": asdict(what_confines())}


def _thing_at(path: Path) -> _Thing:
    if (path / "release.json").is_file():
        return "bundle"
    return "checkpoint" if looks_like_checkpoint(path) else "source"


def looks_like_checkpoint(path: Path) -> bool:
    """Say whether a path is to be read as a checkpoint, rather than as a source."""
    if path.is_file():
        return kind_of(path) is None
    return (path / "config.json").is_file() or any(path.glob("checkpoint-*")) or any(path.glob("*.pt2"))


def _inspect_project(project: Project) -> dict[str, Any]:
    # There is no table where scoring ended before it had read the records.
    table = None if project.settings.table is None else project.table
    problems = {} if table is None else reasons_of(table)
    labels = () if table is None else table.index.labels
    return {
        "kind": "project",
        "problems": [{"id": i, "reason": r} for i, r in sorted(problems.items())],
        "labels": sorted({label for label in labels if label is not None}),
        "records": len(labels),
        "scores": msgspec.to_builtins(project.scores),
        "rule": msgspec.to_builtins(project.settings.rule),
        "source": msgspec.to_builtins(project.settings.source),
        "checkpoint": msgspec.to_builtins(project.settings.checkpoint),
    }
