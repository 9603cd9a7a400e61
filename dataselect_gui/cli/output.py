"""What the terminal shows: results on standard output, progress on standard error.

With ``--json`` there is exactly one object on standard output and nothing else.
"""

import io
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from dataselect_gui.errors import DataSelectError
from dataselect_gui.worker.messages import Progress
from dataselect_gui.workflow import Report

QUIET_SECONDS = 10
errors = Console(stderr=True, highlight=False)
results = Console(highlight=False, soft_wrap=True)
_COMMANDS = dict.fromkeys({*range(32), 127, *range(128, 160)} - {9, 10}, "�")
"""The characters by which a text could command a terminal."""


def ready_streams() -> None:
    """Let no character stop a result that the terminal's encoding does not know."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def plain(text: str) -> Text:
    """Return a text that is shown as it is: no markup, and nothing that a terminal would obey."""
    return Text(text.translate(_COMMANDS))


def tell(verb: str, as_json: bool, content: dict[str, Any], text: str) -> None:
    """Print a result, as one JSON object or as text."""
    if as_json:
        print_json({"ok": True, "verb": verb, **content})
    elif text:
        results.print(plain(text))


def tell_error(
    verb: str, as_json: bool, error: DataSelectError, content: dict[str, Any] | None = None
) -> None:
    """Print what happened, why, and what to do; with the content as JSON, where there is any."""
    if as_json:
        parts = {"what": error.what, "why": error.why, "do": error.do}
        told = {"ok": False, "verb": verb, "exit_code": error.exit_code, "error": parts}
        print_json({**told, **(content or {})})
    else:
        what = plain(error.what)
        what.stylize("bold")
        errors.print(what, plain(error.why), plain(error.do), sep="\n", soft_wrap=True)


def print_json(content: dict[str, Any]) -> None:
    """Print one JSON object and nothing else, in characters that every encoding has."""
    sys.stdout.write(json.dumps(content, default=str) + "\n")
    sys.stdout.flush()


def print_raw(text: str) -> None:
    """Print a file's content, in UTF-8 whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


@contextmanager
def progress() -> Iterator[Report]:
    """Give a function that shows progress: a bar on a terminal, a line now and then elsewhere."""
    if not errors.is_terminal:
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Bars(*columns, console=errors, transient=True) as bars:
        task = bars.add_task("", total=None, left="")

        def show(step: Progress) -> None:
            bars.update(
                task,
                description=step.phase,
                completed=step.done,
                total=step.total,
                left=step.time_left,
            )

        yield show


class _Lines:
    """A line when the work changes, and every ten seconds."""

    def __init__(self) -> None:
        self._phase = ""
        self._told = 0.0

    def __call__(self, step: Progress) -> None:
        now = time.monotonic()
        if step.phase == self._phase and now - self._told < QUIET_SECONDS:
            return
        self._phase, self._told = step.phase, now
        counts = f" {step.done:,} of {step.total:,}" if step.total > 1 else ""
        sys.stderr.write(f"{step.phase}{counts}{', ' + step.time_left if step.time_left else ''}\n")
        sys.stderr.flush()
