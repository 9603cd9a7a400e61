"""The parent's side: start the child, confined to what its job names, read its messages, stop it."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dataselect_gui.checkpoints.layout import files_beside
from dataselect_gui.errors import (
    DataSelectError,
    InternalError,
    InterruptedByPersonError,
    RefusedError,
    UnusableError,
    UsageError,
    WorkerDiedError,
)
from dataselect_gui.privacy.home import home
from dataselect_gui.records.folder import linked_files
from dataselect_gui.sandbox.confining import Grant
from dataselect_gui.sandbox.frames import FrameError, read_frame
from dataselect_gui.sandbox.starting import command, start
from dataselect_gui.worker.messages import (
    MESSAGE,
    MOST_BYTES,
    Failed,
    Finished,
    InspectJob,
    Job,
    MapJob,
    PreflightJob,
    Progress,
    Report,
    ScoreJob,
    StudyJob,
    SumJob,
    VerifyJob,
    from_bytes,
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
        self._process: subprocess.Popen[bytes] | None = None
        self.requested = False
        self.is_urgent = False

    def watch(self, process: "subprocess.Popen[bytes]") -> None:
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
    if stop is not None and stop.requested:
        raise _stopped(job)
    with _places(job) as (grant, scratch):
        return _run(job, start(_command(), grant, scratch, CHILD_ENVIRONMENT), report, stop)


def _run(job: Job, process: "subprocess.Popen[bytes]", report: Report, stop: Stop | None) -> Finished:
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(to_line(job).encode())
            process.stdin.flush()
            if stop is not None:
                stop.watch(process)
            outcome: Finished | Failed | None = None
            while (frame := read_frame(process.stdout, {MESSAGE: MOST_BYTES})) is not None:
                message = from_bytes(frame[1])
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
        except (FrameError, ValueError):
            process.kill()
            if stop is not None and stop.requested:
                raise _stopped(job) from None
            raise WorkerDiedError(
                f"{job.title} stopped unexpectedly.",
                "Its process said what is no answer.",
                job.afterwards,
            ) from None
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
    return command(WORKER_FLAG)


@contextlib.contextmanager
def _places(job: Job) -> Iterator[tuple[Grant, Path]]:
    """Yield what a job may reach, and a folder for what its libraries leave, until it is over."""
    with tempfile.TemporaryDirectory(prefix="dataselect-") as name:
        scratch = Path(name).resolve()
        read, write = _reached_by(job)
        made = [folder for folder in write if not folder.exists()]
        for folder in made:  # What is not there cannot be granted.
            folder.mkdir(mode=0o700, parents=True)
        try:
            yield (
                Grant(
                    home=os.path.expanduser("~"),  # noqa: PTH111  (a Path's raises where there is none)
                    read=tuple(map(str, read)),
                    write=tuple(map(str, [*write, scratch])),
                    private=(str(home().resolve()),),
                ),
                scratch,
            )
        finally:
            for folder in made:
                with contextlib.suppress(OSError):  # It is not empty: the job came to something.
                    folder.rmdir()


def _reached_by(job: Job) -> tuple[list[Path], list[Path]]:
    """Return what a job reads, and what it writes."""
    if isinstance(job, VerifyJob):
        return [Path(name) for name in (job.bundle, job.key) if name is not None], []
    if isinstance(job, InspectJob):
        path = Path(job.path)
        read = [path, *(files_beside(path) if job.kind == "checkpoint" else linked_files(path))]
        records = [] if job.records is None else [Path(job.records)]
        return [*read, *(one for path in records for one in (path, *linked_files(path)))], []
    source, checkpoint = Path(job.source), Path(job.checkpoint)
    read = [source, *linked_files(source), checkpoint, *files_beside(checkpoint)]
    match job:
        case ScoreJob():
            return read, [Path(job.project)]
        case MapJob() | SumJob():
            return [*read, Path(job.project)], [Path(job.folder)]
        case PreflightJob() | StudyJob():
            return read, [Path(job.folder)]


def _stop(process: "subprocess.Popen[bytes]") -> None:
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
