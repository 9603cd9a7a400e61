"""Widgets beside each other."""

from PySide6.QtWidgets import QHBoxLayout, QWidget


def row(*widgets: QWidget, spacing: int = 8) -> QWidget:
    """Return widgets beside each other; text takes the room that is left.

    Parameters
    ----------
    *widgets : QWidget
        From the leading edge on.
    spacing : int
        Pixels between them.
    """
    box = QWidget()
    layout = QHBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    return box
