"""The settings of the window. Where the file is damaged or newer, defaults are used.

They are written whenever they change, so that nothing is lost where the program is ended.
"""

import base64
import json
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path

from dataselect_gui.errors import UnusableError
from dataselect_gui.paths import resolved
from dataselect_gui.workflow import read_settings, write_settings

VERSION = 1
_RECENT = 8
_MOST_COLUMNS = 100


@dataclass
class Settings:
    """The settings of the window.

    Attributes
    ----------
    theme : str
        ``system``, ``light`` or ``dark``.
    recent : dict
        Projects, newest first: path → name.
    geometry : str
        The window's place, as Qt saves it, in base 64.
    tile : int
        The side of a thumbnail in pixels.
    hidden_columns : list of str
        The columns that the table of records does not show.
    """

    theme: str = "system"
    recent: dict[str, str] = field(default_factory=dict)
    geometry: str = ""
    tile: int = 128
    hidden_columns: list[str] = field(default_factory=list)

    @property
    def geometry_bytes(self) -> bytes:
        """The window's place for Qt; empty where there is none."""
        try:
            return base64.b64decode(self.geometry, validate=True)
        except ValueError:  # `binascii.Error` among them.
            return b""

    def change(
        self,
        *,
        theme: str = "",
        geometry: str = "",
        tile: int = 0,
        hidden_columns: list[str] | None = None,
    ) -> None:
        """Change some of them, and write all."""
        self.theme = theme or self.theme
        self.geometry = geometry or self.geometry
        self.tile = tile or self.tile
        self.hidden_columns = self.hidden_columns if hidden_columns is None else hidden_columns
        save(self)

    def remember(self, project: Path, name: str) -> None:
        """Put a project first among the recent ones, and write all."""
        path = str(resolved(project))
        others = ((other, title) for other, title in self.recent.items() if other != path)
        self.recent = dict(islice(chain([(path, name)], others), _RECENT))
        save(self)


def load() -> Settings:
    """Read the settings; what is not valid is replaced by its default."""
    fresh = Settings()
    try:
        stored = json.loads(read_settings())
    except (OSError, UnusableError, ValueError, RecursionError):
        return fresh
    if not isinstance(stored, dict) or stored.get("version") != VERSION:
        return fresh
    if stored.get("theme") in ("system", "light", "dark"):
        fresh.theme = stored["theme"]
    if isinstance(stored.get("geometry"), str):
        fresh.geometry = stored["geometry"]
    if isinstance(stored.get("tile"), int) and 48 <= stored["tile"] <= 384:
        fresh.tile = stored["tile"]
    hidden = stored.get("hidden_columns")
    if isinstance(hidden, list) and all(isinstance(key, str) for key in hidden):
        fresh.hidden_columns = hidden[:_MOST_COLUMNS]
    recent = stored.get("recent")
    if isinstance(recent, dict):
        known = ((path, name) for path, name in recent.items() if isinstance(name, str))
        fresh.recent = dict(islice(known, _RECENT))
    return fresh


def save(settings: Settings) -> None:
    """Write the settings, where the disk allows it."""
    try:
        write_settings(json.dumps({"version": VERSION, **asdict(settings)}))
    except (OSError, UnusableError):
        return
