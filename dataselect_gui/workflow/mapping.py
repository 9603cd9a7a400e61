"""Maps of a few records, which show where in a record a score comes from."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.endings import came_to_nothing
from dataselect_gui.paths import resolved
from dataselect_gui.project.project import Project
from dataselect_gui.sandbox.frames import FrameError
from dataselect_gui.scoring.catalog import find_score, in_order
from dataselect_gui.scoring.names import PRECISIONS
from dataselect_gui.texts import _
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import MapJob
from dataselect_gui.worker.map_file import RecordMaps, read_maps
from dataselect_gui.worker.rows_file import write_rows
from dataselect_gui.workflow.conditions import device_of, precision_of
from dataselect_gui.workflow.moving import check_same_checkpoint
from dataselect_gui.workflow.viewing import note_view

MOST_AT_ONCE = 16
"""How many records are worth one start of the worker, which takes seconds."""
_SECONDS = 4.0
_PREFIX = ".maps"


def maps(project_path: Path, rows: Sequence[int], context: JobContext) -> dict[int, RecordMaps]:
    """Compute the maps of some records, for every score of the project that has a map.

    The mean of a VoG map is the record's score in the table, and the L2 norm of a PLIS map the score in
    its L2 form: both are made from the same records and checkpoints, in the same precision. Nothing
    is kept on disk.

    Parameters
    ----------
    project_path : Path
        The project.
    rows : sequence of int
        Rows of its table, at least one, the most urgent first; of more than `MOST_AT_ONCE` the first.
    context : JobContext
        Reports progress, and carries the request to stop.

    Returns
    -------
    dict of int to RecordMaps
        By row: the first one, and as many others as there was time and room for.

    Raises
    ------
    UnusableError
        Where the project has no such score, or its records or checkpoint cannot be used.
    InterruptedByPersonError
        Where the work was stopped.
    WorkerDiedError
        Where the worker ended without a result.
    """
    project = Project.open(project_path)
    table = project.table
    names = [name for name in in_order(table.columns()) if find_score(name).has_map]
    if not names:
        raise UnusableError(
            _("No score of this project has a map."),
            _("Only vog and plis have one, and it has neither."),
            _("Score the records with one of them."),
        )
    if max(rows) >= len(table.index.ids):
        raise UnusableError(
            _("The project has changed."),
            _("It was scored again in another window or from the terminal."),
            _("Open it again."),
        )
    note_view(project)  # The mean of a map is the score.
    settings = project.settings
    checkpoint = find_checkpoint(Path(settings.checkpoint.path))
    check_same_checkpoint(project, checkpoint.digest())
    _clear(project.folder)
    # In the project's folder: what is computed from records is kept nowhere else, even after a crash.
    prefix = f"{_PREFIX}-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=project.folder) as folder:
        requested = list(rows)[:MOST_AT_ONCE]
        write_rows(Path(folder), table.index, requested)
        job = MapJob(
            source=settings.source.ref,
            checkpoint=resolved(checkpoint.path),
            digest=settings.checkpoint.digest,
            folder=resolved(Path(folder)),
            rows=requested,
            names=names,
            device=device_of(project),
            precision=precision_of(project) or PRECISIONS[0],
            seconds=_SECONDS,
        )
        run_job(job, context)
        try:
            return read_maps(Path(folder))
        except FrameError:
            raise came_to_nothing(
                job.kind,
                _(
                    "What was handed over is no map: the record or the checkpoint may be made to do "
                    "harm."
                ),
            ) from None


def _clear(folder: Path) -> None:
    """Delete folders that killed processes left, but none that a running process uses."""
    import psutil  # The window opens without it.

    for left in folder.glob(f"{_PREFIX}-*"):
        owner = left.name.split("-")[1]
        is_ours = owner == str(os.getpid())
        if is_ours or not (owner.isdigit() and psutil.pid_exists(int(owner))):
            shutil.rmtree(left, ignore_errors=True)
