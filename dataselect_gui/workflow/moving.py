"""Point a project to the new place of its records or of its checkpoint."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import InterruptedByPersonError, UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.paths import resolved
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import StoredCheckpoint, StoredSource
from dataselect_gui.records.opening import open_source
from dataselect_gui.texts import _
from dataselect_gui.worker.indexing import check_same_source, read_index
from dataselect_gui.workflow.inspecting import looks_like_checkpoint


def find_again(project_path: Path, path: Path, context: JobContext) -> Literal["records", "checkpoint"]:
    """Point a project to where its records, or its checkpoint, are now.

    Both are recognised by their content, not by their names. Nothing changes where they are refused.

    Parameters
    ----------
    project_path : Path
        The project.
    path : Path
        What may be its records or its checkpoint.
    context : JobContext
        Reports progress, and carries the request to stop.

    Returns
    -------
    str
        Which of the two it is.

    Raises
    ------
    UnusableError
        Where it is neither.
    InterruptedByPersonError
        Where the work was stopped.
    """
    project, path = Project.open(project_path), resolved(path)
    if looks_like_checkpoint(path):
        check_same_checkpoint(project, find_checkpoint(path).digest())
        with project.exclusive():
            stored = project.settings.checkpoint
            project.settings.checkpoint = StoredCheckpoint(str(path), stored.digest)
            project.save()
        return "checkpoint"
    ref = replace(project.settings.source.ref, path=path)
    source = open_source(ref)
    try:
        index = read_index(source, context)
    except InterruptedByPersonError:
        raise InterruptedByPersonError(
            _("The records were not compared."),
            _("You stopped it."),
            JobKind.RECORD_COMPARISON.afterwards,
        ) from None
    with project.exclusive():
        check_same_source(project, source, index)
        project.settings.source = StoredSource.of(ref, source.kind.name)
        project.save()
    return "records"


def check_same_checkpoint(project: Project, digest: str) -> None:
    """Check that a checkpoint is the one that the project was scored with.

    Raises
    ------
    UnusableError
        Where its files are others.
    """
    settings = project.settings
    if settings.table is not None and settings.checkpoint.digest != digest:
        raise UnusableError(
            _("The project “{name}” was scored with another checkpoint.", name=project.folder.name),
            _("Its scores stay with the checkpoint that they were computed by."),
            _("Show the checkpoint that it was scored with, or score the records with this one."),
        )
