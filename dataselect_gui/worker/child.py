"""The child process: takes one job from standard input and reports on standard output.

It confines itself to what its first line names before anything heavy is imported, and touches nothing
of a stranger before. Libraries may print; so the original standard output is kept for messages alone,
and whatever else is printed goes to standard error. When standard input ends, the child stops after the
batch in hand; where it ended because the parent died, at once.
"""

import os
import queue
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import IO

from dataselect_gui.errors import DataSelectError, InternalError, UnusableError, disk_refused
from dataselect_gui.sandbox.confining import Grant, confine
from dataselect_gui.sandbox.frames import FrameError, read_frame, write_frame
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
_LOOK_SECONDS = 0.5


def main() -> int:
    """Do one job. Returns the exit code of the process."""
    os.closerange(3, _MOST_DESCRIPTORS)  # Whatever else was inherited.
    # The terminal's Ctrl+C reaches both processes; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    told = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def send(message: Message) -> None:
        write_frame(told, MESSAGE, to_bytes(message))

    confine(Grant.from_line(asked.readline().decode()))
    job = job_from_line(asked.readline().decode())
    parent = _Parent(asked, told)
    try:
        send(_run(job, parent, send))
    except BrokenPipeError:
        return 1  # The parent is gone: nobody is left to tell.
    except _StoppedError:
        send(Finished(0, "none", stopped=True))
    except DataSelectError as error:
        send(Failed(error.what, error.why, error.do, error.exit_code))
    except OSError as error:
        refused = disk_refused(error)
        send(Failed(refused.what, refused.why, refused.do, refused.exit_code))
    except Exception as error:  # The last stop for faults of our own: told without their content.
        send(_of_memory(job) if _is_of_memory(error) else _of_ours(job, error))
    return 0


def _is_of_memory(error: Exception) -> bool:
    if "torch" not in sys.modules:  # Perhaps it is what could not be loaded.
        return isinstance(error, MemoryError)
    from dataselect_gui.norms.memory import is_out_of_memory

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


def _run(job: Job, parent: "_Parent", report: Report) -> Finished:
    stopped = parent.is_gone
    match job:
        case ScoreJob():
            from dataselect_gui.worker.score_run import run
            from dataselect_gui.worker.score_sending import RemoteKeeping

            keeping = RemoteKeeping(job, parent.tell, parent.answer)
            return run(job, stopped, report, keeping)
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


class _StoppedError(Exception):
    """The parent was asked something, and is gone or wants the work to stop."""


class _Parent:
    """The parent, as a job sees it: it takes what there is to keep, answers, and goes when it wants.

    Parameters
    ----------
    asked, told : binary file
        From the parent, and to it.
    """

    def __init__(self, asked: IO[bytes], told: IO[bytes]) -> None:
        self._asked, self._told, self._process = asked, told, os.getppid()
        self._stop = threading.Event()
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def is_gone(self) -> bool:
        """Say whether the parent ended the conversation: a request to stop."""
        return self._stop.is_set()

    def tell(self, kind: int, *parts: bytes) -> None:
        """Send what there is to keep."""
        write_frame(self._told, kind, *parts)

    def answer(self) -> bytes:
        """Wait for an answer."""
        answer = self._answers.get()
        if answer is None:
            raise _StoppedError
        return answer

    def _listen(self) -> None:
        try:
            while (frame := read_frame(self._asked, {MESSAGE: 1 << 62})) is not None:
                self._answers.put(frame[1])
        except FrameError:  # Cut off: the parent died while it answered.
            pass
        finally:
            self._stop.set()
            self._answers.put(None)
        while os.getppid() == self._process:  # It waits until the batch in hand is done.
            time.sleep(_LOOK_SECONDS)
        os._exit(1)  # It died: a batch may take minutes, and nobody is left to keep it.
