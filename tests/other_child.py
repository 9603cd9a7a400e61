"""A child process that does something else than the job that it is given."""

import sys
from textwrap import indent

import pytest

PROGRAM = """
import os, signal, sys, time
from dataselect_gui.worker import child
from dataselect_gui.jobs.progress import Phase
def run(job, context, parent):
{body}
{before}
child.run = run
sys.exit(child.main())
"""


def child_that(body: str, monkeypatch: pytest.MonkeyPatch, before: str = "") -> None:
    """Have the next children run these lines instead of their job, confined as ever.

    The lines know ``job``, ``context`` and ``parent``. What is to happen before a child confines itself
    stands in other lines.
    """
    start_instead(PROGRAM.format(body=indent(body, "    "), before=before), monkeypatch)


def start_instead(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next children be another program altogether."""
    monkeypatch.setattr(
        "dataselect_gui.worker.handle.child_command", lambda: [sys.executable, "-c", program]
    )
