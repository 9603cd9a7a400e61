"""Output to the terminal: results on standard output, progress on standard error.

With ``--json`` there is exactly one object on standard output and nothing else. All other text goes
through `plain`, line by line, so that hostile names cannot send control sequences, hide or reverse a
part of a line, or imitate a line of the program.
"""

import io
import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

from dataselect_gui.errors import DataSelectError
from dataselect_gui.plain import visible
from dataselect_gui.texts import _
from dataselect_gui.workflow import Decision, JobContext, JobKind, Phase, Progress

QUIET_SECONDS = 10
errors = Console(stderr=True, highlight=False, markup=False, emoji=False)
results = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def ready_streams() -> None:
    """Replace characters that the terminal's encoding lacks, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def plain(line: str) -> Text:
    """Return a line without markup and control sequences."""
    return Text(visible(line))


def tell(verb: str, as_json: bool, content: dict[str, Any], lines: Iterable[str]) -> None:
    """Print a result, as one JSON object or as lines of text."""
    if as_json:
        print_json({"ok": True, "verb": verb, **content})
    else:
        print_lines(results, lines)


def stated_decision(decision: Decision | None) -> dict[str, object]:
    """Return what ``--json`` says of a decision about leaving out; nothing where there is none."""
    return {} if decision is None else {"decision": decision.as_json()}


def print_lines(console: Console, lines: Iterable[str]) -> None:
    """Print lines of text."""
    text = Text("\n").join(map(plain, lines))
    if text:
        console.print(text, soft_wrap=True)


def tell_error(
    verb: str, as_json: bool, error: DataSelectError, content: dict[str, Any] | None = None
) -> None:
    """Print an error: what happened, why, and what to do; or as JSON, with the content."""
    if as_json:
        parts = {"what": error.what, "why": error.why, "do": error.do}
        document = {"ok": False, "verb": verb, "exit_code": error.exit_code, "error": parts}
        print_json({**document, **(content or {})})
    else:
        what = plain(error.what)
        what.stylize("bold")
        errors.print(what, plain(error.why), plain(error.do), sep="\n", soft_wrap=True)


def print_json(content: dict[str, Any]) -> None:
    """Print one JSON object in ASCII."""
    sys.stdout.write(json.dumps(content, default=str) + "\n")
    sys.stdout.flush()


def print_raw(text: str) -> None:
    """Print a file's content in UTF-8, or as lines where the output is a terminal."""
    if sys.stdout.isatty():
        print_lines(results, text.rstrip("\n").split("\n"))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(errors="backslashreplace"))
    sys.stdout.buffer.flush()


@contextmanager
def progress(kind: JobKind | None) -> Iterator[JobContext]:
    """Yield a context that shows progress: a bar on a terminal, occasional lines elsewhere.

    Parameters
    ----------
    kind : JobKind or None
        What a person who stops it reads of; None for several things in turn.
    """
    if not errors.is_terminal:
        yield JobContext(_Lines(), kind=kind)
        return
    # Imported here, so that the window, which is a verb too, opens without it.
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with Bars(*columns, console=errors, transient=True) as bars:
        task = bars.add_task("", total=None, left="")

        def show(step: Progress) -> None:
            bars.update(
                task,
                description=step.phase.text,
                completed=step.done,
                total=step.total,
                left=visible(step.time_left),
            )

        yield JobContext(show, kind=kind)


class _Lines:
    """Prints a line when the phase changes, and every ten seconds."""

    def __init__(self) -> None:
        self._phase: Phase | None = None
        self._told = 0.0

    def __call__(self, step: Progress) -> None:
        now = time.monotonic()
        if step.phase == self._phase and now - self._told < QUIET_SECONDS:
            return
        self._phase, self._told = step.phase, now
        line = step.phase.text
        if step.total > 1:
            line = _("{phase} {done:,} of {total:,}", phase=line, done=step.done, total=step.total)
        left = f", {step.time_left}" if step.time_left else ""
        print_lines(errors, [f"{line}{left}"])
