"""The modes of files, as they are and as earlier versions left them."""

import stat
import sys
from pathlib import Path

import pytest

from tests.creations import OTHERS

COMMAND = (sys.executable, "-P", "-m", "dataselect_gui")
WHERE_MODES_ARE = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists, not modes"),
    pytest.mark.usefixtures("home"),
]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_up(folder: Path) -> None:
    """Give a folder the modes that earlier versions left."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)


def open_ones(folder: Path) -> list[Path]:
    """Return what of a folder another account may do anything with."""
    there = [folder, *folder.rglob("*")]
    return [path for path in there if not path.is_symlink() and mode_of(path) & OTHERS]
