"""What the window remembers. A damaged or newer file never stops the start: it is begun anew."""

import base64
import binascii
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dataselect_gui.workflow import home

VERSION = 1
_RECENT = 8


@dataclass
class Settings:
    """The owner's habits.

    Attributes
    ----------
    theme : str
        ``system``, ``light`` or ``dark``.
    recent : list of str
        Paths of projects, newest first.
    geometry : str
        The window's place, as Qt saves it, in base 64.
    tile : int
        The side of a thumbnail in pixels.
    """

    theme: str = "system"
    recent: list[str] = field(default_factory=list)
    geometry: str = ""
    tile: int = 128

    @property
    def geometry_bytes(self) -> bytes:
        """The window's place for Qt; empty where there is none."""
        try:
            return base64.b64decode(self.geometry, validate=True)
        except binascii.Error:
            return b""

    def remember(self, project: Path) -> None:
        """Put a project first among the recent ones."""
        path = str(project.resolve())
        self.recent = [path, *(one for one in self.recent if one != path)][:_RECENT]


def load() -> Settings:
    """Read the settings, dropping whatever is not as it should be."""
    fresh = Settings()
    try:
        stored = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return fresh
    if not isinstance(stored, dict) or stored.get("version") != VERSION:
        return fresh
    if stored.get("theme") in {"system", "light", "dark"}:
        fresh.theme = stored["theme"]
    if isinstance(stored.get("geometry"), str):
        fresh.geometry = stored["geometry"]
    if isinstance(stored.get("tile"), int) and 48 <= stored["tile"] <= 384:
        fresh.tile = stored["tile"]
    recent = stored.get("recent")
    if isinstance(recent, list):
        fresh.recent = [one for one in recent if isinstance(one, str)][:_RECENT]
    return fresh


def save(settings: Settings) -> None:
    """Write the settings; a disk that refuses is no reason to complain."""
    try:
        _path().parent.mkdir(parents=True, exist_ok=True)
        _path().write_text(json.dumps({"version": VERSION, **asdict(settings)}), encoding="utf-8")
    except OSError:
        return


def _path() -> Path:
    return home() / "settings.json"
