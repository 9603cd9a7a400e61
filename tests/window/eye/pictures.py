"""Have the pictures of a language taken by a process of its own, always in the same folder."""

import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from tests.window.eye import taking

LANGUAGES = ("english", "longer")
REFERENCES = Path(__file__).parent / "references"
_FOLDER = Path("/tmp/dataselect-eye")  # noqa: S108  (the same everywhere, since the pictures show it)


def take(language: str, out: Path) -> list[Path]:
    """Take the pictures of all places in a language into a folder, and return them."""
    out.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{_FOLDER}.lock"):
        shutil.rmtree(_FOLDER, ignore_errors=True)
        _FOLDER.mkdir()
        try:
            subprocess.run(
                [sys.executable, "-m", taking.__name__, str(_FOLDER), language, str(out)],
                env=taking.environment(_FOLDER),
                cwd=Path(__file__).parents[3],
                check=True,
            )
        finally:
            shutil.rmtree(_FOLDER, ignore_errors=True)
    return sorted(out.glob("*.png"))
