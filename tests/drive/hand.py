"""Mouse and keyboard of the driven window."""

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from tests.drive.finding import MOST_TABS, Target
from tests.drive.screens import SCREEN, Display, DriveError

_DIFFERENT = 48
_TOLERATED = 0.06
_EDGE = 3


@dataclass
class Count:
    """What a path took.

    Attributes
    ----------
    clicks, keys : int
        Clicks, drops among them, and keys.
    steps : list of str
        What was clicked.
    """

    clicks: int = 0
    keys: int = 0
    steps: list[str] = field(default_factory=list)


class Hand:
    """Mouse and keyboard of the driven window, and pictures of each step.

    Parameters
    ----------
    screen : Display
        Where the window is.
    out : Path
        The folder for pictures.
    name : str
        What their names begin with.
    """

    def __init__(self, screen: Display, out: Path, name: str) -> None:
        self._screen = screen
        self._out = out
        self._name = name
        self._pictures = 0
        self.count = Count()
        self.notches = 0

    def click(self, target: Target, *, patience: float = 20) -> None:
        """Turn the wheel as far as needed, wait until the target is seen, and press it."""
        if target.notches:
            self._do("mousemove", str(SCREEN[0] // 2), str(SCREEN[1] // 2))
            for _ in range(target.notches):
                self._do("click", "5")
            self.notches += target.notches
        self.see(target, patience)
        self.keep(f"before {target.name}")
        self._do("mousemove", str(target.x), str(target.y))
        time.sleep(0.2)
        self._do("click", "1")
        self.count.clicks += 1
        self.count.steps.append(target.name)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag something from one place to another, in steps as a hand does; it counts as a click."""
        self._do("mousemove", *map(str, start), "mousedown", "1")
        for step in range(1, 21):
            x, y = (a + (b - a) * step // 20 for a, b in zip(start, end, strict=True))
            self._do("mousemove", str(x), str(y))
            time.sleep(0.03)
        time.sleep(0.3)
        self._do("mouseup", "1")
        self.count.clicks += 1
        self.count.steps.append("drop both")

    def key(self, *names: str) -> None:
        """Press keys, one after the other."""
        self._do("key", "--delay", "80", *names)
        self.count.keys += len(names)

    def see(self, target: Target, patience: float = 20) -> None:
        """Wait until the window shows the target where it should be.

        Raises
        ------
        DriveError
            Where it does not within the patience, in seconds.
        """
        end = time.monotonic() + patience
        while (share := self._difference(target)) > _TOLERATED:
            if time.monotonic() > end:
                self.keep(f"not seen {target.name}")
                target.picture.save(self._out / f"{self._name}-wanted-{target.name}.png")
                raise DriveError(f"{target.name} was not seen: {share:.0%} of it looks otherwise.")
            time.sleep(0.25)

    def wake(self, title: str = "DataSelect") -> None:
        """Give the keyboard to the window of such a title, as a window manager does."""
        windows = subprocess.run(
            ["xdotool", "search", "--sync", "--onlyvisible", "--name", title],
            env={**os.environ, "DISPLAY": self._screen.name},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self._do("windowfocus", "--sync", windows.stdout.split()[-1])

    def reach(self, target: Target) -> None:
        """Press Tab until the target is seen with the focus.

        Raises
        ------
        DriveError
            Where it is not reached.
        """
        for _ in range(MOST_TABS):
            time.sleep(0.1)
            if self._is_focused(target):
                break
            self.key("Tab")
        else:
            self.keep(f"not reached {target.name}")
            target.picture.save(self._out / f"{self._name}-wanted-{target.name}.png")
            raise DriveError(f"{target.name} was not reached by Tab.")
        self.keep(f"at {target.name}")
        self.count.steps.append(target.name)

    def type(self, text: str) -> None:
        """Type a text; each letter counts as a key."""
        self._do("type", "--delay", "20", text)
        self.count.keys += len(text)

    def settle(self, quiet: float = 1.0, patience: float = 60) -> None:
        """Wait until the screen has not changed for a while."""
        end, since, last = time.monotonic() + patience, time.monotonic(), self._screen.picture()
        while time.monotonic() - since < quiet:
            if time.monotonic() > end:
                raise DriveError("The window does not come to rest.")
            time.sleep(0.2)
            now = self._screen.picture()
            if _changed(now, last) > 0.0005:
                since, last = time.monotonic(), now

    def look(self) -> Image.Image:
        """Return what the screen shows."""
        return self._screen.picture()

    def keep(self, title: str) -> None:
        """Keep a picture of the screen."""
        self._pictures += 1
        name = f"{self._name}-{self._pictures:02}-{title.replace(' ', '-')}.png"
        self.look().save(self._out / name)

    def _is_focused(self, target: Target) -> bool:
        """Say whether it is seen with the focus, at its place across; Tab scrolls pages up and down."""
        left, _top, right, _bottom = target.box
        column = self.look().crop((left, 0, right, SCREEN[1]))
        width, height = target.picture.size
        return any(
            _changed(column.crop((0, top, width, top + height)), target.picture) <= _TOLERATED
            for top in range(SCREEN[1] - height)
        )

    def _difference(self, target: Target) -> float:
        # Without the edge, which shows focus and the mouse.
        width, height = target.picture.size
        inner = (_EDGE, _EDGE, width - _EDGE, height - _EDGE)
        return _changed(self.look().crop(target.box).crop(inner), target.picture.crop(inner))

    def _do(self, *arguments: str) -> None:
        subprocess.run(
            ["xdotool", *arguments],
            env={**os.environ, "DISPLAY": self._screen.name},
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _changed(before: Image.Image, after: Image.Image) -> float:
    """Return which share of two pictures of one size differs."""
    first, second = (np.asarray(picture, dtype=np.int16) for picture in (before, after))
    if first.shape != second.shape:
        return 1.0
    return float((np.abs(first - second).max(axis=2) > _DIFFERENT).mean())
