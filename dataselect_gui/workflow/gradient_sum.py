"""Sum clipped gradients in the worker."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.endings import came_to_nothing
from dataselect_gui.paths import resolved
from dataselect_gui.project.project import Project
from dataselect_gui.release.candidates import Summed
from dataselect_gui.release.kinds.gradient import CLIP_STEPS
from dataselect_gui.sandbox.frames import FrameError
from dataselect_gui.texts import _
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import ParametersJob, SumJob
from dataselect_gui.worker.rows_file import write_rows
from dataselect_gui.worker.sum_file import read_sum
from dataselect_gui.workflow.conditions import device_of

_PREFIX = ".sum-"
_ROUNDED = 1 + 1e-9
"""What the arithmetic of a norm may add to it."""


def sum_gradients(
    project: Project,
    checkpoint: Checkpoint,
    clip: float,
    context: JobContext,
    rows: NDArray[np.bool_],
) -> Summed:
    """Return the sum of the clipped gradients of some records of a project.

    Parameters
    ----------
    project : Project
        Whose records; held by the caller.
    checkpoint : Checkpoint
        Whose final state is differentiated.
    clip : float
        The norm that each record's gradient is clipped to.
    context : JobContext
        Reports progress, and carries the request to stop.
    rows : ndarray of bool
        Which records, shape (n,).

    Returns
    -------
    tuple
        The names and shapes of the parameters, and the sum in steps, shape (parameters,).
    """
    place, digest = resolved(checkpoint.path), project.settings.checkpoint.digest
    # What leaves beside noised numbers comes from a process that has no records.
    layout = run_job(ParametersJob(checkpoint=place, digest=digest), context).layout
    for left in project.folder.glob(f"{_PREFIX}*"):  # Left by a run that was killed.
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=project.folder) as name:
        folder = Path(name)
        write_rows(folder, project.table.index, np.flatnonzero(rows).tolist())
        job = SumJob(
            source=project.settings.source.ref,
            checkpoint=place,
            digest=digest,
            folder=resolved(folder),
            clip=clip,
            steps=CLIP_STEPS,
            device=device_of(project),
        )
        run_job(job, context)
        try:
            total = read_sum(folder, layout)
            if np.linalg.norm(total.astype(np.float64)) > int(rows.sum()) * CLIP_STEPS * _ROUNDED:
                raise FrameError("longer than so many clipped gradients can be")
            return layout, total
        except FrameError:
            raise came_to_nothing(
                job.kind,
                _("What was handed over is no sum: the checkpoint may be made to do harm."),
            ) from None
