"""What a long run keeps on its way: scores on the disk, and the pace that it has."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.table import Column, Table
from dataselect_gui.worker.decoding import Decoded

SAVE_SECONDS = 1.0


class Keeper:
    """Scores on their way to the disk: what is not marked there is computed again after a kill.

    Parameters
    ----------
    table : Table
        The project's.
    columns : mapping
        Its columns, by the names of the scores.
    """

    def __init__(self, table: Table, columns: Mapping[str, Column]) -> None:
        self._table, self._columns = table, columns
        self._rows: dict[str, list[int]] = {}
        self._problems: dict[str, str] = {}
        self._saved = time.monotonic()

    def add(self, piece: Sequence[Decoded], found: Mapping[str, NDArray[np.float64]]) -> None:
        """Take the scores of some records, and now and then save them."""
        rows = np.array([one.row for one in piece], dtype=np.int64)
        for name, values in found.items():
            self._columns[name].write(rows, values)
            self._rows.setdefault(name, []).extend(one.row for one in piece if not one.has_changed)
        ids = self._table.index.ids
        self._problems |= {ids[one.row]: one.problem for one in piece if one.problem}
        if time.monotonic() - self._saved > SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Bring everything to the disk."""
        self._table.add_problems(self._problems)
        for name, rows in self._rows.items():
            self._columns[name].mark_done(np.array(rows, dtype=np.int64))
        self._problems.clear()
        self._rows.clear()
        self._saved = time.monotonic()


class InHand:
    """A mark on the disk while records are computed: a run that is killed meanwhile leaves it.

    So the next run knows. Errors that Python sees take the mark away, and so does the parent where it
    ended the run itself. That a machine lost its power is not told apart: one that ran out of memory
    and was switched off looks the same, and half as many records cost little.

    Parameters
    ----------
    folder : Path
        The project's.

    Attributes
    ----------
    was_left : bool
        Whether an earlier run was killed at such a moment.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ".in-hand"
        self.was_left = self._path.exists()

    def __enter__(self) -> None:
        self._path.touch()

    def __exit__(self, *_: object) -> None:
        self.take_away()

    def take_away(self) -> None:
        """Take the mark away."""
        self._path.unlink(missing_ok=True)


class Pace:
    """Estimates the time left from the pace of the last half minute."""

    WINDOW_SECONDS = 30

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def add(self, now: float, done: int) -> None:
        """Take how many records are done at a moment, in seconds."""
        self._marks.append((now, done))
        while self._marks[-1][0] - self._marks[0][0] > self.WINDOW_SECONDS:
            self._marks.popleft()

    def seconds_left(self, total: int) -> float | None:
        """Return how long the rest takes; None where nothing can be said yet."""
        (start, before), (now, done) = self._marks[0], self._marks[-1]
        return (now - start) / (done - before) * (total - done) if done > before else None
