"""What a person reads in Setup."""

from PySide6.QtWidgets import QLabel

from dataselect_gui.window.shell.main_window import MainWindow


def shown_text(window: MainWindow) -> str:
    """Return what Setup says where it can be seen."""
    return "\n".join(label.text() for label in window.setup.findChildren(QLabel) if label.isVisible())
