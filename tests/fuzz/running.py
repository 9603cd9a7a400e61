"""Run children over inputs, watch them, and say what came of each input."""

import json
import os
import resource
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.confines import WATCHED, escapes

MOST_SECONDS = 10
"""Of the processor's time, for one input."""
MOST_WAITING = 40
"""Seconds on the clock, for an input that waits instead; other work may share the machine."""
MOST_MEMORY = 600 << 20
"""Bytes above what the process takes between inputs."""
_KILLED_AT = 1200 << 20
_POLL_SECONDS = 0.05
_STARTING_SECONDS, _MAKING_SECONDS = 300, 60
_ROOT = Path(__file__).parents[2]
_FINE = frozenset({"taken", "refused"})


@dataclass(frozen=True)
class Result:
    """What came of one input.

    Attributes
    ----------
    number : int
        Which.
    outcome : str
        ``taken``, ``refused``, or what was found: ``crash``, ``hang``, ``memory``, ``escape`` or
        ``broken``.
    where : str
        Where, or in which words.
    passed : bool
        Whether it passed the first check.
    seconds : float
        Of the processor's time.
    memory : int
        Bytes above the baseline, at most.
    """

    number: int
    outcome: str
    where: str
    passed: bool
    seconds: float
    memory: int

    @property
    def is_finding(self) -> bool:
        """Whether that must not be."""
        return self.outcome not in _FINE


class SeedRefusedError(Exception):
    """A valid input was refused: what is made from it would try nothing."""


@dataclass(frozen=True)
class Job:
    """Which inputs to try, and how.

    Attributes
    ----------
    kind : str
        Of what.
    corpus : Path
        Where the seeds are.
    work : Path
        A folder of its own.
    seed : int
        What the inputs follow from.
    weak : str or None
        The parser with a known defect to try instead.
    coverage : Path or None
        Where to write which lines ran.
    finding : Path or None
        The one input to try.
    """

    kind: str
    corpus: Path
    work: Path
    seed: int = 0
    weak: str | None = None
    coverage: Path | None = None
    finding: Path | None = None


def results(job: Job, first: int, last: int) -> Iterator[Result]:
    """Yield what came of each input of a range; a child that dies is followed by another."""
    at = first
    while at < last:
        for result in _child_results(job, at, last):
            yield result
            at = result.number + 1
        if job.finding is not None:
            return


def _child_results(job: Job, first: int, last: int) -> Iterator[Result]:
    """Yield what one child tells, and what it was working on where it died."""
    listening, telling = os.pipe()
    with (job.work / "output.txt").open("wb") as output:
        child = subprocess.Popen(
            _command(job, first, last, telling),
            stdout=output,
            stderr=output,
            pass_fds=[telling],
            env=_environment(),
        )
    os.close(telling)
    try:
        with os.fdopen(listening, "rb") as stream:
            yield from _heard(child, stream, job.work / "output.txt")
    finally:
        child.kill()
        child.wait()
        # Python's own ways to remove a folder fail at a thousand folders in each other.
        subprocess.run(["rm", "-rf", job.work / "job"], check=True)


def _command(job: Job, first: int, last: int, telling: int, *more: str) -> list[str]:
    command = [sys.executable, "-m", "tests.fuzz.child", job.kind, "--tell", str(telling)]
    command += ["--corpus", str(job.corpus), "--job", str(job.work / "job"), "--seed", str(job.seed)]
    command += ["--first", str(first), "--last", str(last)]
    for name in ("weak", "coverage", "finding"):
        value = getattr(job, name)
        command += [] if value is None else [f"--{name}", str(value)]
    return command + list(more)


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONFAULTHANDLER": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def _heard(child: subprocess.Popen[bytes], stream: Any, output: Path) -> Iterator[Result]:  # noqa: ANN401
    baseline, working, passed = 0, None, False
    began, worked, most = time.monotonic(), 0.0, 0
    lines = _lines(stream)
    for line in lines:
        if line is None:
            if working is None:
                if time.monotonic() - began > (_MAKING_SECONDS if baseline else _STARTING_SECONDS):
                    raise SeedRefusedError(f"No input was made for long: {_end_of(output)}")
                continue
            memory, seconds = _memory(child.pid) - baseline, _seconds(child.pid) - worked
            most = max(most, memory)
            fault = ""
            if memory > _KILLED_AT:
                fault = "memory"
            elif seconds > MOST_SECONDS + 1 or time.monotonic() - began > MOST_WAITING:
                fault = "hang"
            if fault:
                child.kill()
                yield Result(working, fault, "killed", passed, seconds, most)
                return
        elif "baseline" in line:
            baseline = line["baseline"]
        elif "seed" in line:
            if line["outcome"] != "taken":
                raise SeedRefusedError(
                    f"Seed {line['seed']} is not taken: {line['outcome']} {line['where']}"
                )
        elif "started" in line:
            working, passed = line["started"], line["passed"]
            began, worked, most = time.monotonic(), _seconds(child.pid), 0
        else:
            yield _judged(line, baseline)
            working, began = None, time.monotonic()
    code = child.wait()
    if working is not None:
        ending = f"the process ended with {code}: {_end_of(output)}"
        yield Result(working, "crash", ending, passed, 0.0, most)
    elif code:
        raise SeedRefusedError(f"The process ended with {code}: {_end_of(output)}")


def _judged(line: dict[str, Any], baseline: int) -> Result:
    outcome, memory = line["outcome"], line["peak"] - baseline
    if outcome in _FINE and line["worked"] > MOST_SECONDS:
        outcome = "hang"
    elif outcome in _FINE and memory > MOST_MEMORY:
        outcome = "memory"
    return Result(line["number"], outcome, line["where"], line["passed"], line["worked"], memory)


def _lines(stream: Any) -> Iterator[dict[str, Any] | None]:  # noqa: ANN401  (a binary stream)
    """Yield each line of a stream, and None whenever there was none for a moment."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if not selector.select(_POLL_SECONDS):
                yield None
                continue
            content = os.read(stream.fileno(), 1 << 16)
            if not content:
                return
            *whole, rest = (rest + content).split(b"\n")
            yield from map(json.loads, whole)


def _memory(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


def _seconds(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _end_of(output: Path) -> str:
    text = output.read_text(encoding="utf-8", errors="replace")
    fatal = text.find("Fatal Python error")
    return " | ".join(text[fatal:].splitlines()[:12] if fatal >= 0 else text.splitlines()[-8:])[:1500]


def watched(job: Job, first: int, last: int) -> list[str]:
    """Return the system calls by which a child left its job while it worked on a range of inputs.

    Raises
    ------
    FileNotFoundError
        Where there is no strace.
    """
    trace = job.work / "trace.txt"
    listening, telling = os.pipe()
    with (job.work / "output.txt").open("wb") as output:
        command = [
            "strace",
            "-f",
            "-qq",
            "-s",
            "4096",
            "-e",
            f"trace={WATCHED}",
            "-e",
            "signal=none",
            "-o",
            str(trace),
        ]
        child = subprocess.Popen(
            [*command, *_command(job, first, last, telling, "--marks")],
            stdout=output,
            stderr=output,
            pass_fds=[telling],
            env=_environment(),
        )
    os.close(telling)
    with os.fdopen(listening, "rb") as stream:
        ended = [json.loads(line) for line in stream]
    child.wait()
    subprocess.run(["rm", "-rf", job.work / "job"], check=True)
    if sum("number" in line for line in ended) != last - first:
        raise SeedRefusedError(
            f"The watched process did not reach its end: {_end_of(job.work / 'output.txt')}"
        )
    return escapes(trace.read_text(encoding="utf-8", errors="replace"), str(job.work / "job"))


def first_finding(results: Iterator[Result], outcomes: Sequence[str]) -> Result | None:
    """Return the first finding of these outcomes; None where there is none."""
    return next((result for result in results if result.outcome in outcomes), None)
