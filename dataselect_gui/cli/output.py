"""What the terminal shows: results on standard output, progress on standard error.

With ``--json`` there is exactly one object on standard output and nothing else.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from dataselect_gui.errors import DataSelectError
from dataselect_gui.worker.messages import Progress
from dataselect_gui.workflow import Report

QUIET_SECONDS = 10
errors = Console(stderr=True, highlight=False)
results = Console(highlight=False, soft_wrap=True)


def tell(verb: str, as_json: bool, content: dict[str, Any], text: str) -> None:
    """Print a result, as one JSON object or as text."""
    if as_json:
        print_json({"ok": True, "verb": verb, **content})
    elif text:
        results.print(text, markup=False)


def tell_error(
    verb: str, as_json: bool, error: DataSelectError, content: dict[str, Any] | None = None
) -> None:
    """Print what happened, why, and what to do; with the content as JSON, where there is any."""
    if as_json:
        parts = {"what": error.what, "why": error.why, "do": error.do}
        told = {"ok": False, "verb": verb, "exit_code": error.exit_code, "error": parts}
        print_json({**told, **(content or {})})
    else:
        errors.print(
            f"[bold]{_escaped(error.what)}[/bold]\n{_escaped(error.why)}\n{_escaped(error.do)}"
        )


def print_json(content: dict[str, Any]) -> None:
    """Print one JSON object and nothing else."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


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


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")
