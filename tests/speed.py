"""How long a release of 20,000 images takes beside copying, hashing and flushing the same files.

``python -m tests.speed IMAGES [--count N] [--rounds R]``: IMAGES is a folder of JPEG files, of which
copies are made that differ in a comment. Both are timed in turn, on the disk of the working folder.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dataselect_gui import workflow
from tests.projects import consortium, scored_project
from tests.releases import silent


def main() -> int:
    """Time both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        root = Path(name)
        os.environ["DATASELECT_HOME"] = str(root / "home")
        source = _copies(asked.images, root / "records", asked.count)
        project = scored_project(
            root / "p.dataselect", source, consortium(root / "consortium"), [1.0] * asked.count
        )
        workflow.select_records(project, workflow.make_rule("loss", threshold="0.5"))
        times: dict[str, list[float]] = {"copied": [], "released": []}
        for number in range(asked.rounds):
            os.sync()
            started = time.monotonic()
            subprocess.run(["sh", "-c", _COPY, "sh", source, root / f"copy {number}"], check=True)
            times["copied"].append(time.monotonic() - started)
            os.sync()
            request = workflow.ReleaseRequest(
                to=root / f"bundle {number}",
                epsilon=str(100 + number),
                threshold_from="agreed",
                in_training="no",
                budget="300",
            )
            started = time.monotonic()
            workflow.release(project, request, silent)
            times["released"].append(time.monotonic() - started)
            print(f"copied {times['copied'][-1]:.2f} s, released {times['released'][-1]:.2f} s")
    copied, released = (statistics.median(times[what]) for what in ("copied", "released"))
    print(f"{asked.count:,} files; the release has {copied / released:.2f} times the speed of the copy")
    return 0


_COPY = 'cp -r "$1" "$2" && cd "$2" && find . -type f -print0 | xargs -0 sha256sum > sums && sync'


def _copies(images: Path, to: Path, count: int) -> Path:
    files = sorted(path for path in images.rglob("*") if path.suffix in {".jpg", ".jpeg"})
    to.mkdir()
    for number in range(count):
        content = files[number % len(files)].read_bytes()
        comment = b"\xff\xfe\x00\x08%06d" % number
        (to / f"{number:06}.jpg").write_bytes(content[:2] + comment + content[2:])
    return to


if __name__ == "__main__":
    sys.exit(main())
