"""Make the maps of a few records, the one that is looked at first. Nothing of it is kept."""

import time

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.texts import N_, _
from dataselect_gui.worker.input_loading import ScoredInputLoader
from dataselect_gui.worker.jobs import MapJob
from dataselect_gui.worker.map_file import RecordMaps, write_maps
from dataselect_gui.worker.results import FilesResult
from dataselect_gui.worker.rows_file import read_rows

MOST_BYTES = 64 * 1024 * 1024
"""What the maps of one job may take; those of the first record may take more."""
_NO_IMAGE = N_(
    "The model does not take this record as an image, so there is nothing to draw a map over."
)
_NO_LABEL = N_("This score needs a label, and the record has none.")


def run_maps(job: MapJob, context: JobContext) -> FilesResult:
    """Make the maps of records, one record at a time, and write them into one file.

    Each record comes with its picture as the model takes it, and with a reason for each map that it
    does not have. Records for which there is no time, or no room, are left out.

    Raises
    ------
    DataSelectError
        Where the source, the checkpoint or the project cannot be used, or the work was stopped.
    """
    from dataselect_gui.scoring.model import choose_device
    from dataselect_gui.scoring.scorer import Scorer

    checkpoint = find_checkpoint(job.checkpoint)
    checkpoint.check_digest(job.digest)
    source = open_source(job.source)
    index = read_rows(job.folder)
    reader = LabelReader.of(checkpoint, source.classes, job.source.labels)
    targets = reader.targets(index.labels)
    is_labelled = checkpoint.task.is_labelled(targets)
    context.report(Phase.LOADING_MODEL)
    device = choose_device(job.device)
    scorer = Scorer(checkpoint, job.names, device, job.precision)
    to_input = source.kind.to_input(checkpoint.final, scorer.model.channels)
    loader = ScoredInputLoader(source, index, to_input)
    results: dict[int, RecordMaps] = {}
    began = time.monotonic()
    for place, row in enumerate(job.rows):
        bytes_held = sum(result.size for result in results.values())
        if results and (time.monotonic() - began > job.seconds or bytes_held > MOST_BYTES):
            break
        context.check()
        context.report(Phase.MAKING_MAPS, len(results), len(job.rows))
        record, has_label = index.ids[place], bool(is_labelled[place])
        names = [name for name in job.names if has_label or not find_score(name).needs_label]
        try:
            values = loader.read(place)
            if values.ndim != 3:
                raise UnreadableRecordError(_(_NO_IMAGE))
            maps = scorer.maps(names, values[None], targets[place : place + 1])
        except (UnreadableRecordError, UnusableError) as error:
            reason = error.what if isinstance(error, UnusableError) else str(error)
            results[row] = RecordMaps(record, None, {}, dict.fromkeys(job.names, reason))
            continue
        results[row] = RecordMaps(
            record,
            picture_of(np.asarray(values, dtype=np.float32)),
            {name: maps[name][0].astype(np.float32) for name in names},
            {name: _(_NO_LABEL) for name in job.names if name not in names},
        )
    write_maps(job.folder, results)
    return FilesResult(records=len(results))


def picture_of(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a model's input as a picture, from its darkest to its brightest value.

    Parameters
    ----------
    values : ndarray
        Shape (channels, height, width).

    Returns
    -------
    ndarray of uint8
        Shape (height, width, 3) where there are three channels; else (height, width), of their mean.
    """
    planes = np.moveaxis(values, 0, -1) if len(values) == 3 else values.mean(axis=0)
    low, high = float(planes.min()), float(planes.max())
    picture: NDArray[np.uint8] = ((planes - low) / ((high - low) or 1.0) * 255).astype(np.uint8)
    return picture
