"""Widgets beside each other, and layouts made empty."""

from PySide6.QtWidgets import QHBoxLayout, QLayout, QWidget


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


def clear(layout: QLayout) -> None:
    """Hide and delete the widgets of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()  # At once: it is deleted only when the loop of events turns.
            widget.deleteLater()
