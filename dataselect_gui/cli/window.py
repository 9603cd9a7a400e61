"""The command `gui`, and the check for a display."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dataselect_gui import workflow
from dataselect_gui.texts import _


def gui(
    project: Annotated[Path | None, typer.Argument(help=_("A project to open."))] = None,
) -> None:
    """Open the window."""
    raise typer.Exit(open_window(project))


def open_window(project: Path | None) -> int:
    """Open the window, on a project where one is given; returns its exit code."""
    if project is not None:
        workflow.prepare_pictures()  # It starts while Qt is loaded.
    from dataselect_gui.window.shell.app import run

    return run(project=project)


def has_display() -> bool:
    """Say whether there is a display, without loading Qt."""
    if sys.platform in {"win32", "darwin"} or "QT_QPA_PLATFORM" in os.environ:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
