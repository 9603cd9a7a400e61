"""The parent's side: start the child, confined to what its job names, read its messages, stop it."""

import contextlib
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from dataselect_gui.checkpoints.layout import files_beside
from dataselect_gui.errors import (
    DataSelectError,
    InternalError,
    InterruptedByPersonError,
    RefusedError,
    UnusableError,
    UsageError,
    WorkerDiedError,
    disk_refused,
)
from dataselect_gui.paths import resolved
from dataselect_gui.privacy.home import grant
from dataselect_gui.records.opening import linked_files
from dataselect_gui.sandbox.confining import Grant
from dataselect_gui.sandbox.frames import CutOffError, FrameError, read_frame, write_frame
from dataselect_gui.sandbox.starting import attended, command, start
from dataselect_gui.worker.messages import (
    MESSAGE,
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
    most_bytes,
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


class Receiver(Protocol):
    """What takes what a job keeps: the child itself can write nothing of the owner's.

    Attributes
    ----------
    most : mapping of int to int
        Kind of frame → how long one may be.
    """

    @property
    def most(self) -> Mapping[int, int]: ...  # noqa: D102

    def state(self) -> bytes:
        """Return what the child is told at first."""

    def take(self, kind: int, content: bytes) -> bytes | None:
        """Take a frame. Returns the answer, where there is one."""

    def note_death(self) -> None:
        """Note that the child was ended, by none of us."""


def run_job(
    job: Job, report: Report, stop: Stop | None = None, receiver: Receiver | None = None
) -> Finished:
    """Run a job in a child process and wait for it.

    Parameters
    ----------
    job : Job
        What to do.
    report : callable
        Called with every progress message.
    stop : Stop or None
        By which another thread can stop it.
    receiver : Receiver or None
        What takes what there is to keep.

    Raises
    ------
    DataSelectError
        What the child failed with.
    WorkerDiedError
        Where the child ended without a word.
    InterruptedByPersonError
        Where the person asked to stop, or pressed Ctrl+C; the child has been stopped.
    """
    stop = stop or Stop()
    if stop.requested:
        raise _stopped(job)
    with _places(job) as (reached, scratch), _interrupts_to(stop):
        process = start(_command(), reached, scratch, CHILD_ENVIRONMENT)
        with attended(process):
            outcome = _conversation(job, process, report, stop, receiver)
    if outcome is None:
        if stop.requested:
            raise _stopped(job)
        if receiver is not None:
            receiver.note_death()
        raise WorkerDiedError(
            f"{job.title} stopped unexpectedly.", _cause(process.returncode), job.afterwards
        )
    if isinstance(outcome, Failed):
        raise _ERRORS.get(outcome.exit_code, InternalError)(outcome.what, outcome.why, outcome.do)
    if outcome.stopped:
        raise _stopped(job)
    return outcome


def _conversation(
    job: Job,
    process: "subprocess.Popen[bytes]",
    report: Report,
    stop: Stop,
    receiver: Receiver | None,
) -> Finished | Failed | None:
    """Give the child its job, and listen until it has nothing more to say; None where it died."""
    assert process.stdin is not None
    assert process.stdout is not None
    most = {MESSAGE: most_bytes(job), **({} if receiver is None else receiver.most)}
    outcome: Finished | Failed | None = None
    try:
        process.stdin.write(to_line(job).encode())
        if receiver is not None:
            write_frame(process.stdin, MESSAGE, receiver.state())
        process.stdin.flush()
        stop.watch(process)
        while (frame := read_frame(process.stdout, most)) is not None:
            kind, content = frame
            if receiver is not None and kind != MESSAGE:
                answer = _kept(receiver, kind, content)
                if answer is not None:
                    with contextlib.suppress(BrokenPipeError, ValueError):  # It died, or is to stop.
                        write_frame(process.stdin, MESSAGE, answer)
                continue
            message = from_bytes(content)
            if isinstance(message, Progress):
                report(message)
            else:
                outcome = message
    except (BrokenPipeError, CutOffError):  # It died.
        return None
    except (FrameError, ValueError):
        raise WorkerDiedError(
            f"{job.title} stopped unexpectedly.",
            "Its process said what is no answer: what it was given may be made to do harm.",
            job.afterwards,
        ) from None
    return outcome


def _kept(receiver: Receiver, kind: int, content: bytes) -> bytes | None:
    try:
        return receiver.take(kind, content)
    except OSError as error:
        raise disk_refused(error) from None


@contextlib.contextmanager
def _interrupts_to(stop: Stop) -> Iterator[None]:
    """Have Ctrl+C ask the child to stop, and the second one insist, instead of cutting a frame off."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or (
        before is not signal.default_int_handler
    ):
        yield
        return
    late = threading.Timer(STOP_SECONDS, stop.insist)
    late.daemon = True

    def ask(*_: object) -> None:
        if stop.requested:
            stop.insist()
            return
        stop.requested = True
        # Not here, where a frame may just be written.
        threading.Thread(target=stop.request, daemon=True).start()
        late.start()

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        late.cancel()


def _stopped(job: Job) -> InterruptedByPersonError:
    return InterruptedByPersonError(f"{job.title} was stopped.", "You asked for it.", job.afterwards)


def _command() -> list[str]:
    return command(WORKER_FLAG)


@contextlib.contextmanager
def _places(job: Job) -> Iterator[tuple[Grant, Path]]:
    """Yield what a job may reach, and a folder for what its libraries leave, until it is over."""
    with tempfile.TemporaryDirectory(prefix="dataselect-") as name:
        scratch = resolved(Path(name))
        read, write = _reached_by(job)
        made = [folder for folder in write if not folder.exists()]
        for folder in made:  # What is not there cannot be granted.
            folder.mkdir(mode=0o700, parents=True)
        try:
            yield grant(read, [*write, scratch]), scratch
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
        case ScoreJob() | PreflightJob():
            return read, []
        case MapJob() | SumJob() | StudyJob():
            return read, [Path(job.folder)]


def _cause(code: int) -> str:
    if code == -9:
        return "The system ended its process, most likely because memory ran out."
    if code < 0:
        return f"Its process was ended by signal {-code}."
    return f"Its process ended with code {code}."
