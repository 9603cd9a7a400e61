"""A window to drag files from, in a process of its own: ``python -m tests.drive.dragging PATH…``."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.drive.screens import tell

FILES = (180, 120)
"""The window's width and height; it stands in the upper left corner."""


def show_files(paths: Sequence[str]) -> int:
    """Show a window from which files can be dragged together, as from a file manager."""
    from PySide6.QtCore import QMimeData, Qt, QTimer, QUrl
    from PySide6.QtGui import QDrag, QMouseEvent
    from PySide6.QtWidgets import QApplication, QLabel

    class Files(QLabel):
        def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
            del event
            content = QMimeData()
            content.setUrls([QUrl.fromLocalFile(path) for path in paths])
            drag = QDrag(self)
            drag.setMimeData(content)
            drag.exec(Qt.DropAction.CopyAction)

    app = QApplication(["files"])
    files = Files("\n".join(Path(path).name for path in paths))
    files.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    files.setGeometry(0, 0, *FILES)
    files.setAlignment(Qt.AlignmentFlag.AlignCenter)
    files.show()
    QTimer.singleShot(500, lambda: tell("ready"))
    return app.exec()


if __name__ == "__main__":
    sys.exit(show_files(sys.argv[1:]))
