"""Try a checkpoint on some of the owner's records, before the long run."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.records.opening import open_source
from dataselect_gui.texts import _
from dataselect_gui.worker.indexing import fair_order
from dataselect_gui.worker.input_loading import InputLoader, stacked
from dataselect_gui.worker.jobs import PreflightJob
from dataselect_gui.worker.results import PreflightResult

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import ToInput
    from dataselect_gui.records.source import Source

RECORDS = 64


def run_preflight(job: PreflightJob, context: JobContext) -> PreflightResult:
    """Tell what a preflight finds; with it the time that reading a record takes, in seconds.

    Raises
    ------
    DataSelectError
        Where the source or the checkpoint cannot be used, or no record can be read.
    """
    from dataselect_gui.scoring.stopwatch import Stopwatch

    watch = Stopwatch("cpu")
    from dataselect_gui.scoring.model import choose_device
    from dataselect_gui.scoring.preflight import try_on
    from dataselect_gui.scoring.scorer import Scorer

    checkpoint = find_checkpoint(job.checkpoint)
    source = open_source(job.source)
    reader = LabelReader.of(checkpoint, source.classes, job.source.labels)
    reader.check(source.labels)
    context.report(Phase.LOADING_MODEL)
    device = choose_device(job.device)
    scorer = Scorer(checkpoint, job.names, device)
    to_load = watch.taken()
    context.report(Phase.TRYING_ON_RECORDS)
    to_input = source.kind.to_input(checkpoint.final, scorer.model.channels)
    loader = InputLoader(source, None, to_input)
    order = fair_order(source.ids)
    records = loader.first(order, RECORDS)
    if not records:
        raise UnusableError(
            _("None of the records can be read."),
            _("So the checkpoint cannot be tried on them."),
            _("See the reasons among the source's problems, and mend or replace the files."),
        )
    inputs = stacked([record.values for record in records if record.values is not None])
    targets = reader.targets(source.labels[record.row] for record in records)
    seconds_to_read = _seconds_to_read(source, to_input, order, inputs.shape[1:])
    notes = to_input.notes(source, order[:RECORDS])
    trial = try_on(scorer, checkpoint, job.names, inputs, targets)
    return PreflightResult(
        **msgspec.structs.asdict(trial),
        records=len(source.ids),
        seconds_to_load=to_load.alone,
        seconds_to_read=seconds_to_read,
        notes=notes,
    )


def _seconds_to_read(
    source: "Source", to_input: "ToInput", order: Sequence[int], shape: tuple[int, ...]
) -> float:
    """Return how long reading a record takes, many at once, as in the long run.

    Others are read than before, where there are as many; what is opened once is open already.
    """
    rows = np.array(order[-RECORDS:], dtype=np.int64)
    began = time.perf_counter()
    for _batch in InputLoader(source, None, to_input, {shape}).ahead([rows], threads=1):
        pass
    return (time.perf_counter() - began) / len(rows)
