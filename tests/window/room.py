"""What has too little room in a window: texts that are cut, and widgets that lie on each other."""

from collections.abc import Iterator
from itertools import combinations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QLabel,
    QMenuBar,
    QPushButton,
    QRadioButton,
    QToolButton,
    QWidget,
)

from dataselect_gui.plain import visible
from dataselect_gui.window.widgets.elided import Elided

_ROUNDING = 2
"""Pixels that a button has beyond its text, whose width is rounded."""
_SLACK = 1
"""Pixels by which a rounded size may be smaller than what is needed."""


def faults_of(window: QWidget) -> list[str]:
    """Return what is cut or covered in a window, each for somebody who looks for it."""
    faults = [
        f"{_place(widget)}: {fault}" for widget in _texts(window) if (fault := _cut(widget, window))
    ]
    return faults + list(_overlaps(window))


def _texts(window: QWidget) -> list[QLabel | QAbstractButton]:
    """Return the widgets of a window that show a text, and are not elided by design."""
    shown: list[QLabel | QAbstractButton] = []
    for widget in _visible(window):
        if isinstance(widget, QLabel | QPushButton | QToolButton | QCheckBox | QRadioButton):
            text = widget.text()
            if text and not isinstance(widget, Elided):
                shown.append(widget)
    return shown


def _visible(window: QWidget) -> list[QWidget]:
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and widget.window() is window and not isinstance(widget, QMenuBar)
    ]


def _cut(widget: QLabel | QAbstractButton, window: QWidget) -> str:
    """Return which of a widget's text is not seen; empty where all is, or can be scrolled to."""
    metrics, text = widget.fontMetrics(), widget.text()
    if widget.hasHeightForWidth():
        is_button = isinstance(widget, QAbstractButton)
        beside = (
            widget.sizeHint().width() - metrics.horizontalAdvance(text) - _ROUNDING if is_button else 0
        )
        room = QRect(0, 0, widget.width() - beside, 0)
        lines = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), text)
        lacks = lines.height() - widget.height()
        if lacks > _SLACK:
            return f"{lacks} pixels too low for its text"
        needed = lines.width() + beside
    else:
        needed = widget.sizeHint().width()
        lacks = widget.sizeHint().height() - widget.height()
        if lacks > _SLACK and widget.height() < widget.fontMetrics().height():
            return f"{lacks} pixels too low"
    if needed - widget.width() > _SLACK:
        return f"{needed - widget.width()} pixels too narrow for its text"
    return _hidden(widget, window)


def _hidden(widget: QWidget, window: QWidget) -> str:
    """Return how much of a widget lies outside of those that it stands in."""
    inside: QWidget = widget
    seen = QRect(QPoint(0, 0), widget.size())
    while inside is not window:
        seen.translate(inside.pos())
        above = inside.parentWidget()
        assert above is not None
        room = above.rect()
        area = above.parentWidget()
        if isinstance(area, QAbstractScrollArea) and area.viewport() is above:
            never = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
            if area.verticalScrollBarPolicy() is not never:
                seen.moveTop(room.top())
                seen.setHeight(min(seen.height(), room.height()))
            if area.horizontalScrollBarPolicy() is not never:
                return ""
        past = max(room.left() - seen.left(), seen.right() - room.right())
        below = max(room.top() - seen.top(), seen.bottom() - room.bottom())
        if max(past, below) > _SLACK:
            return f"{max(past, below)} pixels outside of {type(above).__name__}"
        inside = above
    return ""


def _overlaps(window: QWidget) -> Iterator[str]:
    """Yield which widgets of a layout lie on each other."""
    for parent in [window, *_visible(window)]:
        layout = parent.layout()
        if layout is None:
            continue
        inside = [
            child
            for child in parent.children()
            if isinstance(child, QWidget)
            and child.isVisible()
            and not child.isWindow()
            and not child.size().isEmpty()
        ]
        for first, second in combinations(inside, 2):
            common = first.geometry() & second.geometry()
            if min(common.width(), common.height()) > _SLACK:
                yield f"{_place(first)} and {_place(second)} overlap"


def _place(widget: QWidget) -> str:
    parents: list[str] = []
    above: QWidget | None = widget
    while above is not None and len(parents) < 4:
        parents.append(type(above).__name__)
        above = above.parentWidget()
    text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else widget.accessibleName()
    return f"{' in '.join(parents)} “{visible(text)[:40]}”"
