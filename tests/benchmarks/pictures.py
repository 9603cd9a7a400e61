"""What the decoding process costs: to its start, to the first pictures, and to scrolling.

``python -m tests.benchmarks.pictures IMAGES [--rounds R]``: IMAGES is a folder of image files, of which
a project of 2,000 records is made. Each round opens it in a window anew, once with pictures decoded in
the window's own process and once as the program does it, in turn; medians are printed.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.projects import consortium, scored_project

COUNT, SCROLLS = 2000, 150
_HERE = "--in-the-window"


def main() -> int:
    """Measure, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    starts = [_start() for _ in range(asked.rounds)]
    print(f"a process that is started, confined and ready: {1000 * statistics.median(starts):.0f} ms")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        os.environ["DATASELECT_HOME"] = str(root / "home")
        project = _project(asked.images, root)
        measured: dict[str, list[dict[str, float]]] = {"here": [], "apart": []}
        for _ in range(asked.rounds):
            for where, flags in (("here", [_HERE]), ("apart", [])):
                command = [sys.executable, "-m", "tests.benchmarks.pictures", "--window", project]
                run = subprocess.run([*command, *flags], capture_output=True, text=True, check=True)
                measured[where].append(json.loads(run.stdout))
    for where, runs in measured.items():
        median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        print(
            f"{where:>6}: first pictures after {median['first']:.0f} ms, all in sight after "
            f"{median['all']:.0f} ms; scrolling: {median['late']:.0f} of {SCROLLS} frames over 16 ms, "
            f"p99 {median['p99']:.1f} ms"
        )
    return 0


def _start() -> float:
    from dataselect_gui.records.decoding_process import DecodingProcess
    from dataselect_gui.records.kinds.images import IMAGES
    from dataselect_gui.records.source import UnreadableRecordError

    started = time.perf_counter()
    with DecodingProcess() as process:
        try:
            process.check(IMAGES, b"")
        except UnreadableRecordError:
            return time.perf_counter() - started
    raise AssertionError("nothing is no image")


def _project(images: Path, root: Path) -> str:
    suffixes = {".jpg", ".jpeg", ".png"}
    files = sorted(path for path in images.rglob("*") if path.suffix.lower() in suffixes)
    (root / "records").mkdir()
    for number in range(COUNT):
        file = files[number % len(files)]
        shutil.copy(file, root / "records" / f"{number:05}{file.suffix}")
    model, scores = consortium(root / "model"), [number / COUNT for number in range(COUNT)]
    return str(scored_project(root / "p.dataselect", root / "records", model, scores))


def window(project: Path, *, here: bool) -> None:
    """Open the project in a window, and scroll through it."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    started = time.perf_counter()
    from PySide6.QtWidgets import QApplication

    from dataselect_gui import workflow
    from dataselect_gui.window.settings import Settings
    from dataselect_gui.window.shell.main_window import MainWindow
    from dataselect_gui.window.widgets import theme

    if here:
        _decode_here()
    app = QApplication([])
    theme.apply("light")
    made = MainWindow(Settings())
    made.resize(1280, 800)
    made.show()
    made.open_project(project)
    gallery, thumbnails = made.explore.gallery, made.explore.thumbnails
    has_picture: list[int] = []
    thumbnails.arrived.connect(has_picture.append)
    times = {"first": 0.0, "all": 0.0}
    while not times["all"]:
        app.processEvents()
        elapsed = 1000 * (time.perf_counter() - started)
        if has_picture and not times["first"]:
            times["first"] = elapsed
        if has_picture and not thumbnails.is_waiting:
            times["all"] = elapsed
    bar, frames = gallery.verticalScrollBar(), []
    for _ in range(SCROLLS):
        begun = time.perf_counter()
        bar.setValue(bar.value() + 60)
        gallery.viewport().repaint()
        app.processEvents()
        frames.append(1000 * (time.perf_counter() - begun))
        time.sleep(max(0.0, 0.016 - (time.perf_counter() - begun)))
    times["late"] = sum(frame > 16 for frame in frames)
    times["p99"] = sorted(frames)[int(0.99 * len(frames))]
    print(json.dumps(times))
    made.close()
    assert workflow.look(project).ids


def _decode_here() -> None:
    """Decode as the window once did: in threads of its own process."""
    from dataselect_gui.records.decoding_process import DecodingProcess
    from dataselect_gui.records.kinds.kind import Look, RecordKind

    def look(_process: DecodingProcess, kind: RecordKind, stored: bytes, most: int | None) -> Look:
        return kind.look(stored, most)

    DecodingProcess.look = look  # type: ignore[method-assign,assignment]
    DecodingProcess.begin = lambda _process: None  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--window"]:
        window(Path(sys.argv[2]), here=_HERE in sys.argv)
    else:
        sys.exit(main())
