"""Name the parameters of a released gradient, without having seen a record."""

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.worker.jobs import ParametersJob
from dataselect_gui.worker.results import ParametersResult


def run_parameters(job: ParametersJob, context: JobContext) -> ParametersResult:
    """Return the names and shapes of the parameters that a gradient of the final state consists of.

    Raises
    ------
    DataSelectError
        Where the checkpoint cannot be used, or has no gradient that could be released.
    """
    from dataselect_gui.scoring.clipped_sum import layout_of, trained_parameters
    from dataselect_gui.scoring.model import choose_device, load_model

    checkpoint = find_checkpoint(job.checkpoint)
    checkpoint.check_digest(job.digest)
    context.report(Phase.LOADING_MODEL)
    model = load_model(checkpoint.final, choose_device("cpu"))
    return ParametersResult(layout=layout_of(trained_parameters(model)))
