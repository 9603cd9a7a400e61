"""The process that makes inputs, gives them to the program and says what came of each.

One line of JSON an event goes to the descriptor that is named; what libraries print goes elsewhere.
"""

import argparse
import faulthandler
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fuzz.checkpoints import CANARY
from tests.fuzz.confines import ENDS, STARTS, is_within
from tests.fuzz.findings import read_finding
from tests.fuzz.values import Files

MEMORY_NET = 24 << 30
"""Bytes of address space: what asks for more fails at once."""
_ROOT = str(Path(__file__).parents[2])
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset(
    "os.remove os.rename os.mkdir os.rmdir os.link os.symlink os.truncate os.chmod "
    "shutil.rmtree".split()
)
_LEAVES = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.posix_spawn",
    "os.system",
    "os.fork",
    "os.kill",
    "webbrowser.",
)


class Confines:
    """Notes what the program does outside a job's folder, as far as Python tells."""

    def __init__(self, job: Path) -> None:
        self.job = str(job)
        self.left: list[str] = []
        self.watches = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.watches:
            return
        if event.startswith(_LEAVES):
            self.left.append(event)
        elif event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            if not is_within(os.fsdecode(arguments[0]), self.job, writes=bool(flags & _WRITES)):
                self.left.append(f"{event} {os.fsdecode(arguments[0])}")
        elif (
            event in _CHANGES
            and isinstance(arguments[0], str | bytes | os.PathLike)
            and not is_within(os.fsdecode(arguments[0]), self.job, writes=True)
        ):
            self.left.append(f"{event} {os.fsdecode(arguments[0])}")


def main() -> None:
    """Work on a range of inputs of one kind, or on one that was kept."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("--tell", type=int, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--job", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--last", type=int, default=0)
    parser.add_argument("--finding", type=Path)
    parser.add_argument("--weak")
    parser.add_argument("--coverage", type=Path)
    parser.add_argument("--marks", action="store_true")
    asked = parser.parse_args()
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_NET, MEMORY_NET))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if asked.coverage is None:
        _work(asked)
        return
    import coverage

    measured = coverage.Coverage(
        data_file=str(asked.coverage), data_suffix=True, include=[f"{_ROOT}/dataselect_gui/*"]
    )
    measured.start()
    try:
        _work(asked)
    finally:
        measured.stop()
        measured.save()


def _work(asked: argparse.Namespace) -> None:
    from tests.fuzz.kinds import KINDS
    from tests.fuzz.seeds import read_corpus
    from tests.fuzz.weak import DEFECTS

    kind = KINDS[asked.kind]
    target = kind.target if asked.weak is None else DEFECTS[asked.weak].target
    corpus = read_corpus(asked.corpus, kind.name)
    tell = os.fdopen(asked.tell, "w", buffering=1)
    asked.job.mkdir(parents=True, exist_ok=True)
    _empty(asked.job)  # Of what a child left that died.
    os.chdir(asked.job)
    confines = Confines(asked.job)
    os.environ.update(HOME=str(asked.job / "home"), TMPDIR=str(asked.job))

    def say(**message: object) -> None:
        tell.write(json.dumps(message) + "\n")

    def marks(name: str) -> None:
        if asked.marks:
            os.path.exists(name)  # noqa: PTH110  (one system call, nothing more)

    for number, files in enumerate(corpus):  # All modules are imported by these, all caches filled.
        outcome, where = _try(
            dict(files), asked.job, target, Confines.__new__(Confines), lambda _: None
        )
        say(seed=number, outcome=outcome, where=where)
    say(baseline=_resident())
    numbers = range(asked.first, asked.last)
    kept = None if asked.finding is None else read_finding(asked.finding)
    for number in numbers if kept is None else [0]:
        files = kind.make(corpus, asked.seed, number) if kept is None else kept.files
        passed = kind.first_check(files)
        say(started=number, passed=passed)
        Path("/proc/self/clear_refs").write_text("5")
        began, worked = time.monotonic(), time.process_time()
        outcome, where = _try(files, asked.job, target, confines, marks)
        say(
            number=number,
            outcome=outcome,
            where=where,
            passed=passed,
            seconds=time.monotonic() - began,
            worked=time.process_time() - worked,
            peak=_peak(),
        )


def _try(
    files: Files,
    job: Path,
    target: Callable[[Path], None],
    confines: Confines,
    marks: Callable[[str], object],
) -> tuple[str, str]:
    """Give one input to the program; say what came of it, and where. The files are let go of."""
    from dataselect_gui.errors import DataSelectError
    from dataselect_gui.records.source import UnreadableRecordError
    from tests.fuzz.targets import BrokenPromiseError

    folder = job / "in"
    write_files(folder, files)
    files.clear()  # Its memory is not the program's.
    confines.left = []
    threads = threading.active_count()
    marks(STARTS)
    confines.watches = True
    outcome, where = "taken", ""
    try:
        # Our own tests make warnings errors; the program prints them.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target(folder)
    except UnreadableRecordError as error:
        outcome = "refused"
        str(error).encode("utf-8")
    except BrokenPromiseError as error:
        outcome, where = "broken", str(error)
    except DataSelectError as error:
        outcome = "refused"
        if error.exit_code not in {2, 3, 4, 5}:
            outcome, where = "crash", _where(error)
        else:
            where = _unspeakable(error)
            outcome = "crash" if where else outcome
    except BaseException as error:  # Whatever it is, it was not meant for people.
        outcome, where = "crash", _where(error)
    confines.watches = False
    marks(ENDS)
    if sys.modules.pop(CANARY, None) is not None:
        confines.left.append("it imports what a file names")
    if confines.left:
        outcome, where = "escape", confines.left[0]
    elif threading.active_count() > threads + 4:
        outcome, where = "crash", "threads are left"
    _empty(job)
    return outcome, where


def _unspeakable(error: Exception) -> str:
    try:
        str(error).encode("utf-8")
    except UnicodeEncodeError:
        return "an error that cannot be written"
    return ""


def _where(error: BaseException) -> str:
    """Return the error's type and the innermost place of the program that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/dataselect_gui/" in frame.filename]
    frame = (own or list(frames))[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
    return f"{type(error).__name__} in {place}: {str(error)[:200]!r}"


def write_files(folder: Path, files: Files) -> None:
    """Write an input, as far as the system allows its names."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        try:
            place = folder
            for part in name.split("/")[:-1]:
                place /= part
                if not place.exists():
                    place.mkdir()
            (folder / name).write_bytes(content)
        except (OSError, ValueError):
            continue


def _empty(job: Path) -> None:
    for path in job.iterdir():
        try:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except RecursionError:
            subprocess.run(["rm", "-rf", path], check=True)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) << 10
    return 0


if __name__ == "__main__":
    main()
