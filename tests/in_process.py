"""The worker's jobs, done in this process. Needs torch."""

from dataselect_gui.worker import score_run, study_run
from dataselect_gui.worker.handle import Stop
from dataselect_gui.worker.messages import Finished, Job, Report, ScoreJob, StudyJob
from dataselect_gui.worker.score_receiving import Receiver


def score_here(job: Job, report: Report, stop: Stop | None, receiver: Receiver) -> Finished:
    """Score as the worker does; takes what `dataselect_gui.worker.handle.run_job` takes."""
    assert isinstance(job, ScoreJob)
    return score_run.run(job, lambda: stop is not None and stop.requested, report, receiver.kept)


def study_here(job: Job, report: Report, stop: Stop | None = None) -> Finished:
    """Study as the worker does; takes what `dataselect_gui.worker.handle.run_job` takes."""
    assert isinstance(job, StudyJob)
    return study_run.run_study(job, lambda: stop is not None and stop.requested, report)
