"""What a scoring run keeps: its project, which the parent alone can see, or the way there.

The confined worker has a `RemoteKeeping`; whatever it keeps goes to the parent as numbers in frames. A
`Receiver` there puts into the project what an honest worker could have sent, and nothing else: a
setting may be settled once, a row that was asked for may be computed once, and both again after a
`FORGET` alone. The frames are:

========== =============================================================================================
`STATE`    to the worker, at first: how scores are computed already, and how an earlier run ended
`SETTINGS` how scores are computed, as it is settled
`MARK`     what is in hand, so that it is known what a worker was killed over; empty where nothing is
`LISTING`  the digest of the records' names, labels and units; answered by the hashes that are known
`HASHES`   rows (int64), and for each the content hash and stamp of its file (48 bytes)
`CONTENT`  the content hashes of all records (32 bytes each); answered, score by score and record by
           record, by 0, `IS_DONE` or `IS_DONE` + `HAS_NUMBER`
`FORGET`   the number of a score that is computed from the beginning again
`VALUES`   the number of a score, rows (int64), and for each its value (float64)
`DONE`     the number of a score, and rows (int64) of which nothing is left to compute
`PROBLEMS` why records have no scores: the length of a reason in bytes (uint32), how many rows have it
           (uint32), the reason, and these rows (int64); further reasons likewise
========== =============================================================================================
"""

import hashlib
import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dataselect_gui import __version__
from dataselect_gui.errors import UnusableError
from dataselect_gui.plain import visible
from dataselect_gui.project.project import Project
from dataselect_gui.project.table import Index, Table
from dataselect_gui.records.source import Source
from dataselect_gui.sandbox.frames import FrameError
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.worker.indexing import (
    ENTRY_BYTES,
    HASH_BYTES,
    HashCache,
    KnownHashes,
    check_same_source,
    hash_entry,
    known_hash,
)
from dataselect_gui.worker.keeping import InHand
from dataselect_gui.worker.messages import ScoreJob

STATE, SETTINGS, MARK, LISTING, HASHES, CONTENT, FORGET, VALUES, DONE, PROBLEMS = range(20, 30)
IS_DONE, HAS_NUMBER = 1, 2
_REASON = struct.Struct("<II")
_MOST_REASON = 300
"""Characters of a reason."""
_REASONS_AT_ONCE = 256
"""So many different reasons go in one frame."""
_MOST_SETTLED = 1024
"""Bytes of what is settled of a score, as JSON."""
_ESCAPED, _UTF_8 = 12, 4
"""Bytes that a character can take: escaped in JSON, and as it is."""
_MOST_DIGITS = 9
_MOST_BATCH, _MOST_THREADS = 1 << 16, 1 << 12
_AT_ONCE = 4096
"""So many hashes go in one frame."""
_SETTLED = frozenset({"fixed", "program", "variant", "device", "precision", "threads", "batch"})
"""What is settled of a score."""
_DEVICES = frozenset({"cpu", "cuda", "mps"})


class KeptColumn(Protocol):
    """One score of all records; see `dataselect_gui.project.table.Column`."""

    @property
    def done(self) -> NDArray[np.uint8]:
        """Which rows are done, shape (n,)."""

    def write(self, rows: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Store values, not yet marked as done."""

    def mark_done(self, rows: NDArray[np.int64]) -> None:
        """Mark rows as done."""


class KeptTable(Protocol):
    """The records and their scores; see `dataselect_gui.project.table.Table`."""

    index: Index

    def column(self, name: str) -> KeptColumn:
        """Open a column."""

    def has_number(self, name: str) -> NDArray[np.bool_]:
        """Say which records have a score, shape (n,)."""

    def add_problems(self, reasons: Mapping[str, str]) -> None:
        """Add to the problems."""


class KeptMark(Protocol):
    """What an earlier run was killed over, and what this one has in hand; see `InHand`."""

    scores: list[str]
    record: str | None

    def hold(self, scores: Sequence[str], record: str | None = None) -> AbstractContextManager[None]:
        """Leave the mark until what is computed meanwhile is done."""

    def take_away(self) -> None:
        """Take the mark away."""


class Keeping(Protocol):
    """What a run keeps.

    Attributes
    ----------
    scores : dict
        Score → how it is computed.
    ended_by : list of str
        Records that ended a run as they were computed by themselves.
    mark : KeptMark
        What is in hand.
    """

    mark: KeptMark

    @property
    def scores(self) -> dict[str, dict[str, Any]]: ...  # noqa: D102

    @property
    def ended_by(self) -> list[str]: ...  # noqa: D102

    def save(self) -> None:
        """Bring how scores are computed to the disk."""

    def forget(self, name: str) -> None:
        """Have a score computed from the beginning again."""

    def hashes(self, source: Source) -> KnownHashes:
        """Return the content hashes that are known."""

    def take(self, index: Index) -> KeptTable:
        """Make the project list these records; keep the scores of those that did not change."""


class ProjectKeeping:
    """Keeps with the project itself, which the caller holds.

    Parameters
    ----------
    project : Project
        Where.
    source : Source
        The records.
    job : ScoreJob
        What is scored.
    """

    def __init__(self, project: Project, source: Source, job: ScoreJob) -> None:
        self._project, self.source, self._job = project, source, job
        self.mark: KeptMark = InHand(project.folder)
        self.ended_by: list[str] = list(project.settings.get("ended_by", ()))

    @property
    def scores(self) -> dict[str, dict[str, Any]]:
        """How scores are computed."""
        found: dict[str, dict[str, Any]] = self._project.settings["scores"]
        return found

    def save(self) -> None:
        """See `Keeping`."""
        if self.ended_by:
            self._project.settings["ended_by"] = self.ended_by
        self._project.save()

    def forget(self, name: str) -> None:
        """See `Keeping`."""
        if self._project.settings["table"] is not None:
            self._project.table.column(name).forget()

    def hashes(self, source: Source) -> HashCache:
        """See `Keeping`."""
        return HashCache(self._project.folder, source.ids)

    def take(self, index: Index) -> Table:
        """See `Keeping`.

        Raises
        ------
        UnusableError
            Where they are not the project's.
        """
        project, source, job = self._project, self.source, self._job
        check_same_source(project, source, index)
        project.settings["source"] = {
            "path": str(source.path),
            "kind": source.kind,
            "label_column": job.label_column,
            "unit_column": job.unit_column,
        }
        project.settings["checkpoint"]["path"] = job.checkpoint
        project.save()
        table = project.update_index(index)
        table.add_problems({problem.id: problem.reason for problem in source.problems})
        return table


# The worker's side

Send = Callable[..., None]
"""Takes the kind of a frame and its content, in parts."""


class RemoteKeeping:
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
        told = json.loads(receive())
        self.scores: dict[str, dict[str, Any]] = told["scores"]
        self.ended_by: list[str] = told["ended_by"]
        self.mark: KeptMark = _RemoteMark(send, told["in hand"], told["record"])
        self._hashes: _RemoteHashes | None = None
        self._table: _RemoteTable | None = None

    def save(self) -> None:
        """See `Keeping`."""
        settled = {name: self.scores[name] for name in self._names if name in self.scores}
        told = {"scores": settled, "ended_by": self.ended_by}
        self._send(SETTINGS, json.dumps(told).encode())

    def forget(self, name: str) -> None:
        """See `Keeping`."""
        self._send(FORGET, bytes([self._names.index(name)]))
        if self._table is not None:
            self._table.column(name).states[:] = 0

    def hashes(self, source: Source) -> "_RemoteHashes":
        """See `Keeping`."""
        self._send(LISTING, listing_digest(source))
        known = np.frombuffer(self._receive(), dtype=np.uint8).reshape(-1, ENTRY_BYTES)
        self._hashes = _RemoteHashes(known, self._send)
        return self._hashes

    def take(self, index: Index) -> "_RemoteTable":
        """See `Keeping`."""
        assert self._hashes is not None
        self._hashes.flush()
        self._send(CONTENT, index.content.tobytes())
        states = np.frombuffer(bytearray(self._receive()), dtype=np.uint8)
        columns = states.reshape(len(self._names), len(index.ids))
        self._table = _RemoteTable(index, self._names, columns, self._send)
        return self._table


class _RemoteMark:
    def __init__(self, send: Send, scores: list[str], record: str | None) -> None:
        self._send, self.scores, self.record = send, scores, record

    @contextmanager
    def hold(self, scores: Sequence[str], record: str | None = None) -> Iterator[None]:
        self._send(MARK, json.dumps({"scores": list(scores), "record": record}).encode())
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


class _RemoteTable:
    def __init__(
        self, index: Index, names: Sequence[str], states: NDArray[np.uint8], send: Send
    ) -> None:
        self.index, self._send = index, send
        self._columns = {
            name: _RemoteColumn(number, states[number], send) for number, name in enumerate(names)
        }

    def column(self, name: str) -> _RemoteColumn:
        return self._columns[name]

    def has_number(self, name: str) -> NDArray[np.bool_]:
        has: NDArray[np.bool_] = self._columns[name].states == (IS_DONE | HAS_NUMBER)
        return has

    def add_problems(self, reasons: Mapping[str, str]) -> None:
        if not reasons:
            return
        by_reason: dict[str, list[int]] = {}
        for row, record in enumerate(self.index.ids):
            if record in reasons:
                by_reason.setdefault(visible(reasons[record], _MOST_REASON), []).append(row)
        told = list(by_reason.items())
        for start in range(0, len(told), _REASONS_AT_ONCE):
            some = told[start : start + _REASONS_AT_ONCE]
            self._send(PROBLEMS, *(part for reason, rows in some for part in _reason(reason, rows)))


def _reason(reason: str, rows: Sequence[int]) -> tuple[bytes, bytes, bytes]:
    words = reason.encode()
    return _REASON.pack(len(words), len(rows)), words, np.array(rows, dtype=np.int64).tobytes()


# The parent's side


class Receiver:
    """Puts what a worker sends into a project, as far as it is what a worker may send.

    Parameters
    ----------
    project : Project
        Held by the caller.
    source : Source
        The records.
    job : ScoreJob
        What is scored.
    """

    def __init__(self, project: Project, source: Source, job: ScoreJob) -> None:
        self.kept, self.job = ProjectKeeping(project, source, job), job
        self._mark = InHand(project.folder)
        self._source, self._names, self._rows = source, job.names, len(source.ids)
        self._asked = len(range(self._rows)[: job.limit])
        self._ids = frozenset(source.ids)
        self._settled = {
            name: dict(self.kept.scores[name]) for name in job.names if name in self.kept.scores
        }
        """What stays as it is, until a score is forgotten."""
        self._given: dict[str, NDArray[np.bool_]] = {}
        """For each score, which rows have a value that came since it was forgotten."""
        self._hashes: HashCache | None = None
        self._table: Table | None = None
        rows, record = self._rows, self._mark.record
        ended = self.kept.ended_by
        # The list itself, so that what was added stays.
        self._ended = [ended, ended if record is None or record in ended else [*ended, record]]
        id_bytes = _ESCAPED * max(map(len, source.ids), default=0)
        reasons = min(rows, _REASONS_AT_ONCE)
        self.most = {
            SETTINGS: _MOST_SETTLED * (1 + len(job.names)) + len(json.dumps(self._ended[1])),
            MARK: len(json.dumps(job.names)) + id_bytes + 64,
            LISTING: HASH_BYTES,
            HASHES: rows * (8 + ENTRY_BYTES),
            CONTENT: rows * HASH_BYTES,
            FORGET: 1,
            VALUES: 1 + self._asked * 16,
            DONE: 1 + self._asked * 8,
            PROBLEMS: reasons * (_REASON.size + _UTF_8 * _MOST_REASON) + rows * 8,
        }
        """How long a frame of each kind may be."""

    def state(self) -> bytes:
        """Return what the worker is told at first."""
        told = {
            "scores": self.kept.scores,
            "ended_by": self.kept.ended_by,
            "in hand": self._mark.scores,
            "record": self._mark.record,
        }
        return json.dumps(told).encode()

    def take(self, kind: int, content: bytes) -> bytes | None:
        """Take a frame. Returns the answer, where there is one.

        Raises
        ------
        FrameError
            Where the frame is none that a worker may send.
        UnusableError
            Where the records are not the project's.
        OSError
            Where the disk refuses.
        """
        take: dict[int, Callable[[bytes], bytes | None]] = {
            SETTINGS: self._take_settings,
            MARK: self._take_mark,
            LISTING: self._take_listing,
            HASHES: self._take_hashes,
            CONTENT: self._take_content,
            FORGET: self._forget,
            VALUES: self._take_values,
            DONE: self._take_done,
            PROBLEMS: self._take_problems,
        }
        try:
            return take[kind](content)
        except (
            ValueError,
            TypeError,
            struct.error,
        ):  # Of what is built in another way than it should be.
            raise FrameError("not as it should be") from None

    def note_death(self) -> None:
        """Note that the worker was ended, by none of us: what it had in hand may be the reason."""
        self._mark.confirm()

    def _take_settings(self, content: bytes) -> None:
        told = _object(content)
        if told.keys() != {"scores", "ended_by"} or told["ended_by"] not in self._ended:
            raise FrameError("other records")
        scores = told["scores"]
        if not isinstance(scores, dict) or not scores.keys() <= set(self._names):
            raise FrameError("other scores")
        for name, settled in scores.items():
            if not isinstance(settled, dict) or not self._may_be_settled(name, settled):
                raise FrameError("nothing that is settled of a score")
        self.kept.scores.update(scores)
        self.kept.ended_by[:] = told["ended_by"]
        self.kept.save()

    def _may_be_settled(self, name: str, settled: dict[str, Any]) -> bool:
        """Say whether a score may be computed so: as it was settled, and else as this program does."""
        known, fixed = self.kept.scores.get(name, {}), self._settled.get(name, {})
        return (known.keys() or _SETTLED) <= settled.keys() and all(
            _is_same(value, fixed[key])
            if key in fixed
            else (key in known and _is_same(value, known[key]))
            or (not (key == "fixed" and fixed) and self._is_sound(name, key, value))
            for key, value in settled.items()
        )

    def _is_sound(self, name: str, key: str, value: object) -> bool:
        """Say whether this program settles that for a score that has no values yet."""
        job = self.job
        match key:
            case "fixed":
                return value is True
            case "program":
                return value == __version__
            case "variant":
                return value == find_score(name).variant
            case "device":
                devices = _DEVICES if job.device == "auto" else {job.device}
                return isinstance(value, str) and value in devices
            case "precision":
                return value == job.precision
            case "threads":
                return type(value) is int and 1 <= value <= _MOST_THREADS
            case "batch":
                return type(value) is int and 1 <= value <= max(_MOST_BATCH, job.batch_size or 1)
        return False

    def _take_mark(self, content: bytes) -> None:
        if not content:
            self._mark.take_away()
            return
        told = _object(content)
        scores, record = told.get("scores"), told.get("record")
        if told.keys() != {"scores", "record"} or not isinstance(scores, list):
            raise FrameError("no mark")
        if not set(scores) <= set(self._names) or len(set(scores)) != len(scores):
            raise FrameError("other scores")
        if record is not None and record not in self._ids:
            raise FrameError("another record")
        self._mark.write(scores, record)

    def _take_listing(self, content: bytes) -> bytes:
        if content != listing_digest(self._source):
            raise _listed_otherwise()
        self._hashes = self.kept.hashes(self._source)
        return self._hashes.entries.tobytes()

    def _take_hashes(self, content: bytes) -> None:
        count, rest = divmod(len(content), 8 + ENTRY_BYTES)
        if self._hashes is None or rest:
            raise FrameError("no hashes")
        rows = self._rows_in(content[: 8 * count], self._rows)
        entries = np.frombuffer(content, dtype=np.uint8, offset=8 * count)
        self._hashes.put_all(rows, entries.reshape(count, ENTRY_BYTES))

    def _take_content(self, content: bytes) -> bytes:
        if len(content) != self._rows * HASH_BYTES or self._hashes is None:
            raise FrameError("not the hashes of all records")
        if self._table is not None:
            raise FrameError("a second time")
        source = self._source
        hashes = np.frombuffer(content, dtype=np.uint8).reshape(self._rows, HASH_BYTES)
        self._table = self.kept.take(Index(source.ids, source.labels, source.units, hashes))
        self._given = {name: np.zeros(self._rows, dtype=bool) for name in self._names}
        states = [
            self._table.column(name).done * IS_DONE + self._table.has_number(name) * HAS_NUMBER
            for name in self._names
        ]
        return b"".join(one.astype(np.uint8).tobytes() for one in states)

    def _forget(self, content: bytes) -> None:
        name = self._name_in(content)
        self.kept.forget(name)
        self._settled.pop(name, None)
        if name in self._given:
            self._given[name][:] = False

    def _take_values(self, content: bytes) -> None:
        count, rest = divmod(len(content) - 1, 16)
        if self._table is None or rest:
            raise FrameError("no scores")
        name, rows = self._name_in(content), self._rows_in(content[1 : 1 + 8 * count], self._asked)
        values = np.frombuffer(content[1 + 8 * count :], dtype=np.float64)
        column = self._table.column(name)
        if column.done[rows].any() or np.isinf(values).any():
            raise FrameError("rows that are done, or no scores")
        if name not in self.kept.scores:
            raise FrameError("before it is settled how")
        self._settled[name] = dict(self.kept.scores[name])
        column.write(rows, values)
        self._given[name][rows] = True

    def _take_done(self, content: bytes) -> None:
        if self._table is None or (len(content) - 1) % 8:
            raise FrameError("no rows")
        name, rows = self._name_in(content), self._rows_in(content[1:], self._asked)
        if not self._given[name][rows].all():
            raise FrameError("rows without values")
        self._table.column(name).mark_done(rows)

    def _take_problems(self, content: bytes) -> None:
        if self._table is None:
            raise FrameError("before the records")
        ids, told, place, count = self._source.ids, dict[str, str](), 0, 0
        while place < len(content):
            length, having = _REASON.unpack_from(content, place)
            place += _REASON.size
            after = place + length + 8 * having
            if after > len(content) or not 0 < length <= _UTF_8 * _MOST_REASON:
                raise FrameError("cut off")
            reason = content[place : place + length].decode()
            count += 1
            if count > _REASONS_AT_ONCE or visible(reason, _MOST_REASON) != reason:
                raise FrameError("no reasons")
            for row in self._rows_in(content[place + length : after], self._rows).tolist():
                told[ids[row]] = reason
            place = after
        self._table.add_problems(told)

    def _rows_in(self, content: bytes, most: int) -> NDArray[np.int64]:
        rows = np.frombuffer(content, dtype=np.int64)
        if len(rows) and not 0 <= rows.min() <= rows.max() < most:
            raise FrameError("rows that there are not, or that nobody asked for")
        return rows

    def _name_in(self, content: bytes) -> str:
        if not content or content[0] >= len(self._names):
            raise FrameError("another score")
        return self._names[content[0]]


def listing_digest(source: Source) -> bytes:
    """Return the SHA-256 of the records' names, labels and units."""
    units = None if source.units is None else list(source.units)
    told = json.dumps([list(source.ids), list(source.labels), units])
    return hashlib.sha256(told.encode()).digest()


def _object(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content, parse_int=_number)
    except RecursionError:
        told = None
    if not isinstance(told, dict):
        raise FrameError("no object")
    return told


def _number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise FrameError("a number that is no count")
    return int(digits)


def _is_same(value: object, known: object) -> bool:
    """Say whether two values of JSON are the same: there, True is not 1."""
    return type(value) is type(known) and value == known


def _listed_otherwise() -> UnusableError:
    return UnusableError(
        "The records changed while they were looked at.",
        "Between two looks, files came, went or were listed under another label or person.",
        "Wait until nothing changes there any more, then score again.",
    )
