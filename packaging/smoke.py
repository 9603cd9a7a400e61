"""Try a frozen program: the demo without a window, verify, and the window shown and gone again.

    python packaging/smoke.py dist/dataselect

Anything unexpected on its outputs is a failure, as is an exit code other than 0.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_PROGRESS = re.compile(r"(Reading records|Loading the model|Scoring|Writing the bundle)[^\n]*\n")


def run(program: Path, *words: str, home: Path, window: bool = False) -> str:
    """Run a verb; return what it prints. Raises SystemExit where it prints what it should not."""
    environment = {
        **os.environ,
        "DATASELECT_HOME": str(home),
        **({"DATASELECT_QUIT_WHEN_SHOWN": "1"} if window else {}),
    }
    if window and not os.environ.get("DISPLAY"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603  (the program that was just built)
        [program, *words], capture_output=True, text=True, env=environment, timeout=600, check=False
    )
    unexpected = _PROGRESS.sub("", done.stderr)
    if done.returncode != 0 or unexpected:
        raise SystemExit(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    print(f"{' '.join(words)}: {time.monotonic() - started:.1f} s")
    return done.stdout


def main() -> None:
    """Try everything."""
    folder = Path(sys.argv[1])
    program = folder / ("dataselect.exe" if os.name == "nt" else "dataselect")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        home = out / "home"
        run(program, "--version", home=home)
        told = json.loads(
            run(program, "demo", "--headless", "--out", str(out / "demo"), "--json", home=home)
        )
        if not told["verified"]:
            raise SystemExit("the demo's bundle was not verified")
        run(program, "verify", str(out / "demo" / "bundle"), home=home)
        run(program, "gui", home=home, window=True)
        run(program, "gui", str(out / "demo" / "project"), home=home, window=True)
    size = sum(
        path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    )
    print(f"size: {size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
