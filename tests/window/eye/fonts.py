"""The font of the pictures: the same files on every machine, from a library that the program needs."""

from importlib.resources import files
from pathlib import Path

FAMILY = "DejaVu Sans"
SIZE = 10
"""In points."""
_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <match target="font">
    <edit name="antialias" mode="assign"><bool>true</bool></edit>
    <edit name="hinting" mode="assign"><bool>false</bool></edit>
    <edit name="rgba" mode="assign"><const>none</const></edit>
  </match>
</fontconfig>
"""


def write_configuration(folder: Path) -> Path:
    """Write a configuration of fontconfig with that font alone into a folder, and return its file.

    Matplotlib brings DejaVu Sans, with its licence.
    """
    fonts = files("matplotlib") / "mpl-data" / "fonts" / "ttf"
    path = folder / "fonts.conf"
    path.write_text(_CONFIGURATION.format(fonts=fonts, cache=folder / "fonts-cache"), encoding="utf-8")
    return path
