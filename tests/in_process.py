"""The worker's jobs, done in this process. Needs torch."""

from collections.abc import Callable

from dataselect_gui.jobs.context import JobContext
from dataselect_gui.worker import score_run, study_run
from dataselect_gui.worker.jobs import ScoreJob, StudyJob
from dataselect_gui.worker.messages import StudyPlanned
from dataselect_gui.worker.results import ScoringResult, StudyResult
from dataselect_gui.worker.score_receiver import ScoreReceiver


def score_here(job: ScoreJob, context: JobContext, receiver: ScoreReceiver) -> ScoringResult:
    """Score as the worker does; takes what `dataselect_gui.worker.handle.run_job` takes."""
    return score_run.run(job, context, receiver.store)


def study_here(
    job: StudyJob, context: JobContext, *, planned: Callable[[StudyPlanned], None]
) -> StudyResult:
    """Study as the worker does; takes what `dataselect_gui.worker.handle.run_job` takes."""
    return study_run.run_study(job, context, planned)
