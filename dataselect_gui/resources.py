"""Where the files that come with the program are."""

from pathlib import Path

_PACKAGED = Path(__file__).parent / "resources"
_CHECKOUT = Path(__file__).parent.parent / "resources"


def resource(name: str) -> Path:
    """Return the path of a shipped file or folder, in an installation or a checkout."""
    packaged = _PACKAGED / name
    return packaged if packaged.exists() else _CHECKOUT / name
