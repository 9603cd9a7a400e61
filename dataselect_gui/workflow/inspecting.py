"""Inspect a project, a bundle, a checkpoint or a source."""

from dataclasses import replace
from mimetypes import MimeTypes
from pathlib import Path
from typing import Literal, TypeAlias

from dataselect_gui.checkpoints.refusals import PICKLES
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.paths import resolved
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions, StoredCheckpoint, StoredRule, StoredSource
from dataselect_gui.records.kinds import kind_of, what_opens
from dataselect_gui.records.source import SourceRef
from dataselect_gui.texts import N_, _
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import InspectJob
from dataselect_gui.worker.results import (
    BundleInspected,
    CheckpointInspected,
    Inspected,
    ProblemFound,
    SourceInspected,
)
from dataselect_gui.workflow.reasons import reasons_of
from dataselect_gui.workflow.switching import KeptScores, kept_scores

_ReadAs = Literal["bundle", "checkpoint", "source"]


class ProjectInspected(Inspected, frozen=True, tag="project", omit_defaults=True):
    """A project.

    Attributes
    ----------
    problems : list of ProblemFound
        The records that have no scores, or lack some.
    labels : list of str
        The distinct labels, sorted.
    records : int
        How many records there are; 0 where scoring ended before it had read them.
    scores : dict
        Score → how it is computed.
    rule : StoredRule or None
        The rule, where there is one.
    source, checkpoint : StoredSource and StoredCheckpoint
        What it is about.
    other_checkpoints : tuple of KeptScores
        The other checkpoints by which there are scores; scoring with one goes back to these.
    """

    problems: list[ProblemFound]
    labels: list[str]
    records: int
    scores: dict[str, Conditions]
    rule: StoredRule | None
    source: StoredSource
    checkpoint: StoredCheckpoint
    other_checkpoints: tuple[KeptScores, ...] = ()


Inspection: TypeAlias = ProjectInspected | BundleInspected | CheckpointInspected | SourceInspected
_OF_MODELS = frozenset({".pt2", ".safetensors"})
_KNOWN_FILES = {
    "image/": N_("It is a single image; records are many. Give the folder that it is in."),
    "application/pdf": N_("It is a PDF document."),
    "text/": N_("It is a text file, without the columns of a table."),
    "audio/": N_("It is a sound recording."),
    "video/": N_("It is a film."),
    "application/zip": N_("It is an archive: unpack it, and give what was in it."),
    "application/x-tar": N_("It is an archive: unpack it, and give what was in it."),
    "archive": N_("It is an archive: unpack it, and give what was in it."),
}
"""What files are that people may give by mistake: how their MIME type begins → a sentence."""
_TYPES: dict[_ReadAs, type[Inspected]] = {
    "bundle": BundleInspected,
    "checkpoint": CheckpointInspected,
    "source": SourceInspected,
}


def inspect(target: Path | SourceRef, records: SourceRef | None, context: JobContext) -> Inspection:
    """Describe what lies at a path: a project, a bundle, a checkpoint or a source.

    Bundles, checkpoints and sources may be hostile, and are parsed in a confined process.

    Parameters
    ----------
    target : Path or SourceRef
        What to inspect; a SourceRef where columns of a source are named.
    records : SourceRef or None
        A source whose labels are compared with a checkpoint's classes.
    context : JobContext
        Reports progress, and carries the request to stop.

    Raises
    ------
    UnusableError
        Where it is none of these.
    InterruptedByPersonError
        Where the work was stopped.
    """
    source = target if isinstance(target, SourceRef) else SourceRef(target)
    path = source.path
    if (path / "project.json").is_file():
        return _inspect_project(Project.open(path))
    if path.is_file() and kind_of(source) is None and path.suffix.lower() not in _OF_MODELS | PICKLES:
        raise _of_no_use(path)
    read_as = _read_as(path)
    if read_as == "source":
        records = source
    if records is not None:
        records = replace(records, path=resolved(records.path))
    job = InspectJob(path=resolved(path), records=records, read_as=read_as)
    inspection = run_job(job, context).inspected
    if not isinstance(inspection, _TYPES[read_as]):
        raise UnusableError(
            _("“{name}” cannot be looked at.", name=path.name),
            _("What read it fell over it: it may be made to do harm."),
            _("Ask for another copy of it."),
        )
    return inspection


def _of_no_use(path: Path) -> UnusableError:
    """Return the error for a file that is neither records nor a model, by the ending of its name."""
    guessed, packed = MimeTypes().guess_type(path.name)
    kind = "archive" if packed is not None else guessed or ""
    what = next((text for beginning, text in _KNOWN_FILES.items() if kind.startswith(beginning)), None)
    return UnusableError(
        _("“{name}” cannot be used here.", name=path.name),
        _("It is a file of a kind that this program does not read.") if what is None else _(what),
        _(
            "Give records: {kinds}. Or give a checkpoint: the consortium's folder, or its .pt2 file.",
            kinds=what_opens(),
        ),
    )


def _read_as(path: Path) -> _ReadAs:
    if (path / "release.json").is_file():
        return "bundle"
    return "checkpoint" if looks_like_checkpoint(path) else "source"


def looks_like_checkpoint(path: Path) -> bool:
    """Say whether a path is read as a checkpoint rather than as a source."""
    if path.is_file():
        return kind_of(SourceRef(path)) is None
    if (path / "config.json").is_file() or any(path.glob("checkpoint-*")):
        return True
    return path.is_dir() and any(file.suffix.lower() in _OF_MODELS for file in path.iterdir())


def _inspect_project(project: Project) -> ProjectInspected:
    settings = project.settings
    # There is no table where scoring ended before it had read the records.
    table = None if settings.table is None else project.table
    problems = {} if table is None else reasons_of(table)
    labels = () if table is None else table.index.labels
    return ProjectInspected(
        problems=[ProblemFound(record, reason) for record, reason in sorted(problems.items())],
        labels=sorted({label for label in labels if label is not None}),
        records=len(labels),
        scores=project.scores,
        rule=settings.rule,
        source=settings.source,
        checkpoint=settings.checkpoint,
        other_checkpoints=kept_scores(project),
    )
