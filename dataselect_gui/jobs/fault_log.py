"""A log that a person can switch on to report a fault; off unless they do.

It holds the versions, the system, the kinds of jobs with how long they took and how they ended, and of
faults the type of the error and the lines of the program. It never holds content, names, paths, labels,
ids, counts of records or scores, whoever writes to it: an event has the fields of its class alone, and
whatever text is in one is written only where the program knows it beforehand (`known_texts`): names of
its own modules, of its own and Python's errors, of kinds of jobs. Any other text becomes “?”, and so
does a number that can be no line and no exit code. A confined process that was taken over can choose
among these texts and numbers, and how long it takes; it can add none.
"""

import builtins
import json
import logging
import pkgutil
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import msgspec

import dataselect_gui
from dataselect_gui.errors import (
    DataSelectError,
    InternalError,
    InterruptedByPersonError,
    WorkerDiedError,
    file_refused,
)
from dataselect_gui.jobs.faults import Fault, Place
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.permissions import open_own_file

VARIABLE = "DATASELECT_LOG"
"""The environment variable that names a file to log to."""
MOST_BYTES = 1 << 19
"""Of the file; the one before it is kept beside it, and no more."""
_UNKNOWN = "?"
_LIBRARIES = ("torch", "opacus", "transformers", "numpy", "pillow", "PySide6-Essentials")
_LONGEST_FILE = 10_000
"""Lines that a module may have: whatever a confined process says beyond them is no line."""
_log = logging.getLogger("dataselect.faults")
_log.propagate = False
_log.setLevel(logging.INFO)


class Outcome(Enum):
    """How a job ended."""

    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    CRASHED = "crashed"
    DIED = "died"


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=str.lower):
    """A line of the log."""


class Started(Event, frozen=True):
    """The log was switched on."""

    version: str
    python: str
    system: str
    machine: str
    libraries: dict[str, str]


class JobEnded(Event, frozen=True):
    """A job ended, in the confined process or in a thread of the window.

    Attributes
    ----------
    job : JobKind
        Its kind.
    confined : bool
        Whether it was done in the confined process.
    seconds : float
        How long it took.
    outcome : Outcome
        How it ended.
    error : str or None
        The type of the error that it ended with.
    """

    job: JobKind
    confined: bool
    seconds: float
    outcome: Outcome
    error: str | None = None


class ProcessDied(Event, frozen=True):
    """A confined process ended without a word.

    Attributes
    ----------
    job : JobKind
        What it did.
    exit_code : int
        Its own; that of a signal is negative.
    """

    job: JobKind
    exit_code: int


class Crash(Event, frozen=True):
    """A fault of the program.

    Attributes
    ----------
    error : str
        The type of the exception.
    places : tuple of Place
        The lines of the program that led there, the innermost first.
    """

    error: str
    places: tuple[Place, ...]

    @classmethod
    def of(cls, fault: Fault) -> "Crash":
        """Return the event of a fault."""
        return cls(error=fault.error, places=fault.places)


class Left(Event, frozen=True):
    """A command came to its end.

    Attributes
    ----------
    exit_code : int
        Of the program.
    seconds : float
        How long it took.
    error : str or None
        The type of the error that it ended with.
    """

    exit_code: int
    seconds: float
    error: str | None = None


def start_log(path: Path) -> None:
    """Log to a file, instead of any other one; it is closed to other accounts.

    Raises
    ------
    UnusableError
        Where the file cannot be written, or is not safe from other accounts.
    """
    stop_log()
    try:
        handler = _Lines(path, maxBytes=MOST_BYTES, backupCount=1)
    except OSError as error:
        raise file_refused(path.name, error) from None
    _log.addHandler(handler)
    note(Started(**_platform()))


def stop_log() -> None:
    """Log nothing any more."""
    for handler in list(_log.handlers):
        _log.removeHandler(handler)
        handler.close()


def log_path() -> Path | None:
    """Return the file that is logged to; None where none is."""
    return next(
        (Path(handler.baseFilename) for handler in _log.handlers if isinstance(handler, _Lines)), None
    )


def note(event: Event) -> None:
    """Write an event, where a log is switched on."""
    _log.info(event)


@contextmanager
def job_logged(kind: JobKind, *, confined: bool) -> Iterator[None]:
    """Write how a job ended that is done within."""
    began, outcome, error = time.monotonic(), Outcome.DONE, None
    try:
        yield
    except BaseException as raised:
        outcome, error = _outcome_of(raised), type(raised).__name__
        raise
    finally:
        seconds = time.monotonic() - began
        note(JobEnded(job=kind, confined=confined, seconds=seconds, outcome=outcome, error=error))


def _outcome_of(error: BaseException) -> Outcome:
    match error:
        case InterruptedByPersonError() | KeyboardInterrupt():
            return Outcome.STOPPED
        case WorkerDiedError():
            return Outcome.DIED
        case InternalError():
            return Outcome.CRASHED
        case DataSelectError() | OSError():
            return Outcome.FAILED
        case _:
            return Outcome.CRASHED


class _Lines(RotatingFileHandler):
    """Writes events, one a line, and nothing else, whoever logs it."""

    def _open(self) -> TextIOWrapper:
        """Open the file, the first one and each that follows it: a link put there is not followed."""
        return open_own_file(Path(self.baseFilename))

    def filter(self, record: logging.LogRecord) -> bool:
        """Let events pass."""
        return isinstance(record.msg, Event)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of an event."""
        fields = _known(msgspec.to_builtins(record.msg))
        return json.dumps({"time": round(record.created, 3), **fields})

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Skip a line that the disk refuses."""


def _known(value: Any) -> Any:  # noqa: ANN401  (what an event is made of)
    """Return what may be written of a value: numbers, and texts that are known beforehand."""
    match value:
        case dict():
            return {_known(name): _known(field) for name, field in value.items()}
        case list() | tuple():
            return [_known(item) for item in value]
        case str():
            return value if value in known_texts() else _UNKNOWN
        case bool() | None:
            return value
        case float():
            return round(value, 3)
        case int():
            return value if abs(value) <= _LONGEST_FILE else _UNKNOWN
        case _:
            return _UNKNOWN


@cache
def known_texts() -> frozenset[str]:
    """Return every text that the log may hold."""
    events = [Started, JobEnded, ProcessDied, Crash, Left]
    names = {name for kind in [*events, Place] for name in kind.__struct_fields__}
    tags = {str(kind.__struct_config__.tag) for kind in events}
    raised = {
        name
        for name, kind in vars(builtins).items()
        if isinstance(kind, type) and issubclass(kind, BaseException)
    }
    kinds = {str(member.value) for names_of in (JobKind, Outcome) for member in names_of}
    facts = _platform()
    versions = {*_LIBRARIES, *facts.pop("libraries").values(), *facts.values()}
    own = {DataSelectError.__name__, *(kind.__name__ for kind in _errors_of(DataSelectError))}
    return frozenset(names | tags | raised | kinds | versions | own | _modules() | {"event"})


def _errors_of(kind: type[DataSelectError]) -> set[type[DataSelectError]]:
    below = set(kind.__subclasses__())
    return below.union(*map(_errors_of, below)) if below else below


def _modules() -> set[str]:
    """Return the names of the program's modules, without importing any."""
    names, places = set[str](), [(dataselect_gui.__name__, list(dataselect_gui.__path__))]
    while places:
        package, folders = places.pop()
        for module in pkgutil.iter_modules(folders):
            name = f"{package}.{module.name}"
            names.add(name)
            if module.ispkg:
                places.append((name, [str(Path(folder) / module.name) for folder in folders]))
    return names


@cache
def _platform_facts() -> dict[str, Any]:
    from importlib import metadata  # It takes ten milliseconds, and most runs keep no log.

    libraries = {}
    for name in _LIBRARIES:
        try:
            libraries[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # A frozen program leaves out what describes libraries.
            libraries[name] = _UNKNOWN
    return {
        "version": dataselect_gui.__version__,
        "python": platform.python_version(),
        "system": sys.platform,
        "machine": platform.machine(),
        "libraries": libraries,
    }


def _platform() -> dict[str, Any]:
    return dict(_platform_facts())
