"""The child process: takes one job from standard input and reports on standard output.

It confines itself to what its first line names before anything heavy is imported, and touches nothing
of a stranger before. Libraries may print; so the original standard output is kept for messages alone,
and whatever else is printed goes to standard error.
"""

import os
import signal
import sys
from typing import assert_never

from dataselect_gui.errors import (
    DataSelectError,
    InterruptedByPersonError,
    disk_refused,
)
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.faults import fault_of
from dataselect_gui.jobs.progress import Progress
from dataselect_gui.sandbox.confining import Grant, confine
from dataselect_gui.sandbox.frames import write_frame
from dataselect_gui.worker.jobs import (
    AnyJob,
    ArmsJob,
    InspectJob,
    MapJob,
    ParametersJob,
    PreflightJob,
    ScoreJob,
    StudyJob,
    SumJob,
    VerifyJob,
)
from dataselect_gui.worker.messages import (
    MESSAGE,
    Crashed,
    Ending,
    Failed,
    OutOfMemory,
    Stopped,
    StudyPlanned,
    job_from_line,
    to_bytes,
)
from dataselect_gui.worker.parent import Parent
from dataselect_gui.worker.results import Result

_MOST_DESCRIPTORS = 1 << 16


def main() -> int:
    """Do one job. Returns the exit code of the process."""
    os.closerange(3, _MOST_DESCRIPTORS)  # Whatever else was inherited.
    # The terminal's Ctrl+C reaches both processes; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from_parent = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    to_parent = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def send(message: Progress | StudyPlanned | Ending | Result) -> None:
        write_frame(to_parent, MESSAGE, to_bytes(message))

    confine(Grant.from_line(from_parent.readline().decode()))
    job = job_from_line(from_parent.readline())
    parent = Parent(from_parent, to_parent, job.kind)
    context = JobContext(send, parent.stop, job.kind)
    try:
        send(_run(job, context, parent))
    except BrokenPipeError:
        return 1  # The parent is gone: nobody is left to tell.
    except InterruptedByPersonError:
        send(Stopped())
    except DataSelectError as error:
        send(Failed.of(error))
    except OSError as error:
        send(Failed.of(disk_refused(error)))
    except Exception as error:  # The last stop for faults of our own: told without their content.
        send(OutOfMemory() if _is_of_memory(error) else Crashed(fault_of(error)))
    return 0


def _is_of_memory(error: Exception) -> bool:
    if "torch" not in sys.modules:  # Perhaps it is what could not be loaded.
        return isinstance(error, MemoryError)
    from dataselect_gui.norms.memory import is_out_of_memory

    return is_out_of_memory(error)


def _run(job: AnyJob, context: JobContext, parent: Parent) -> Result:
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
