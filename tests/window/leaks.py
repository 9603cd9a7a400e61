"""What a process holds beyond memory, so that whatever a closed window leaves behind is found."""

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication

from tests.processes import children_of

_MOST = 100
"""Threads, and timers, that are noted at once."""


@dataclass
class Started:
    """The threads and timers of Qt that were started while this was noted.

    Those that ended are let go of from time to time: what they hold would pass for a leak of memory.
    """

    threads: list[QThread] = field(default_factory=list)
    timers: list[QTimer] = field(default_factory=list)
    thread_count: int = 0

    def note_thread(self, thread: QThread) -> None:
        """Note a thread that is about to start."""
        self.thread_count += 1
        if len(self.threads) >= _MOST:
            self.threads = [each for each in self.threads if _is_there(each) and each.isRunning()]
        self.threads.append(thread)

    def note_timer(self, timer: QTimer) -> None:
        """Note a timer that is about to start."""
        if len(self.timers) >= _MOST:
            self.timers = [each for each in self.timers if _is_there(each) and each.isActive()]
        self.timers.append(timer)


@dataclass(frozen=True)
class Holdings:
    """What this process holds: by kind, what tells one such thing from another."""

    kinds: dict[str, set[Any]]

    def beyond(self, earlier: "Holdings") -> list[str]:
        """Return the kinds of which there is more than there was."""
        return [kind for kind, held in self.kinds.items() if held - earlier.kinds[kind]]


def holdings(started: Started, *, thorough: bool = True) -> Holdings:
    """Return what is held now, once all that is due to be deleted is gone.

    Parameters
    ----------
    started : Started
        The threads and timers to look at.
    thorough : bool
        Whether to collect garbage first, which takes a while, and to count open files as well.
    """
    for _ in range(2):
        if thorough:
            gc.collect()
            QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    # A file that is opened anew may be another descriptor: only their number tells anything.
    files = len(list(Path("/proc/self/fd").iterdir())) if thorough else 0
    return Holdings(
        {
            # Python keeps a dummy of each thread of Qt that asked for its name, even when it is over.
            "thread": {thread.ident for thread in threading.enumerate() if "Dummy" not in thread.name},
            "QThread": {
                id(thread) for thread in started.threads if _is_there(thread) and thread.isRunning()
            },
            "QTimer": {id(timer) for timer in started.timers if _is_there(timer) and timer.isActive()},
            "process": set(children_of(os.getpid())),
            "widget": {shiboken6.getCppPointer(widget)[0] for widget in QApplication.topLevelWidgets()},
            "descriptor": set(range(files)),
        }
    )


def _is_there(subject: QObject) -> bool:
    return shiboken6.isValid(subject)


@contextmanager
def noted() -> Iterator[Started]:
    """Note every thread and timer of Qt that Python starts."""
    started = Started()
    start_thread, start_timer = QThread.start, QTimer.start

    def thread(running: QThread, *arguments: QThread.Priority) -> None:
        started.note_thread(running)
        start_thread(running, *arguments)

    def timer(running: QTimer, *arguments: int) -> None:
        started.note_timer(running)
        start_timer(running, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QThread, "start", thread)
        patch.setattr(QTimer, "start", timer)
        yield started
