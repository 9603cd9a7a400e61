"""The child process: takes one job from standard input and reports on standard output.

It confines itself to what its first line names before anything heavy is imported, and touches nothing
of a stranger before. Libraries may print; so the original standard output is kept for messages alone,
and whatever else is printed goes to standard error. When the parent dies, standard input ends, and the
child stops after the batch in hand.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from dataselect_gui.errors import DataSelectError, InternalError, UnusableError, disk_refused
from dataselect_gui.sandbox.confining import Grant, confine
from dataselect_gui.sandbox.frames import write_frame
from dataselect_gui.worker.messages import (
    MESSAGE,
    Failed,
    Finished,
    InspectJob,
    Job,
    MapJob,
    Message,
    PreflightJob,
    Report,
    ScoreJob,
    StudyJob,
    SumJob,
    VerifyJob,
    job_from_line,
    to_bytes,
)

_MOST_DESCRIPTORS = 1 << 16


def main() -> int:
    """Do one job. Returns the exit code of the process."""
    os.closerange(3, _MOST_DESCRIPTORS)  # Whatever else was inherited.
    # The terminal's Ctrl+C reaches both processes; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    messages = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def send(message: Message) -> None:
        write_frame(messages, MESSAGE, to_bytes(message))

    confine(Grant.from_line(sys.stdin.readline()))
    job = job_from_line(sys.stdin.readline())
    stop = threading.Event()
    threading.Thread(target=_stop_at_next_line, args=(stop,), daemon=True).start()
    try:
        send(_run(job, stop.is_set, send))
    except BrokenPipeError:
        return 1  # The parent is gone: nobody is left to tell.
    except DataSelectError as error:
        send(Failed(error.what, error.why, error.do, error.exit_code))
    except OSError as error:
        told = disk_refused(error)
        send(Failed(told.what, told.why, told.do, told.exit_code))
    except Exception as error:  # The last stop for faults of our own: told without their content.
        send(_of_memory(job) if _is_of_memory(error) else _of_ours(job, error))
    return 0


def _is_of_memory(error: Exception) -> bool:
    if "torch" not in sys.modules:  # Perhaps it is what could not be loaded.
        return isinstance(error, MemoryError)
    from dataselect_gui.scoring.memory import is_out_of_memory

    return is_out_of_memory(error)


def _of_memory(job: Job) -> Failed:
    return Failed(
        f"{job.title} stopped: there is not enough memory.",
        "The model, or its input, is too large for what is free now.",
        f"Close other programs. {job.afterwards}",
        UnusableError.exit_code,
    )


def _of_ours(job: Job, error: Exception) -> Failed:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Failed(
        f"{job.title} stopped because of a fault in the program.",
        f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}.",
        f"Please report these words. {job.afterwards}",
        InternalError.exit_code,
    )


def _run(job: Job, stopped: Callable[[], bool], report: Report) -> Finished:
    match job:
        case ScoreJob():
            from dataselect_gui.worker.score_run import run

            return run(job, stopped, report)
        case MapJob():
            from dataselect_gui.worker.map_run import run_maps

            return run_maps(job, stopped, report)
        case SumJob():
            from dataselect_gui.worker.sum_run import run_sum

            return run_sum(job, stopped, report)
        case PreflightJob():
            from dataselect_gui.worker.preflight_run import run_preflight

            return run_preflight(job, report)
        case StudyJob():
            from dataselect_gui.worker.study_run import run_study

            return run_study(job, stopped, report)
        case InspectJob():
            from dataselect_gui.worker.inspect_run import run_inspection

            return run_inspection(job, stopped, report)
        case VerifyJob():
            from dataselect_gui.worker.verify_run import run_verification

            return run_verification(job)


def _stop_at_next_line(stop: threading.Event) -> None:
    sys.stdin.readline()  # A request to stop, or the end of the stream.
    stop.set()
