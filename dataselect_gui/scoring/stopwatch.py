"""How long something takes, and how long it would take if nothing else ran on the machine."""

import time
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Taken:
    """How long something took.

    Attributes
    ----------
    alone : float
        Seconds, while nothing else keeps the processors.
    now : float
        Seconds, as busy as the machine was.
    """

    alone: float
    now: float

    def per(self, count: int) -> Self:
        """Return the time of one of so many."""
        return type(self)(self.alone / count, self.now / count)


class Stopwatch:
    """Runs from when it is made.

    Parameters
    ----------
    device : str
        Where it is computed. Of a GPU the processor's time tells nothing.
    """

    def __init__(self, device: str) -> None:
        self._is_cpu = device == "cpu"
        self._began, self._worked = time.perf_counter(), time.process_time()

    def taken(self) -> Taken:
        """Return how long it took so far.

        A processor that works for somebody else does not work for this process: where its own threads
        worked less than the clock went on, they waited.
        """
        now, worked = time.perf_counter() - self._began, time.process_time() - self._worked
        return Taken(min(now, worked) if self._is_cpu else now, now)
