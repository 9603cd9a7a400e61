"""The messages between the two processes: a job as a line to the child, and its messages in frames.

The parent sends one job, and later nothing, or what is answered, or the end of its stream, which asks
to stop. The child sends progress a few times a second, a study its plan, and ends with exactly one of
its job's result, `Stopped`, `Failed`, `OutOfMemory` and `Crashed`. The parent takes for a message only
what has exactly the fields of its type, within their bounds.
"""

import base64
import os
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from dataselect_gui.errors import (
    DataSelectError,
    InternalError,
    NotEnoughMemoryError,
    OtherStudyError,
    RefusedError,
    UnusableError,
    UsageError,
    VerificationError,
)
from dataselect_gui.jobs.faults import Fault
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.jobs.progress import Count, Progress, Seconds
from dataselect_gui.worker.jobs import AnyJob, Job
from dataselect_gui.worker.results import Result

MESSAGE = 1
"""The kind of a message's frame."""
R = TypeVar("R", bound=Result)
_Sentence = Annotated[str, msgspec.Meta(max_length=1 << 17)]


class ErrorCode(Enum):
    """The errors that a job may end with."""

    USAGE = "usage"
    REFUSED = "refused"
    UNUSABLE = "unusable"
    NOT_ENOUGH_MEMORY = "not-enough-memory"
    OTHER_STUDY = "other-study"
    VERIFICATION = "verification"
    INTERNAL = "internal"


ERRORS: dict[ErrorCode, type[DataSelectError]] = {
    ErrorCode.USAGE: UsageError,
    ErrorCode.REFUSED: RefusedError,
    ErrorCode.UNUSABLE: UnusableError,
    ErrorCode.NOT_ENOUGH_MEMORY: NotEnoughMemoryError,
    ErrorCode.OTHER_STUDY: OtherStudyError,
    ErrorCode.VERIFICATION: VerificationError,
    ErrorCode.INTERNAL: InternalError,
}
_CODES = {kind: code for code, kind in ERRORS.items()}


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    pass


class StudyPlanned(_Message, frozen=True, kw_only=True):
    """A study's plan is made, before anything is trained.

    Attributes
    ----------
    trainings, left : int
        In all, and still to be done.
    seconds, seconds_beside : float
        How long the rest takes, and how much of that is other work than trainings.
    seconds_by_kind : dict
        Kind of work → how long a piece of it takes.
    """

    trainings: Count
    left: Count
    seconds: Seconds
    seconds_beside: Seconds
    seconds_by_kind: dict[str, Seconds]


class Stopped(_Message, frozen=True):
    """The work ended early because it was asked to."""


class Failed(_Message, frozen=True):
    """The work could not be done; the kind and the three parts of an error."""

    code: ErrorCode
    what: _Sentence
    why: _Sentence
    do: _Sentence

    @classmethod
    def of(cls, error: DataSelectError) -> "Failed":
        """Return the message for an error, with the most specific code that there is."""
        code = next(_CODES[kind] for kind in type(error).__mro__ if kind in _CODES)
        return cls(code, error.what, error.why, error.do)

    @property
    def error(self) -> DataSelectError:
        """The error itself."""
        return ERRORS[self.code](self.what, self.why, self.do)


class OutOfMemory(_Message, frozen=True):
    """There was not enough memory."""


class Crashed(_Message, frozen=True):
    """A fault of the program."""

    fault: Fault


Ending = Stopped | Failed | OutOfMemory | Crashed
"""How a job ends that comes to no result."""


def to_line(job: Job[R]) -> bytes:
    """Write a job as one line."""
    return msgspec.json.encode(job, enc_hook=_from_path) + b"\n"


def job_from_line(line: bytes) -> AnyJob:
    """Read a job from the parent."""
    job: AnyJob = msgspec.json.decode(line, type=AnyJob, dec_hook=_to_path)
    return job


def to_bytes(message: Progress | StudyPlanned | Ending | Result) -> bytes:
    """Write a message as the content of a frame."""
    return msgspec.json.encode(message)


class MessageReader(Generic[R]):
    """Reads messages of a job's child, which may have fallen to what it was given to read.

    Parameters
    ----------
    job : Job
        The child's.
    """

    def __init__(self, job: Job[R]) -> None:
        self._result_type = job.result_type()
        plan = StudyPlanned if job.kind is JobKind.STUDY else Progress
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
            Progress | plan | Ending | self._result_type
        )

    def read(self, content: bytes) -> "Progress | StudyPlanned | Ending | R":
        """Read a message.

        Raises
        ------
        ValueError
            Where it is none that the child of such a job may send.
        """
        try:
            message: Progress | StudyPlanned | Ending | R = self._decoder.decode(content)
        except RecursionError:
            raise ValueError("not a message") from None
        return message


def _from_path(path: Any) -> bytes:  # noqa: ANN401  (msgspec asks for whatever it does not know)
    """Write a path by its bytes, which need not be text; msgspec makes them base64."""
    if not isinstance(path, Path):
        raise NotImplementedError
    return os.fsencode(path)


def _to_path(kind: type, value: Any) -> Path:  # noqa: ANN401
    if kind is not Path:
        raise NotImplementedError
    return Path(os.fsdecode(base64.b64decode(value)))
