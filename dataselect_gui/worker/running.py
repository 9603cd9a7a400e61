"""Run a job in a process that has confined itself: what is imported here may start threads."""

from typing import assert_never

from dataselect_gui.jobs.context import JobContext
from dataselect_gui.worker.jobs import (
    AnyJob,
    ArmsJob,
    FeatureJob,
    InspectJob,
    MapJob,
    ParametersJob,
    PreflightJob,
    ScoreJob,
    StudyJob,
    SumJob,
    VerifyJob,
)
from dataselect_gui.worker.messages import MESSAGE, to_bytes
from dataselect_gui.worker.parent import Parent
from dataselect_gui.worker.results import Result


def run(job: AnyJob, context: JobContext, parent: Parent) -> Result:
    """Do a job, with the libraries that it needs and no others.

    Raises
    ------
    DataSelectError
        Where it cannot be done, or was stopped.
    """
    match job:
        case ScoreJob():
            from dataselect_gui.worker.remote_score_store import RemoteScoreStore
            from dataselect_gui.worker.score_run import run

            return run(job, context, RemoteScoreStore(job, parent.send, parent.answer))
        case MapJob():
            from dataselect_gui.worker.map_run import run_maps

            return run_maps(job, context)
        case ParametersJob():
            from dataselect_gui.worker.parameters_run import run_parameters

            return run_parameters(job, context)
        case SumJob():
            from dataselect_gui.worker.sum_run import run_sum

            return run_sum(job, context)
        case FeatureJob():
            from dataselect_gui.worker.feature_run import run_features

            return run_features(job, context)
        case PreflightJob():
            from dataselect_gui.worker.preflight_run import run_preflight

            return run_preflight(job, context)
        case StudyJob():
            from dataselect_gui.worker.study_run import run_study

            return run_study(job, context, lambda plan: parent.send(MESSAGE, to_bytes(plan)))
        case ArmsJob():
            from dataselect_gui.worker.arms_run import run_arms

            return run_arms(job, context, lambda plan: parent.send(MESSAGE, to_bytes(plan)))
        case InspectJob():
            from dataselect_gui.worker.inspect_run import run_inspection

            return run_inspection(job, context)
        case VerifyJob():
            from dataselect_gui.worker.verify_run import run_verification

            return run_verification(job)
        case _:
            assert_never(job)


def is_of_memory(error: Exception) -> bool:
    """Say whether an error of a job that has loaded torch means that memory ran out."""
    from dataselect_gui.norms.memory import is_out_of_memory

    return is_out_of_memory(error)
