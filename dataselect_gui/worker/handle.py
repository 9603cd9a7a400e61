"""The parent's side: start the child, confined to what its job names, read its messages, stop it."""

import contextlib
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar, assert_never

from dataselect_gui.errors import (
    DataSelectError,
    disk_refused,
)
from dataselect_gui.jobs import endings
from dataselect_gui.jobs.context import JobContext, Stop
from dataselect_gui.jobs.fault_log import Crash, ProcessDied, job_logged, note
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.jobs.progress import Progress
from dataselect_gui.sandbox.frames import CutOffError, FrameError, read_frame, write_frame
from dataselect_gui.sandbox.starting import attended, command, start
from dataselect_gui.worker.jobs import Job
from dataselect_gui.worker.messages import (
    MESSAGE,
    Crashed,
    Ending,
    Failed,
    MessageReader,
    OutOfMemory,
    Stopped,
    StudyPlanned,
    to_line,
)
from dataselect_gui.worker.reach import reached_places
from dataselect_gui.worker.results import Result

R = TypeVar("R", bound=Result)
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


class Receiver(Protocol):
    """Takes the frames in which a child sends what is to be kept: it can write nothing of the owner's.

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
        """Note that the child ended though this program did not end it."""


def run_job(
    job: Job[R],
    context: JobContext,
    receiver: Receiver | None = None,
    planned: Callable[[StudyPlanned], None] | None = None,
) -> R:
    """Run a job in a child process and wait for it.

    Parameters
    ----------
    job : Job
        What to do.
    context : JobContext
        Takes progress, and by which another thread can stop the job.
    receiver : Receiver or None
        What takes what there is to keep.
    planned : callable or None
        Takes the plan of a study, as soon as it is made.

    Returns
    -------
    Result
        That of the job.

    Raises
    ------
    DataSelectError
        What the child failed with.
    WorkerDiedError
        Where the child ended without a word.
    InterruptedByPersonError
        Where the person asked to stop, or pressed Ctrl+C; the child has been stopped.
    """
    if context.stop.requested:
        raise endings.stopped(job.kind)
    with job_logged(job.kind, confined=True):
        return _run(job, context, receiver, planned)


def _run(
    job: Job[R],
    context: JobContext,
    receiver: Receiver | None,
    planned: Callable[[StudyPlanned], None] | None,
) -> R:
    stop = context.stop
    with reached_places(job) as (reached, scratch), _interrupts_to(stop):
        process = start(child_command(), reached, scratch, CHILD_ENVIRONMENT)
        try:
            with attended(process):
                outcome = _Conversation(job, process, context, receiver, planned).outcome()
        finally:
            stop.detach()
    if outcome is None and not stop.requested:
        if receiver is not None:
            receiver.note_death()
        note(ProcessDied(job=job.kind, exit_code=process.returncode))
        raise endings.died(job.kind, process.returncode)
    if outcome is None:
        raise endings.stopped(job.kind)
    if isinstance(outcome, Ending):
        raise _error_of(outcome, job.kind)
    return outcome


class _Conversation(Generic[R]):
    """Gives a child its job, and listens until it has nothing more to say."""

    def __init__(
        self,
        job: Job[R],
        process: "subprocess.Popen[bytes]",
        context: JobContext,
        receiver: Receiver | None,
        planned: Callable[[StudyPlanned], None] | None,
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._job, self._context, self._receiver, self._planned = job, context, receiver, planned
        self._process, self._to_child, self._from_child = process, process.stdin, process.stdout
        self._reader = MessageReader(job)
        self._outcome: Ending | R | None = None

    def outcome(self) -> Ending | R | None:
        """Return what the child ended with; None where it died."""
        most = {
            MESSAGE: self._job.most_bytes,
            **({} if self._receiver is None else self._receiver.most),
        }
        try:
            self._begin()
            while (frame := read_frame(self._from_child, most)) is not None:
                kind, content = frame
                if kind == MESSAGE:
                    self._take_message(content)
                else:
                    self._keep(kind, content)
        except (BrokenPipeError, CutOffError):  # It died.
            return None
        except (FrameError, ValueError):
            raise endings.no_answer(self._job.kind) from None
        return self._outcome

    def _begin(self) -> None:
        self._to_child.write(to_line(self._job))
        if self._receiver is not None:
            write_frame(self._to_child, MESSAGE, self._receiver.state())
        self._to_child.flush()
        self._context.stop.attach(self._end_stream, self._process.kill)

    def _end_stream(self) -> None:
        """End the conversation, which asks the child to stop."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._to_child.close()

    def _take_message(self, content: bytes) -> None:
        message = self._reader.read(content)
        if isinstance(message, Progress):
            self._context.relay(message)
        elif isinstance(message, StudyPlanned):
            if self._planned is not None:
                self._planned(message)
        else:
            self._outcome = message

    def _keep(self, kind: int, content: bytes) -> None:
        assert self._receiver is not None  # Frames of other kinds are read for its sake alone.
        try:
            answer = self._receiver.take(kind, content)
        except OSError as error:
            raise disk_refused(error) from None
        if answer is not None:
            with contextlib.suppress(BrokenPipeError, ValueError):  # It died, or is to stop.
                write_frame(self._to_child, MESSAGE, answer)


def _error_of(ending: Ending, kind: JobKind) -> DataSelectError:
    match ending:
        case Failed():
            return ending.error
        case Stopped():
            return endings.stopped(kind)
        case OutOfMemory():
            return endings.out_of_memory(kind)
        case Crashed():
            note(Crash.of(ending.fault))
            return endings.crashed(kind, ending.fault)
        case _:
            assert_never(ending)


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
    presses = 0

    def ask(*_: object) -> None:
        nonlocal presses
        presses += 1
        if presses > 1 or stop.requested:
            stop.insist()
            return
        # Not here, where a frame may just be written.
        threading.Thread(target=stop.request, daemon=True).start()
        late.start()

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        late.cancel()


def child_command() -> list[str]:
    """Return the words by which a child process is started."""
    return command(WORKER_FLAG)
