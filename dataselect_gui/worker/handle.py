"""The parent's side: start the child, read its messages, stop it."""

import contextlib
import os
import subprocess
import sys

from dataselect_gui.errors import (
    DataSelectError,
    InternalError,
    InterruptedByPersonError,
    RefusedError,
    UnusableError,
    UsageError,
    WorkerDiedError,
)
from dataselect_gui.worker.messages import (
    Failed,
    Finished,
    Job,
    Progress,
    Report,
    from_line,
    to_line,
)

WORKER_FLAG = "--worker"
STOP_SECONDS = 30
CHILD_ENVIRONMENT = {
    # Threads that spin while they wait make a busy machine many times slower.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Large tensors come and go. Where the C library gives their memory back to the system each time,
    # the system's clearing of fresh pages costs more than the arithmetic.
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    "THP_MEM_ALLOC_ENABLE": "1",
}
"""How the child treats memory and threads; what the owner set stands."""
_ERRORS: dict[int, type[DataSelectError]] = {
    kind.exit_code: kind for kind in (UsageError, RefusedError, UnusableError)
}


class Stop:
    """A request to stop a job, made from another thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self.requested = False
        self.is_urgent = False

    def watch(self, process: "subprocess.Popen[str]") -> None:
        """Take the process that is to be stopped."""
        self._process = process
        if self.is_urgent:
            self.insist()
        elif self.requested:
            self.request()

    def request(self) -> None:
        """Ask the child to stop after the batch in hand; returns at once."""
        self.requested = True
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError, ValueError):
                self._process.stdin.close()

    def insist(self) -> None:
        """End the child at once: of what it did, the batch in hand is lost; returns at once."""
        self.requested = self.is_urgent = True
        if self._process is not None:
            self._process.kill()


def run_job(job: Job, report: Report, stop: Stop | None = None) -> Finished:
    """Run a job in a child process and wait for it.

    Parameters
    ----------
    job : Job
        What to do.
    report : callable
        Called with every progress message.
    stop : Stop or None
        By which another thread can stop it.

    Raises
    ------
    DataSelectError
        What the child failed with.
    WorkerDiedError
        Where the child ended without a word.
    InterruptedByPersonError
        Where the person asked to stop, or pressed Ctrl+C; the child has been stopped.
    """
    process = subprocess.Popen(  # noqa: S603  (our own program)
        _command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env={**CHILD_ENVIRONMENT, **os.environ},
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(to_line(job))
            process.stdin.flush()
            if stop is not None:
                stop.watch(process)
            outcome: Finished | Failed | None = None
            for line in process.stdout:
                message = from_line(line)
                if isinstance(message, Progress):
                    report(message)
                else:
                    outcome = message
        except BrokenPipeError:  # It died before it had taken the job, which is still in the stream.
            outcome = None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        except KeyboardInterrupt:
            _stop(process)
            raise _stopped(job) from None
        except BaseException:
            process.kill()
            raise
    if outcome is None:
        if stop is not None and stop.requested:
            raise _stopped(job)
        raise WorkerDiedError(
            f"{job.title} stopped unexpectedly.", _cause(process.returncode), job.afterwards
        )
    if isinstance(outcome, Failed):
        raise _ERRORS.get(outcome.exit_code, InternalError)(outcome.what, outcome.why, outcome.do)
    if outcome.stopped:
        raise _stopped(job)
    return outcome


def _stopped(job: Job) -> InterruptedByPersonError:
    return InterruptedByPersonError(f"{job.title} was stopped.", "You asked for it.", job.afterwards)


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER_FLAG]
    # -P: a file in the current folder must not pass for a library.
    return [sys.executable, "-P", "-m", "dataselect_gui", WORKER_FLAG]


def _stop(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    try:
        process.stdin.close()
        process.wait(timeout=STOP_SECONDS)
    except (BrokenPipeError, subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()


def _cause(code: int) -> str:
    if code == -9:
        return "The system ended its process, most likely because memory ran out."
    if code < 0:
        return f"Its process was ended by signal {-code}."
    return f"Its process ended with code {code}."
