"""Have the worker sum clipped gradients, and take the sum from it."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.layout import Checkpoint
from dataselect_gui.errors import WorkerDiedError
from dataselect_gui.paths import resolved
from dataselect_gui.project.project import Project
from dataselect_gui.release.candidates import Summed
from dataselect_gui.release.kinds.gradient import CLIP_STEPS
from dataselect_gui.sandbox.frames import FrameError
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.messages import Report, SumJob
from dataselect_gui.worker.rows_file import write_rows
from dataselect_gui.worker.sum_file import read_sum
from dataselect_gui.workflow.conditions import device_of

_PREFIX = ".sum-"


def sum_gradients(
    project: Project,
    checkpoint: Checkpoint,
    clip: float,
    report: Report,
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
    report : callable
        Takes progress.
    rows : ndarray of bool
        Which records, shape (n,).

    Returns
    -------
    tuple
        The names and shapes of the parameters, and the sum in steps, shape (parameters,).
    """
    for left in project.folder.glob(f"{_PREFIX}*"):  # By a run that was killed.
        shutil.rmtree(left, ignore_errors=True)
    settings = project.settings.source
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=project.folder) as name:
        folder = Path(name)
        write_rows(folder, project.table.index, np.flatnonzero(rows).tolist())
        job = SumJob(
            source=settings.path,
            checkpoint=str(resolved(checkpoint.path)),
            digest=project.settings.checkpoint.digest,
            label_column=settings.label_column,
            unit_column=settings.unit_column,
            folder=str(resolved(folder)),
            clip=clip,
            steps=CLIP_STEPS,
            device=device_of(project),
        )
        run_job(job, report)
        try:
            return read_sum(folder)
        except FrameError:
            raise WorkerDiedError(
                f"{job.title} came to nothing.",
                "What was handed over is no sum: the checkpoint may be made to do harm.",
                job.afterwards,
            ) from None
