"""What the two processes tell each other: JSON objects, a line to the child, a frame to the parent.

The parent sends one job, and later nothing, or a line that asks to stop. The child sends progress a
few times a second and ends with exactly one of `Finished` and `Failed`. Each kind of job has a
``title``, as people are told of it, and knows what they can do ``afterwards``, where it ended early.
The parent takes a message for what it is only where it has exactly its fields, of their types.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, get_args

from dataselect_gui.scoring.catalog import Precision


@dataclass(frozen=True)
class ScoreJob:
    """Score the records of a project.

    Attributes
    ----------
    source, checkpoint : str
        Paths.
    digest : str
        That of the checkpoint.
    label_column, unit_column : str or None
        Columns of the source.
    names : list of str
        The scores that need the model.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    precision : str
        ``float32`` or ``float64``.
    batch_size : int or None
        At most so many records at once; None for as many as memory allows.
    limit : int or None
        Only the first so many records.
    """

    title: ClassVar[str] = "Scoring"
    afterwards: ClassVar[str] = "Scoring again goes on from there: nothing is computed twice."

    source: str
    checkpoint: str
    digest: str
    label_column: str | None
    unit_column: str | None
    names: list[str]
    device: str
    precision: Precision
    batch_size: int | None
    limit: int | None


@dataclass(frozen=True)
class SumJob:
    """Sum the clipped gradients of records.

    Attributes
    ----------
    source, checkpoint : str
        Paths.
    digest : str
        That of the checkpoint.
    label_column, unit_column : str or None
        Columns of the source.
    folder : str
        Holds the records to sum over, as `rows_file` writes them; takes the sum.
    clip : float
        The norm that each record's gradient is clipped to.
    steps : int
        Into how many steps that norm is divided.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    title: ClassVar[str] = "Summing the gradients"
    afterwards: ClassVar[str] = (
        "No gradient was drawn or charged; a threshold that was bought is kept. Release again."
    )

    source: str
    checkpoint: str
    digest: str
    label_column: str | None
    unit_column: str | None
    folder: str
    clip: float
    steps: int
    device: str


@dataclass(frozen=True)
class PreflightJob:
    """Try a checkpoint on some records of a source.

    Attributes
    ----------
    source, checkpoint : str
        Paths.
    label_column : str or None
        The column of labels.
    names : list of str
        The scores that need the model.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    title: ClassVar[str] = "Trying the checkpoint"
    afterwards: ClassVar[str] = "Scoring works without it, and keeps what is done where it stops, too."

    source: str
    checkpoint: str
    label_column: str | None
    names: list[str]
    device: str


@dataclass(frozen=True)
class MapJob:
    """Make the maps of a few records.

    Attributes
    ----------
    source, checkpoint : str
        Paths.
    digest : str
        That of the checkpoint.
    label_column, unit_column : str or None
        Columns of the source.
    folder : str
        Holds the records, as `rows_file` writes them; takes the maps.
    rows : list of int
        Rows of the project's table, the most urgent first.
    names : list of str
        Scores that have a map.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    precision : str
        That of the project's scores.
    seconds : float
        How long to go on to further records; the first one is always done.
    """

    title: ClassVar[str] = "Making the map"
    afterwards: ClassVar[str] = "Ask for it again."

    source: str
    checkpoint: str
    digest: str
    label_column: str | None
    unit_column: str | None
    folder: str
    rows: list[int]
    names: list[str]
    device: str
    precision: Precision
    seconds: float


@dataclass(frozen=True)
class StudyJob:
    """Study whether a selection helps.

    Attributes
    ----------
    folder, source, checkpoint : str
        Paths; the folder takes the study.
    label_column, unit_column : str or None
        Columns of the source.
    scores, shares, epsilons : list of str
        What to pick by, how much, and ε of the trainings by DP-SGD.
    seeds : int
        How often each training is repeated.
    start : str
        ``scratch`` or ``checkpoint``.
    limit : int
        At most so many records.
    plan_only : bool
        Estimate how long it takes, and train nothing.
    """

    title: ClassVar[str] = "The study"
    afterwards: ClassVar[str] = "The same command goes on from there: no training is done twice."

    folder: str
    source: str
    checkpoint: str
    label_column: str | None
    unit_column: str | None
    scores: list[str]
    shares: list[str]
    epsilons: list[str]
    seeds: int
    start: str
    limit: int
    plan_only: bool


@dataclass(frozen=True)
class InspectJob:
    """Say what a bundle, a checkpoint or a source is, and what is wrong with it.

    Attributes
    ----------
    path : str
        What to look at.
    records : str or None
        A source whose labels are held against a checkpoint's.
    label_column, unit_column : str or None
        The columns of labels and units: of these records, or of the source that is looked at.
    kind : str
        ``bundle``, ``checkpoint`` or ``source``.
    """

    title: ClassVar[str] = "Looking at what was given"
    afterwards: ClassVar[str] = "Nothing was changed. Look again, or ask for a whole copy of it."

    path: str
    records: str | None
    label_column: str | None
    unit_column: str | None
    kind: str


@dataclass(frozen=True)
class VerifyJob:
    """Check a bundle.

    Attributes
    ----------
    bundle : str
        Its folder.
    digest : str or None
        The digest that the owner sent separately.
    key : str or None
        A file with the owner's public key.
    """

    title: ClassVar[str] = "Checking the bundle"
    afterwards: ClassVar[str] = "Nothing was changed. Check it again, or ask for another copy."

    bundle: str
    digest: str | None
    key: str | None


def duration(seconds: float) -> str:
    """Return an estimated time for a person, as “12 s”."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@dataclass(frozen=True)
class Progress:
    """How far the work is.

    Attributes
    ----------
    phase : str
        What is being done, for a person.
    done, total : int
        Records, or trainings of a study.
    seconds_left : float or None
        The estimate, once there is one.
    """

    phase: str
    done: int
    total: int
    seconds_left: float | None = None

    @property
    def time_left(self) -> str:
        """The estimate for a person, as “12 s left”; empty while there is none."""
        return "" if self.seconds_left is None else f"{duration(self.seconds_left)} left"

    @property
    def sentence(self) -> str:
        """How far the work is, for a person."""
        counts = f" {self.done:,} of {self.total:,}" if self.total > 1 else ""
        left = f", about {self.time_left}" if self.time_left else ""
        return f"{self.phase}{counts}{left}."


@dataclass(frozen=True)
class Finished:
    """The work is done, or was stopped on request.

    Attributes
    ----------
    scored : int
        How many records have scores; how many trainings a study has.
    device : str
        Where they were computed.
    stopped : bool
        Whether it ended early because it was asked to.
    content : dict or None
        What was asked for, where that is neither numbers nor files.
    """

    scored: int
    device: str
    stopped: bool
    content: dict[str, Any] | None = None


@dataclass(frozen=True)
class Failed:
    """The work could not be done; the three parts of an error and its exit code."""

    what: str
    why: str
    do: str
    exit_code: int


MESSAGE = 1
"""The kind of a message's frame."""
_MOST_WORDS, _MOST_CONTENT = 1 << 18, 1 << 28
REPORT_SECONDS = 0.25
"""How long to be silent between two reports of progress."""
PLANNED = "The plan is made"
"""The phase that a study reports when its plan is written, before anything is trained."""
Report = Callable[[Progress], None]
"""What takes progress as it comes."""
Message = Progress | Finished | Failed
_Kind = type[Progress] | type[Finished] | type[Failed]
_FIELDS: dict[_Kind, dict[str, tuple[type, ...]]] = {
    Progress: {
        "phase": (str,),
        "done": (int,),
        "total": (int,),
        "seconds_left": (float, int, type(None)),
    },
    Finished: {"scored": (int,), "device": (str,), "stopped": (bool,), "content": (dict, type(None))},
    Failed: {"what": (str,), "why": (str,), "do": (str,), "exit_code": (int,)},
}
_TYPES: dict[str, _Kind] = {kind.__name__: kind for kind in _FIELDS}


Job = ScoreJob | SumJob | PreflightJob | MapJob | StudyJob | InspectJob | VerifyJob


def to_line(job: Job) -> str:
    """Write a job as one line."""
    return json.dumps({"type": type(job).__name__, **asdict(job)}) + "\n"


def to_bytes(message: Message) -> bytes:
    """Write a message as the content of a frame."""
    return json.dumps({"type": type(message).__name__, **asdict(message)}).encode()


def from_bytes(content: bytes) -> Message:
    """Read a message of the child, which may have fallen to what it was given to read.

    Raises
    ------
    ValueError
        Where it is none.
    """
    try:
        told = json.loads(content)
    except RecursionError:
        raise ValueError("not a message") from None
    if not isinstance(told, dict) or told.get("type") not in _TYPES:
        raise ValueError("not a message")
    kind = _TYPES[told.pop("type")]
    types = _FIELDS[kind]
    if told.keys() != types.keys() or any(type(told[name]) not in types[name] for name in types):
        raise ValueError("not a message")
    return kind(**told)


def most_bytes(job: Job) -> int:
    """Return how long a message of the child may be: only some jobs end with more than a few words."""
    ends_with_content = isinstance(job, InspectJob | VerifyJob | PreflightJob)
    return _MOST_CONTENT if ends_with_content else _MOST_WORDS


def job_from_line(line: str) -> Job:
    """Read a job from the parent."""
    content = json.loads(line)
    kinds: dict[str, type[Job]] = {kind.__name__: kind for kind in get_args(Job)}
    return kinds[content.pop("type")](**content)
