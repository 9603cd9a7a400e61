"""Take features and gradients in the worker, and make of them what a calibration's file holds."""

import tempfile
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.calibration_file import direction_name
from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.endings import came_to_nothing
from dataselect_gui.paths import resolved
from dataselect_gui.project.table import Index
from dataselect_gui.records.reference import SourceRef
from dataselect_gui.sandbox.frames import FrameError
from dataselect_gui.texts import _
from dataselect_gui.worker.feature_file import Taken, read_taken
from dataselect_gui.worker.handle import run_job
from dataselect_gui.worker.jobs import FeatureJob
from dataselect_gui.worker.rows_file import write_rows

CLIP_STEPS = 1 << 24
"""Into how many steps the clip norm is divided."""
Floats = NDArray[np.float64]
Tensors = dict[str, NDArray[np.generic]]


def take(
    checkpoint: Checkpoint,
    source: SourceRef,
    index: Index,
    context: JobContext,
    *,
    classes: int,
    with_features: bool,
    summed: Sequence[int],
    clip: float,
    device: str,
) -> Taken:
    """Take features of records, or sums of their clipped gradients, in the worker.

    Parameters
    ----------
    checkpoint : Checkpoint
        Whose final state it is.
    source : SourceRef
        The records.
    index : Index
        As they were read.
    context : JobContext
        Reports progress, and carries the request to stop.
    classes : int
        How many the checkpoint tells apart.
    with_features : bool
        Whether features are wanted.
    summed : sequence of int
        The rows whose gradients are summed.
    clip : float
        The norm that each is clipped to.
    device : str
        Where it is computed.
    """
    with tempfile.TemporaryDirectory(prefix="dataselect-features-") as name:
        folder = resolved(Path(name))
        write_rows(folder, index, range(len(index.ids)))
        job = FeatureJob(
            source=source,
            checkpoint=checkpoint.path,
            digest=checkpoint.digest(),
            folder=folder,
            classes=classes,
            with_features=with_features,
            summed=list(summed),
            clip=clip,
            steps=CLIP_STEPS,
            device=device,
        )
        run_job(job, context)
        try:
            return read_taken(folder, len(index.ids), classes, summed, CLIP_STEPS)
        except FrameError:
            raise came_to_nothing(
                job.kind, _("What was handed over is not what was asked for.")
            ) from None


def directions_of(sums: NDArray[np.int64], layout: Sequence[tuple[str, list[int]]]) -> Tensors:
    """Return the tensors of the classes' directions; none for a class whose sum is zero."""
    tensors: Tensors = {}
    for index, total in enumerate(sums):
        if not total.any():
            continue
        values, start = (total / CLIP_STEPS).astype(np.float32), 0
        for name, shape in layout:
            end = start + prod(shape)
            tensors[direction_name(index, name)] = values[start:end].reshape(shape)
            start = end
    return tensors
