"""The parent's side of what a scoring run keeps.

What a worker sends is put into the project as far as an honest worker could have sent it, and nothing
else is: a setting may be settled once, a row that was asked for may be computed once, and both again
after a `FORGET` alone.
"""

import json
import struct
from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataselect_gui import __version__
from dataselect_gui.errors import UnusableError
from dataselect_gui.plain import visible
from dataselect_gui.project.answer_columns import AnswerColumns
from dataselect_gui.project.project import Project
from dataselect_gui.project.settings import Conditions
from dataselect_gui.project.table import Index, Table
from dataselect_gui.records.source import Source, whole_rows_of
from dataselect_gui.sandbox.frames import FrameError
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.tasks.answers import Answers, Standing
from dataselect_gui.texts import _
from dataselect_gui.worker.indexing import (
    ENTRY_BYTES,
    HASH_BYTES,
    HashCache,
)
from dataselect_gui.worker.jobs import ScoreJob
from dataselect_gui.worker.saving import InProgressMark
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
    answer_bytes,
    listing_digest,
)
from dataselect_gui.worker.score_store import ProjectScoreStore

_MOST_SETTLED = 1024
"""Bytes of what is settled of a score, as JSON."""
_ESCAPED, _UTF_8 = 12, 4
"""Bytes that a character can take: escaped in JSON, and as it is."""
_MOST_BATCH, _MOST_THREADS = 1 << 16, 1 << 12
_SETTLED = frozenset({"fixed", "program", "variant", "device", "precision", "threads", "batch"})
"""What is settled of a score."""
_DEVICES = frozenset({"cpu", "cuda", "mps"})


class ScoreReceiver:
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
        self.store, self.job = ProjectScoreStore(project, source, job), job
        self._mark = InProgressMark(project.folder)
        self._source, self._names, self._rows = source, job.names, len(source.ids)
        self._asked = len(range(self._rows)[: job.limit])
        self._ids = frozenset(source.ids)
        self._settled = {
            name: self.store.scores[name] for name in job.names if name in self.store.scores
        }
        """What stays as it is, until a score is forgotten."""
        self._given: dict[str, NDArray[np.bool_]] = {}
        """For each score, which rows have a value that came since it was forgotten."""
        self._hashes: HashCache | None = None
        self._table: Table | None = None
        self._answers: AnswerColumns | None = None
        rows, record = self._rows, self._mark.record
        ended = self.store.ended_by
        # The list itself, so that what was added stays.
        self._ended = [ended, ended if record is None or record in ended else [*ended, record]]
        id_bytes = _ESCAPED * max(map(len, source.ids), default=0)
        reasons = min(rows, REASONS_AT_ONCE)
        self.most = {
            SETTINGS: _MOST_SETTLED * (1 + len(job.names)) + len(json.dumps(self._ended[1])),
            MARK: len(json.dumps(job.names)) + id_bytes + 64,
            LISTING: HASH_BYTES,
            HASHES: rows * (8 + ENTRY_BYTES),
            CONTENT: rows * HASH_BYTES,
            FORGET: 1,
            VALUES: 1 + self._asked * 16,
            DONE: 1 + self._asked * 8,
            PROBLEMS: reasons * (REASON.size + _UTF_8 * MOST_REASON) + rows * 8,
            ANSWERS: self._asked * answer_bytes(job.answers.places),
        }
        """How long a frame of each kind may be."""

    def state(self) -> bytes:
        """Return what the worker is told at first."""
        mark = self._mark
        state = State(self.store.scores, self.store.ended_by, mark.scores, mark.record)
        return msgspec.json.encode(state)

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
            ANSWERS: self._take_answers,
        }
        try:
            return take[kind](content)
        except (
            ValueError,
            TypeError,
            RecursionError,
            struct.error,
            msgspec.MsgspecError,
        ):  # Of what is built in another way than it should be.
            raise FrameError("not as it should be") from None

    def note_death(self) -> None:
        """Note that the worker died though this program did not end it: its batch may be the reason."""
        self._mark.confirm()

    def _take_settings(self, content: bytes) -> None:
        settings = msgspec.json.decode(content, type=Settled)
        if settings.ended_by not in self._ended:
            raise FrameError("other records")
        if not settings.scores.keys() <= set(self._names):
            raise FrameError("other scores")
        for name, settled in settings.scores.items():
            if not self._may_be_settled(name, settled):
                raise FrameError("nothing that is settled of a score")
        self.store.scores.update(settings.scores)
        self.store.ended_by[:] = settings.ended_by
        self.store.save()

    def _may_be_settled(self, name: str, settled: Conditions) -> bool:
        """Say whether a score may be computed so: as it was settled, and else as this program does."""
        known = _stated(self.store.scores.get(name))
        fixed, stated = _stated(self._settled.get(name)), _stated(settled)
        return (known.keys() or _SETTLED) <= stated.keys() and all(
            value == fixed[key]
            if key in fixed
            else (key in known and value == known[key])
            or (not (key == "fixed" and fixed) and self._is_sound(name, key, settled))
            for key, value in stated.items()
        )

    def _is_sound(self, name: str, key: str, settled: Conditions) -> bool:
        """Say whether this program settles that for a score that has no values yet."""
        job = self.job
        match key:
            case "fixed":
                return settled.fixed
            case "program":
                return settled.program == __version__
            case "variant":
                return settled.variant == find_score(name).variant
            case "device":
                return settled.device in (_DEVICES if job.device == "auto" else {job.device})
            case "precision":
                return settled.precision == job.precision
            case "threads":
                return 1 <= (settled.threads or 0) <= _MOST_THREADS
            case "batch":
                return 1 <= (settled.batch or 0) <= max(_MOST_BATCH, job.batch_size or 1)
        return False

    def _take_mark(self, content: bytes) -> None:
        if not content:
            self._mark.take_away()
            return
        mark = msgspec.json.decode(content, type=InWork)
        scores, record = mark.scores, mark.record
        if not set(scores) <= set(self._names) or len(set(scores)) != len(scores):
            raise FrameError("other scores")
        if record is not None and record not in self._ids:
            raise FrameError("another record")
        self._mark.write(scores, record)

    def _take_listing(self, content: bytes) -> bytes:
        if content != listing_digest(self._source):
            raise _listed_otherwise()
        self._hashes = self.store.hashes(self._source)
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
        self._table = self.store.take(
            Index(source.ids, source.labels, source.units, hashes, whole_rows_of(source))
        )
        self._given = {name: np.zeros(self._rows, dtype=bool) for name in self._names}
        states = [
            self._table.column(name).done * IS_DONE + self._table.has_number(name) * HAS_NUMBER
            for name in self._names
        ]
        if self._names:
            self._answers = self._table.keep_answers(self.job.answers)
        done = np.zeros(self._rows, bool) if self._answers is None else self._answers.done
        known = b"".join(state.astype(np.uint8).tobytes() for state in (*states, done * IS_DONE))
        pairs = zip(self._table.index.labels, source.labels, strict=True)
        return known + msgspec.json.encode(
            {row: label for row, (label, own) in enumerate(pairs) if label != own}
        )

    def _forget(self, content: bytes) -> None:
        name = self._name_in(content)
        self.store.forget(name)
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
        # The ledger knows a source by its records' contents: a score of a record without one would be
        # charged to nobody.
        unread = ~self._table.index.content[rows].any(axis=1)
        if not np.isnan(values[unread]).all():
            raise FrameError("scores of records that cannot be read")
        if column.done[rows].any() or np.isinf(values).any():
            raise FrameError("rows that are done, or no scores")
        if name not in self.store.scores:
            raise FrameError("before it is settled how")
        self._settled[name] = self.store.scores[name]
        column.write(rows, values)
        self._given[name][rows] = True

    def _take_done(self, content: bytes) -> None:
        if self._table is None or (len(content) - 1) % 8:
            raise FrameError("no rows")
        name, rows = self._name_in(content), self._rows_in(content[1:], self._asked)
        if not self._given[name][rows].all():
            raise FrameError("rows without values")
        self._table.column(name).mark_done(rows)

    def _take_answers(self, content: bytes) -> None:
        places = self.job.answers.places
        count, rest = divmod(len(content), answer_bytes(places))
        if self._table is None or self._answers is None or rest:
            raise FrameError("no answers")
        rows = self._rows_in(content[: 8 * count], self._asked)
        classes = np.frombuffer(content, np.int32, count * places, 8 * count)
        numbers = np.frombuffer(content, np.float32, count * places, (8 + 4 * places) * count)
        standings = np.frombuffer(content, np.uint8, offset=(8 + 8 * places) * count)
        answers = Answers(classes.reshape(count, places), numbers.reshape(count, places), standings)
        if not answers.are_sound(self.job.answers):
            raise FrameError("nothing that a model answers")
        unread = ~self._table.index.content[rows].any(axis=1)
        if (standings[unread] != Standing.NONE).any():
            raise FrameError("answers for records that cannot be read")
        if self._answers.done[rows].any():
            raise FrameError("rows that are done")
        self._answers.write(rows, answers)

    def _take_problems(self, content: bytes) -> None:
        if self._table is None:
            raise FrameError("before the records")
        ids, reasons, place, count = self._source.ids, dict[str, str](), 0, 0
        while place < len(content):
            length, having = REASON.unpack_from(content, place)
            place += REASON.size
            after = place + length + 8 * having
            if after > len(content) or not 0 < length <= _UTF_8 * MOST_REASON:
                raise FrameError("cut off")
            reason = content[place : place + length].decode()
            count += 1
            if count > REASONS_AT_ONCE or visible(reason, MOST_REASON) != reason:
                raise FrameError("no reasons")
            for row in self._rows_in(content[place + length : after], self._rows).tolist():
                reasons[ids[row]] = reason
            place = after
        self._table.add_problems(reasons)

    def _rows_in(self, content: bytes, most: int) -> NDArray[np.int64]:
        rows = np.frombuffer(content, dtype=np.int64)
        if len(rows) and not 0 <= rows.min() <= rows.max() < most:
            raise FrameError("rows that there are not, or that nobody asked for")
        return rows

    def _name_in(self, content: bytes) -> str:
        if not content or content[0] >= len(self._names):
            raise FrameError("another score")
        return self._names[content[0]]


def _stated(conditions: Conditions | None) -> dict[str, object]:
    """Return what is settled of a score, by its name."""
    stated: dict[str, object] = {} if conditions is None else msgspec.to_builtins(conditions)
    return stated


def _listed_otherwise() -> UnusableError:
    return UnusableError(
        _("The records changed while they were looked at."),
        _("Between two looks, files came, went or were listed under another label or person."),
        _("Wait until nothing changes there any more, then score again."),
    )
