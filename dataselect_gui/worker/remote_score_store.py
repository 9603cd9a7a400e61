"""The worker's side of what a scoring run keeps: whatever is kept goes to the parent, in frames."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui.plain import visible
from dataselect_gui.project.table import Index
from dataselect_gui.records.source import Source
from dataselect_gui.tasks.answer_form import AnswerForm
from dataselect_gui.tasks.answers import Answers
from dataselect_gui.worker.indexing import (
    ENTRY_BYTES,
    hash_entry,
    known_hash,
)
from dataselect_gui.worker.jobs import ScoreJob
from dataselect_gui.worker.score_frames import (
    ANSWERS,
    CONTENT,
    DONE,
    FORGET,
    HAS_NUMBER,
    HASHES,
    IS_DONE,
    LISTING,
    MARK,
    MOST_REASON,
    PROBLEMS,
    REASON,
    REASONS_AT_ONCE,
    SETTINGS,
    VALUES,
    InWork,
    Settled,
    State,
    listing_digest,
)
from dataselect_gui.worker.score_store import ProgressMark

_AT_ONCE = 4096
"""So many hashes go in one frame."""
Send = Callable[..., None]
"""Takes the kind of a frame and its content, in parts."""


class RemoteScoreStore:
    """Keeps with the parent.

    Parameters
    ----------
    job : ScoreJob
        What is scored.
    send : callable
        See `Send`.
    receive : callable
        Waits for what the parent answers.
    """

    def __init__(self, job: ScoreJob, send: Send, receive: Callable[[], bytes]) -> None:
        self._names, self._send, self._receive = job.names, send, receive
        state = msgspec.json.decode(receive(), type=State)
        self.scores, self.ended_by = state.scores, state.ended_by
        self.mark: ProgressMark = _RemoteMark(send, state.in_hand, state.record)
        self._hashes: _RemoteHashes | None = None
        self._table: _RemoteTable | None = None

    def save(self) -> None:
        """See `ScoreStore`."""
        settled = {name: self.scores[name] for name in self._names if name in self.scores}
        self._send(SETTINGS, msgspec.json.encode(Settled(settled, self.ended_by)))

    def forget(self, name: str) -> None:
        """See `ScoreStore`."""
        self._send(FORGET, bytes([self._names.index(name)]))
        if self._table is not None:
            self._table.column(name).states[:] = 0

    def hashes(self, source: Source) -> "_RemoteHashes":
        """See `ScoreStore`."""
        self._send(LISTING, listing_digest(source))
        known = np.frombuffer(self._receive(), dtype=np.uint8).reshape(-1, ENTRY_BYTES)
        self._hashes = _RemoteHashes(known, self._send)
        return self._hashes

    def take(self, index: Index) -> "_RemoteTable":
        """See `ScoreStore`."""
        assert self._hashes is not None
        self._hashes.flush()
        self._send(CONTENT, index.content.tobytes())
        answer, size = self._receive(), (len(self._names) + 1) * len(index.ids)
        states = np.frombuffer(bytearray(answer[:size]), dtype=np.uint8)
        *columns, answers = states.reshape(len(self._names) + 1, len(index.ids))
        given = msgspec.json.decode(answer[size:], type=dict[int, str | None])
        labelled = index.relabelled({index.ids[row]: label for row, label in given.items()})
        self._table = _RemoteTable(labelled, self._names, columns, answers, self._send)
        return self._table


class _RemoteMark:
    def __init__(self, send: Send, scores: list[str], record: str | None) -> None:
        self._send, self.scores, self.record = send, scores, record

    @contextmanager
    def hold(self, scores: Sequence[str], record: str | None = None) -> Iterator[None]:
        self._send(MARK, msgspec.json.encode(InWork(list(scores), record)))
        try:
            yield
        finally:
            self.take_away()

    def take_away(self) -> None:
        self._send(MARK)


class _RemoteHashes:
    def __init__(self, known: NDArray[np.uint8], send: Send) -> None:
        self._known, self._send = known, send
        self._rows: list[int] = []
        self._entries: list[bytes] = []

    def find(self, row: int, stamp: tuple[int, int]) -> NDArray[np.uint8] | None:
        return known_hash(self._known[row], stamp)

    def put(self, row: int, stamp: tuple[int, int], content: NDArray[np.uint8]) -> None:
        self._rows.append(row)
        self._entries.append(hash_entry(stamp, content).tobytes())
        if len(self._rows) == _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        self._send(HASHES, np.array(self._rows, dtype=np.int64).tobytes(), b"".join(self._entries))
        self._rows.clear()
        self._entries.clear()


class _RemoteColumn:
    def __init__(self, number: int, states: NDArray[np.uint8], send: Send) -> None:
        self._head, self.states, self._send = bytes([number]), states, send

    @property
    def done(self) -> NDArray[np.uint8]:
        done: NDArray[np.uint8] = self.states & np.uint8(IS_DONE)
        return done

    def write(self, rows: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        self._send(VALUES, self._head, rows.tobytes(), values.astype(np.float64).tobytes())
        self.states[rows] = np.where(np.isnan(values), 0, HAS_NUMBER)

    def mark_done(self, rows: NDArray[np.int64]) -> None:
        self._send(DONE, self._head, rows.tobytes())
        self.states[rows] |= IS_DONE


class _RemoteAnswers:
    def __init__(self, states: NDArray[np.uint8], send: Send) -> None:
        self._states, self._send = states, send

    @property
    def done(self) -> NDArray[np.bool_]:
        return np.asarray(self._states == IS_DONE)

    def write(self, rows: NDArray[np.int64], answers: Answers) -> None:
        columns = answers.classes, answers.numbers, answers.standings
        self._send(ANSWERS, rows.tobytes(), *(column.tobytes() for column in columns))
        self._states[rows] = IS_DONE


class _RemoteTable:
    def __init__(
        self,
        index: Index,
        names: Sequence[str],
        states: Sequence[NDArray[np.uint8]],
        answers: NDArray[np.uint8],
        send: Send,
    ) -> None:
        self.index, self._send, self._answers = index, send, _RemoteAnswers(answers, send)
        self._columns = {
            name: _RemoteColumn(number, states[number], send) for number, name in enumerate(names)
        }

    def column(self, name: str) -> _RemoteColumn:
        return self._columns[name]

    def keep_answers(self, form: AnswerForm) -> _RemoteAnswers:
        del form  # The parent keeps them as the job says.
        return self._answers

    def has_number(self, name: str) -> NDArray[np.bool_]:
        has: NDArray[np.bool_] = self._columns[name].states == (IS_DONE | HAS_NUMBER)
        return has

    def add_problems(self, reasons: Mapping[str, str]) -> None:
        if not reasons:
            return
        by_reason: dict[str, list[int]] = {}
        for row, record in enumerate(self.index.ids):
            if record in reasons:
                by_reason.setdefault(visible(reasons[record], MOST_REASON), []).append(row)
        items = list(by_reason.items())
        for start in range(0, len(items), REASONS_AT_ONCE):
            some = items[start : start + REASONS_AT_ONCE]
            self._send(PROBLEMS, *(part for reason, rows in some for part in _reason(reason, rows)))


def _reason(reason: str, rows: Sequence[int]) -> tuple[bytes, bytes, bytes]:
    text = reason.encode()
    return REASON.pack(len(text), len(rows)), text, np.array(rows, dtype=np.int64).tobytes()
