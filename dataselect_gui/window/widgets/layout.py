"""Widgets beside and below each other."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from dataselect_gui.window.widgets import theme


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
        gives_way = widget.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
        layout.addWidget(widget, 1 if gives_way else 0)
    return box


def stack(*widgets: QWidget) -> QWidget:
    """Return widgets below each other, from the top on."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.SPACE[0])
    for widget in widgets:
        column.addWidget(widget)
    return box


def panel() -> tuple[QFrame, QVBoxLayout]:
    """Return a framed panel, and the column that takes what it holds."""
    frame = QFrame()
    frame.setProperty("role", "panel")
    column = QVBoxLayout(frame)
    column.setContentsMargins(16, 12, 16, 16)
    column.setSpacing(theme.SPACE[1])
    return frame, column
