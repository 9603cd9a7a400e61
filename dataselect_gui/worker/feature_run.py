"""Take the features of records one by one, and sum clipped gradients class by class."""

from typing import TYPE_CHECKING

import numpy as np

from dataselect_gui.checkpoints.calibration_file import WIDEST
from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import ChangedRecordError, UnreadableRecordError
from dataselect_gui.texts import _
from dataselect_gui.worker.feature_file import Taken, write_taken
from dataselect_gui.worker.input_loading import ScoredInputLoader
from dataselect_gui.worker.jobs import FeatureJob
from dataselect_gui.worker.results import FilesResult
from dataselect_gui.worker.rows_file import read_rows

if TYPE_CHECKING:
    from torch import Tensor

    from dataselect_gui.scoring.model import Model

_MOST_NUMBERS = 1 << 28
"""In features, and in sums: 2 GB each."""


def run_features(job: FeatureJob, context: JobContext) -> FilesResult:
    """Take the features of records by the final checkpoint, and sum gradients of some.

    A record whose input cannot be made, or of which the model makes nothing, has no features and adds
    nothing.

    Raises
    ------
    DataSelectError
        Where source or checkpoint cannot be used, or the work was stopped.
    """
    import torch

    from dataselect_gui.norms.memory import is_out_of_memory
    from dataselect_gui.scoring.clipped_sum import ClippedSum
    from dataselect_gui.scoring.last_linear import check_features
    from dataselect_gui.scoring.model import choose_device, in_precision, load_model, to_tensor
    from dataselect_gui.scoring.public_shapes import public_shapes
    from dataselect_gui.scoring.synthetic import synthetic

    checkpoint = find_checkpoint(job.checkpoint)
    checkpoint.check_digest(job.digest)
    source = open_source(job.source)
    index = read_rows(job.folder)
    reader = LabelReader.of(checkpoint, source.classes, job.source.labels)
    targets = reader.targets(index.labels)
    context.report(Phase.LOADING_MODEL)
    device = choose_device(job.device)
    dtype = torch.float32 if device.type == "mps" else torch.float64
    model = in_precision(load_model(checkpoint.final, device), dtype)
    preprocess = source.kind.to_input(checkpoint.final, model.channels)
    loader = ScoredInputLoader(source, index, preprocess)
    count, sums = len(index.ids), list[ClippedSum]()
    for _class in range(job.classes if job.summed else 0):
        sums.append(ClippedSum(model, checkpoint.task, len(checkpoint.labels), job.clip, job.steps))
        _check_size(job.classes * len(sums[0].total))
    for shape in public_shapes(source, checkpoint.final, model, preprocess):
        made_up = to_tensor(synthetic((2, *shape), model.vocabulary), device, dtype)
        if job.with_features:  # What cannot be taken at all is told before a record is read.
            check_features(model, made_up)
        for each in sums[:1]:
            each.check(made_up[:1])
    features, summed = np.zeros((count, 0)), set(job.summed)
    for row in range(count):
        context.advance(Phase.TAKING_FEATURES, row, count)
        try:
            values = loader.read(row)
        except (ChangedRecordError, UnreadableRecordError):
            continue
        # A copy: arrays may lie in a file that cannot be written to.
        record, vector = to_tensor(values.copy()[None], device, dtype), np.zeros(0)
        try:
            if job.with_features:
                vector = _features(model, record)
            if row in summed:
                sums[int(targets[row])].add(record, targets[row : row + 1])
        except Exception as error:  # Of what this record holds, or of its own shape.
            if is_out_of_memory(error):
                raise
            continue
        if len(vector) and not features.shape[1]:
            _check_width(len(vector))
            _check_size(count * len(vector))
            features = np.full((count, len(vector)), np.nan)
        if len(vector) and len(vector) == features.shape[1]:
            features[row] = vector
    totals = np.stack([each.total for each in sums]) if sums else np.zeros((0, 0), dtype=np.int64)
    write_taken(job.folder, Taken(features, totals, sums[0].layout if sums else []))
    return FilesResult(records=count)


def _features(model: "Model", record: "Tensor") -> "np.typing.NDArray[np.float64]":
    """Return the features of one record, shape (width,)."""
    import torch

    from dataselect_gui.scoring.arithmetic import flushed_denormals
    from dataselect_gui.scoring.last_linear import LastLinear

    with torch.no_grad(), LastLinear() as last, flushed_denormals():
        model(record)
    vector = last.features(1)[0].double().cpu().numpy()
    return vector if np.isfinite(vector).all() else np.full(len(vector), np.nan)


def _check_width(width: int) -> None:
    if width > WIDEST:
        raise UnusableError(
            _("The distance cannot be computed for this model."),
            _(
                "Its last linear layer takes {width:,} numbers, more than {most:,}: their covariance "
                "would be too large.",
                width=width,
                most=WIDEST,
            ),
            _("Leave out distance."),
        )


def _check_size(numbers: int) -> None:
    if numbers > _MOST_NUMBERS:
        raise UnusableError(
            _("There is too much to be calibrated at once."),
            _("It would take more than {most:,} numbers in memory.", most=_MOST_NUMBERS),
            _("Give fewer rows, or leave directions out."),
        )
