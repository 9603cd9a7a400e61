"""Displays that nobody sees, and what the processes of a drive share."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageGrab

ROOT = Path(__file__).parents[2]
SCREEN = (1760, 860)


class DriveError(Exception):
    """The window did not do what a person expects of it."""


@dataclass
class Display:
    """A screen that nobody sees.

    Attributes
    ----------
    name : str
        As in ``DISPLAY``.
    """

    name: str

    def picture(self) -> Image.Image:
        """Return what the screen shows."""
        return ImageGrab.grab(xdisplay=self.name).convert("RGB")

    def environment(self, home: Path) -> dict[str, str]:
        """Return the environment of a process that shows its windows here."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("QT_", "DATASELECT_"))}
        return kept | {
            "DISPLAY": self.name,
            "QT_QPA_PLATFORM": "xcb",
            "DATASELECT_HOME": str(home),
        }


@contextlib.contextmanager
def display() -> Iterator[Display]:
    """Start a screen and end it again."""
    read, write = os.pipe()
    size = f"{SCREEN[0]}x{SCREEN[1]}x24"
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as number_pipe:
            number = number_pipe.readline().strip()
        if not number:
            raise DriveError("Xvfb did not start.")
        yield Display(f":{number}")
    finally:
        process.terminate()
        process.wait(10)


def tell(text: str) -> None:
    """Say something to whoever runs this."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
