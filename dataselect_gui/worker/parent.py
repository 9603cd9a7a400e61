"""The child's connection to its parent.

When standard input ends, the child stops after the batch in hand; where it ended because the parent
died, at once.
"""

import os
import queue
import threading
import time
from typing import IO

from dataselect_gui.jobs.context import Stop
from dataselect_gui.jobs.endings import stopped
from dataselect_gui.jobs.kinds import JobKind
from dataselect_gui.sandbox.frames import FrameError, read_frame, write_frame
from dataselect_gui.worker.messages import MESSAGE

_LOOK_SECONDS = 0.5


class Parent:
    """The parent at the other end: it takes frames and answers, and asks to stop by closing the stream.

    Parameters
    ----------
    from_parent, to_parent : binary file
        The streams.
    kind : JobKind
        What the child does.

    Attributes
    ----------
    stop : Stop
        The parent's request to stop.
    """

    def __init__(self, from_parent: IO[bytes], to_parent: IO[bytes], kind: JobKind) -> None:
        self._kind = kind
        self._from_parent, self._to_parent, self._process = from_parent, to_parent, os.getppid()
        self.stop = Stop()
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, kind: int, *parts: bytes) -> None:
        """Send a frame, in parts."""
        write_frame(self._to_parent, kind, *parts)

    def answer(self) -> bytes:
        """Wait for an answer.

        Raises
        ------
        InterruptedByPersonError
            Where the parent is gone, or wants the work to stop.
        """
        answer = self._answers.get()
        if answer is None:
            raise stopped(self._kind)
        return answer

    def _listen(self) -> None:
        try:
            while (frame := read_frame(self._from_parent, {MESSAGE: 1 << 62})) is not None:
                self._answers.put(frame[1])
        except FrameError:  # Cut off: the parent died while it answered.
            pass
        finally:
            self.stop.request()
            self._answers.put(None)
        while os.getppid() == self._process:  # It waits until the batch in hand is done.
            time.sleep(_LOOK_SECONDS)
        os._exit(1)  # It died: a batch may take minutes, and nobody is left to keep it.
