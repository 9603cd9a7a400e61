"""Sum the clipped gradients of records. No noise is drawn here: that is the parent's part."""

import json

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.records.array_frames import array_parts
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import ChangedRecordError, UnreadableRecordError
from dataselect_gui.sandbox.frames import write_frame
from dataselect_gui.texts import _
from dataselect_gui.worker.input_loading import ScoredInputLoader
from dataselect_gui.worker.jobs import SumJob
from dataselect_gui.worker.results import FilesResult
from dataselect_gui.worker.rows_file import read_rows
from dataselect_gui.worker.sum_file import LAYOUT, SUM, TOTAL


def run_sum(job: SumJob, context: JobContext) -> FilesResult:
    """Sum the clipped gradients of records, by the final checkpoint.

    A record adds nothing that has no label or none of the model's classes, whose input cannot be made,
    or of which the model makes nothing.

    Raises
    ------
    DataSelectError
        Where the source, the checkpoint or the project cannot be used, a record changed or is gone,
        or the work was stopped.
    """
    import torch

    from dataselect_gui.norms.memory import is_out_of_memory
    from dataselect_gui.scoring.clipped_sum import ClippedSum
    from dataselect_gui.scoring.model import choose_device, in_precision, load_model, to_tensor
    from dataselect_gui.scoring.public_shapes import public_shapes
    from dataselect_gui.scoring.synthetic import synthetic

    checkpoint = find_checkpoint(job.checkpoint)
    checkpoint.check_digest(job.digest)
    source = open_source(job.source)
    index = read_rows(job.folder)
    reader = LabelReader.of(checkpoint, source.classes, job.source.labels)
    targets = reader.targets(index.labels)
    is_labelled = checkpoint.task.is_labelled(targets)
    context.report(Phase.LOADING_MODEL)
    device = choose_device(job.device)
    dtype = torch.float32 if device.type == "mps" else torch.float64
    model = in_precision(load_model(checkpoint.final, device), dtype)
    preprocess = source.kind.to_input(checkpoint.final, model.channels)
    loader = ScoredInputLoader(source, index, preprocess)
    summed = ClippedSum(model, checkpoint.task, len(checkpoint.labels), job.clip, job.steps)
    shapes = public_shapes(source, checkpoint.final, model, preprocess)
    for shape in shapes:  # What cannot be summed at all is told before a record is read.
        summed.check(to_tensor(synthetic((1, *shape), model.vocabulary), device, dtype))
    count = len(index.ids)
    for done in range(count):
        context.advance(Phase.SUMMING, done, count)
        try:
            values = loader.read(done)
        except ChangedRecordError:
            raise UnusableError(
                _("A record changed while the gradients were summed."),
                _("Its score is not its own any more."),
                _("Put the records back as they were, or score them again."),
            ) from None
        except UnreadableRecordError:
            continue
        if not is_labelled[done]:
            continue
        try:
            summed.add(to_tensor(values[None], device, dtype), targets[done : done + 1])
        except Exception as error:
            if values.shape in shapes and is_out_of_memory(error):
                raise  # So it would be for every record.
    with (job.folder / SUM).open("wb") as file:
        write_frame(file, LAYOUT, json.dumps(summed.layout).encode())
        write_frame(file, TOTAL, *array_parts("sum", summed.total))
    return FilesResult(records=count)
