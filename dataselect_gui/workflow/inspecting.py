"""What something is, and what is wrong with it."""

from pathlib import Path
from typing import Literal, TypeAlias, assert_never

import msgspec

from dataselect_gui.errors import UnusableError
from dataselect_gui.paths import resolved
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import (
    Conditions,
    StoredCheckpoint,
    StoredRule,
    StoredSource,
)
from dataselect_gui.records.source import Problem
from dataselect_gui.worker.handle import Stop, run_job
from dataselect_gui.worker.messages import InspectJob, Report
from dataselect_gui.worker.results import BundleInspection, CheckpointInspection, SourceInspection
from dataselect_gui.workflow.reasons import reasons_of


class ProjectInspection(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="project"):
    """What a project is.

    Attributes
    ----------
    problems : list of Problem
        The records that have no scores, or lack some.
    labels : list of str
        The labels that there are, in order.
    records : int
        How many there are; 0 where scoring ended before it had read them.
    scores : dict
        Score → how it is computed.
    rule : StoredRule or None
        The rule, where there is one.
    source : StoredSource
        The records that it is about.
    checkpoint : StoredCheckpoint
        What they are scored with.
    """

    problems: list[Problem]
    labels: list[str]
    records: int
    scores: dict[str, Conditions]
    rule: StoredRule | None
    source: StoredSource
    checkpoint: StoredCheckpoint


Inspection: TypeAlias = ProjectInspection | BundleInspection | CheckpointInspection | SourceInspection


def inspect(path: Path, records: Path | None, report: Report, stop: Stop | None = None) -> Inspection:
    """Say what a path is: a project, a bundle, a checkpoint or a source.

    What strangers made is parsed in a process that is confined to it.

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
    kind = _kind_of(path)
    job = InspectJob(
        path=str(resolved(path)),
        records=None if records is None else str(resolved(records)),
        kind=kind,
    )
    content = run_job(job, report, stop).content
    try:
        match kind:
            case "bundle":
                return msgspec.convert(content, BundleInspection)
            case "checkpoint":
                return msgspec.convert(content, CheckpointInspection)
            case "source":
                return msgspec.convert(content, SourceInspection)
            case _:
                assert_never(kind)
    except msgspec.ValidationError:
        raise UnusableError(
            f"“{path.name}” cannot be looked at.",
            "What read it fell over it: it may be made to do harm.",
            "Ask for another copy of it.",
        ) from None


def _kind_of(path: Path) -> Literal["bundle", "checkpoint", "source"]:
    if (path / "release.json").is_file():
        return "bundle"
    return "checkpoint" if looks_like_checkpoint(path) else "source"


def looks_like_checkpoint(path: Path) -> bool:
    """Say whether a path is to be read as a checkpoint, rather than as a source."""
    if path.is_file():
        return path.suffix != ".npz"
    return (path / "config.json").is_file() or any(path.glob("checkpoint-*")) or any(path.glob("*.pt2"))


def _inspect_project(project: Project) -> ProjectInspection:
    settings = project.settings
    # There is no table where scoring ended before it had read the records.
    table = None if settings.table is None else project.table
    problems = {} if table is None else reasons_of(table)
    labels = () if table is None else table.index.labels
    return ProjectInspection(
        problems=[Problem(record, reason) for record, reason in sorted(problems.items())],
        labels=sorted({label for label in labels if label is not None}),
        records=len(labels),
        scores=project.scores,
        rule=settings.rule,
        source=settings.source,
        checkpoint=settings.checkpoint,
    )
