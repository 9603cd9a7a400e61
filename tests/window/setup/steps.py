"""What a person reads in Setup, and answers its dialogs with."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QLabel

from dataselect_gui.window.shell.main_window import MainWindow

Choose = Callable[[Path | None], None]
"""Has file dialogs answer with a path, or be cancelled."""


def shown_text(window: MainWindow) -> str:
    """Return what Setup says where it can be seen."""
    return "\n".join(label.text() for label in window.setup.findChildren(QLabel) if label.isVisible())
