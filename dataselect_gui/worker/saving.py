"""What a long run keeps on its way: scores on the disk, and the pace that it has."""

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from dataselect_gui.tasks.answers import Answers
from dataselect_gui.worker.batches import BatchScores

if TYPE_CHECKING:
    from dataselect_gui.worker.score_store import AnswerStore, ScoreColumn, ScoreTable

SAVE_SECONDS = 1.0


class ScoreSaver:
    """Scores on their way to the disk: what is not marked there is computed again after a kill.

    What was done before stays as it is, though it is computed beside others once more.

    Parameters
    ----------
    table : Table
        The project's.
    columns : mapping
        Its columns, by the names of the scores.
    answers : AnswerColumns
        Its answers.
    """

    def __init__(
        self, table: "ScoreTable", columns: Mapping[str, "ScoreColumn"], answers: "AnswerStore"
    ) -> None:
        self._table, self._columns, self._kept = table, columns, answers
        self._lacking = {name: column.done == 0 for name, column in columns.items()}
        self._lacks_answer = ~answers.done
        self._answers: list[tuple[NDArray[np.int64], Answers]] = []
        self._rows: list[int] = []
        self._problems: dict[str, str] = {}
        self._saved = time.monotonic()

    def add(self, result: BatchScores) -> None:
        """Take the scores and answers of some records, and now and then save them."""
        for name, values in result.scores.items():
            lacks = self._lacking[name][result.rows]
            self._columns[name].write(result.rows[lacks], values[lacks])
        lacks = self._lacks_answer[result.rows]
        self._answers.append((result.rows[lacks], result.answers.at(lacks)))
        self._rows += result.rows.tolist()
        ids = self._table.index.ids
        self._problems |= {ids[row]: reason for row, reason in result.reasons.items()}
        if time.monotonic() - self._saved > SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Bring everything to the disk."""
        self._table.add_problems(self._problems)
        if self._answers:  # Before the scores: what has scores is not computed again.
            written, answers = zip(*self._answers, strict=True)
            self._kept.write(np.concatenate(written), Answers.joined(answers))
            self._answers.clear()
        rows = np.array(self._rows, dtype=np.int64)
        for name, column in self._columns.items():
            column.mark_done(rows[self._lacking[name][rows]])
        self._problems.clear()
        self._rows.clear()
        self._saved = time.monotonic()


class _Left(msgspec.Struct, frozen=True, omit_defaults=True):
    """The mark as it is written."""

    scores: list[str]
    record: str | None
    unsure: bool = False


class InProgressMark:
    """A mark on the disk while records are computed: a run that is killed meanwhile leaves it.

    So the next run knows. Errors that Python sees take the mark away, and so does the parent where it
    ended the run itself. A mark that the parent left for its worker counts once the parent has seen the
    worker die: where both went, as when somebody ended the program, memory was hardly the reason.

    Parameters
    ----------
    folder : Path
        The project's.

    Attributes
    ----------
    scores : list of str
        What an earlier run computed when it was killed; empty where none was.
    record : str or None
        The record that it computed by itself, because of its shape; None where it was a batch.
    was_left : bool
        Whether an earlier run was killed at such a moment.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ".in-hand"
        try:
            left = msgspec.json.decode(self._path.read_bytes(), type=_Left)
        except (OSError, msgspec.MsgspecError):  # None, or one that was cut off.
            left = None
        self.was_left = left is not None and not left.unsure
        self.scores: list[str] = left.scores if left is not None and self.was_left else []
        self.record = left.record if left is not None and self.was_left else None
        self._in_hand: _Left | None = None

    @contextmanager
    def hold(self, scores: Sequence[str], record: str | None = None) -> Iterator[None]:
        """Leave the mark until what is computed meanwhile is done."""
        self._path.write_bytes(msgspec.json.encode(_Left(list(scores), record)))
        try:
            yield
        finally:
            self.take_away()

    def write(self, scores: Sequence[str], record: str | None) -> None:
        """Leave the mark for a worker; it does not count before `confirm`."""
        self._in_hand = _Left(list(scores), record)
        self._path.write_bytes(msgspec.json.encode(replace(self._in_hand, unsure=True)))

    def confirm(self) -> None:
        """Have the mark count, where one was left: the worker died."""
        if self._in_hand is not None:
            self._path.write_bytes(msgspec.json.encode(self._in_hand))

    def take_away(self) -> None:
        """Take the mark away."""
        self._in_hand = None
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
