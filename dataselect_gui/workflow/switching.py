"""Go from one checkpoint of a project to another: the scores by each of them are kept."""

from pathlib import Path

import msgspec

from dataselect_gui.errors import UnusableError
from dataselect_gui.project.project import MOMENT_SECONDS, Project
from dataselect_gui.project.settings import StoredCheckpoint, StoredSource
from dataselect_gui.scoring.catalog import in_order
from dataselect_gui.texts import _, ngettext
from dataselect_gui.worker.saving import InProgressMark


class KeptScores(msgspec.Struct, frozen=True):
    """The scores of a project by a checkpoint that is not its own now.

    Attributes
    ----------
    digest : str
        The checkpoint's.
    path : str
        Where it was.
    scores : list of str
        Their names.
    """

    digest: str
    path: str
    scores: list[str]


def kept_scores(project: Project) -> tuple[KeptScores, ...]:
    """Return what is kept by the checkpoints that are not a project's own, by their paths."""
    others = project.settings.other_checkpoints
    if project.settings.table is None or not others:
        return ()
    table = project.table
    kept = [
        KeptScores(digest, other.path, in_order(names))
        for digest, other in others.items()
        if (names := table.by(digest).columns())
    ]
    return tuple(sorted(kept, key=lambda other: (other.path, other.digest)))


def switch_checkpoint(project_path: Path, digest: str) -> None:
    """Make a checkpoint by which scores are kept the project's own; nothing is computed.

    Raises
    ------
    UnusableError
        Where none are kept by it, or another process holds the project for longer than a moment.
    """
    project = Project.open(project_path)
    with project.exclusive(MOMENT_SECONDS):
        kept = project.settings.other_checkpoints.get(digest)
        if kept is None:
            raise UnusableError(
                _("The project is not as it was."),
                _("Another window or command changed its checkpoint."),
                _("Open it again."),
            )
        _switch(project, StoredCheckpoint(kept.path, digest))


def settle(
    project: Project, source: StoredSource, checkpoint: StoredCheckpoint
) -> StoredCheckpoint | None:
    """Make an existing project that of a source and a checkpoint.

    Returns
    -------
    StoredCheckpoint or None
        The checkpoint that was the project's own; None where it still is, or nothing was scored.

    Raises
    ------
    UnusableError
        Where the checkpoint lies in place of the project's own, or reads records in another way.
    """
    with project.exclusive():
        settings = project.settings
        former, own = settings.source, settings.checkpoint
        # Source and checkpoint may change as long as nothing was scored.
        if settings.table is None:
            before = (former.path, former.split, own.digest)
            if before != (source.path, source.split, checkpoint.digest):
                # The answers were about the former ones.
                settings.in_training = settings.reference_in_training = None
                settings.decision = None
            settings.source, settings.checkpoint = source, checkpoint
            project.save()
            return None
        if own.digest == checkpoint.digest:
            return None
        _check_switch(project, source, checkpoint)
        _switch(project, checkpoint)
        return own


def switch_back(project_path: Path, former: StoredCheckpoint) -> None:
    """Make the former checkpoint the project's own again: scoring with the new one was refused."""
    project = Project.open(project_path)
    with project.exclusive():
        refused, has_scores = project.settings.checkpoint.digest, project.table.count_scores() > 0
        _switch(project, former)
        if not has_scores:
            del project.settings.other_checkpoints[refused]
            project.save()


def switched_sentence(project: Project, former: StoredCheckpoint) -> str:
    """Return what a person should know of a project that another checkpoint was shown to."""
    change = _(
        "Until now the project had the checkpoint at {former}; the scores by that one are kept.",
        former=former.path,
    )
    kept = project.table.count_scores()
    if not kept:
        return change
    reused = ngettext(
        "{count:,} score by the new one was there from before.",
        "{count:,} scores by the new one were there from before.",
        kept,
    )
    return f"{change} {reused}"


def _switch(project: Project, checkpoint: StoredCheckpoint) -> None:
    InProgressMark(project.folder).take_away()  # It is of a run by the former checkpoint.
    project.switch(checkpoint)


def _check_switch(project: Project, source: StoredSource, checkpoint: StoredCheckpoint) -> None:
    known, own = project.settings.source, project.settings.checkpoint
    if own.path == checkpoint.path:
        raise UnusableError(
            _("The project “{name}” was scored with another checkpoint.", name=project.folder.name),
            _("It lay where another one lies now."),
            _(
                "Put each into a folder of its own, and score with it: a project keeps the scores by "
                "several."
            ),
        )
    if (known.feature_columns, known.text_column, known.pixel_range) != (
        source.feature_columns,
        source.text_column,
        source.pixel_range,
    ):
        raise UnusableError(
            _("The project “{name}” was scored with another checkpoint.", name=project.folder.name),
            _("This one reads the records in another way: by other columns, or another pixel_range."),
            _("Score into another project."),
        )
