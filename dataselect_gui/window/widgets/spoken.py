"""What a screen reader calls the widgets that paint themselves: Qt has no role for those."""

from functools import cache

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget

Role = QAccessible.Role

_PROPERTY = "spoken"


def speak_as(widget: QWidget, role: QAccessible.Role) -> None:
    """Have a screen reader take a widget for a list, a chart or a picture.

    Parameters
    ----------
    widget : QWidget
        The widget; nothing has asked for its interface yet.
    role : QAccessible.Role
        What it is.
    """
    _install()
    widget.setProperty(_PROPERTY, role.value)


@cache
def _install() -> None:
    QAccessible.installFactory(_interface_of)


def _interface_of(_kind: str, subject: QObject) -> QAccessibleInterface | None:
    role = subject.property(_PROPERTY) if isinstance(subject, QWidget) else None
    if role is None:
        return None  # Qt's own is taken.
    assert isinstance(subject, QWidget)
    return QAccessibleWidget(subject, QAccessible.Role(role), "")
