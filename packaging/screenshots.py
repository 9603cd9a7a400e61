"""Take pictures of every place of the window: light and dark, at 1× and 2×, and at its smallest.

    python packaging/screenshots.py DEMO_FOLDER OUT

``DEMO_FOLDER`` is what ``dataselect demo`` made; it is copied first, and nothing in it changes. The
pictures need no display.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = ((1360, 860), (640, 400))
_SETTLE_MILLISECONDS = 1500


def take(demo: Path, out: Path, scale: int) -> None:
    """Take all pictures at one scale, in this process."""
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from dataselect_gui.window import theme
    from dataselect_gui.window.main_window import MainWindow
    from dataselect_gui.window.settings import Settings

    app = QApplication([])
    for mode in ("light", "dark"):
        theme.apply(mode)
        for width, height in SIZES:
            window = MainWindow(Settings())
            window.resize(width, height)
            window.show()
            for place in ("start", "setup", "explore", "release", "ledger"):
                if place == "setup":
                    window.open_project(demo / "project")
                    window.state.set_current(int(window.state.order[0]))
                window.show_place(place)
                settling = QEventLoop()
                QTimer.singleShot(_SETTLE_MILLISECONDS, settling.quit)
                settling.exec()
                window.grab().save(str(out / f"{place}-{mode}-{width}x{height}@{scale}.png"))
            window.close()


def main() -> None:
    """Take the pictures, each scale in a process of its own."""
    demo, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) > 3:
        take(demo, out, int(sys.argv[3]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "demo"
        shutil.copytree(demo, copy, ignore=shutil.ignore_patterns("bundle"))
        for scale in (1, 2):
            environment = {
                **os.environ,
                "QT_QPA_PLATFORM": "offscreen",
                "QT_SCALE_FACTOR": str(scale),
                "DATASELECT_HOME": str(Path(scratch) / "home"),
            }
            words = [sys.executable, __file__, str(copy), str(out), str(scale)]
            subprocess.run(words, env=environment, check=True)  # noqa: S603  (this script)


if __name__ == "__main__":
    main()
