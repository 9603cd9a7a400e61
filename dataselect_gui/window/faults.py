"""The handler of unexpected errors: exceptions of any thread, and Qt's own messages.

It notes the type of an exception and its place in the code, never its message, which might hold a
record's content.
"""

import sys
import threading
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from dataselect_gui.plain import visible
from dataselect_gui.workflow import Crash, Fault, fault_of, note_event

_listeners: list[Callable[[str], None]] = []
noted: list[str] = []
"""What was noted since the program started, oldest first."""


def listen(listener: Callable[[str], None]) -> None:
    """Call a function with each fault from now on, in the thread in which it happens."""
    _listeners.append(listener)


def forget(listener: Callable[[str], None]) -> None:
    """Call a function no longer."""
    if listener in _listeners:
        _listeners.remove(listener)


def note(error: BaseException) -> Fault:
    """Note an exception, and return what may be shown of it."""
    fault = fault_of(error)
    note_event(Crash.of(fault))
    _notify(fault.sentence.rstrip("."))
    return fault


def install() -> None:
    """Set the exception hooks of Python and the message handler of Qt."""
    sys.excepthook = _on_exception
    threading.excepthook = _on_thread_exception
    qInstallMessageHandler(_on_qt_message)


def _notify(text: str) -> None:
    noted.append(text)
    sys.stderr.write(f"dataselect: {visible(text)}\n")
    for listener in _listeners:
        listener(text)


def _on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    note(error)


def _on_thread_exception(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        note(arguments.exc_value)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    del context
    if kind in {QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg}:
        return
    _notify(f"Qt: {message}")
