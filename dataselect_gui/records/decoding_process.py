"""The process that decodes what strangers made, and gives back numbers.

It has no access to any file of a person, to the network or to another program: what it shall decode
goes to it through a pipe, and what comes back is taken for numbers in a fixed form, whose sizes are
checked. It is started when it is first needed, ends with the program, and where a file makes it die or
hang, the next file finds a new one.
"""

import atexit
import json
import math
import os
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.errors import UnusableError
from dataselect_gui.privacy.home import grant
from dataselect_gui.records.array_frames import MOST_ARRAY_HEADER, array_from
from dataselect_gui.records.image_formats.bare import MAX_PIXELS
from dataselect_gui.records.images import MAX_FILE_BYTES, Values
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.sandbox.confining import is_confined
from dataselect_gui.sandbox.frames import FrameError, read_frame, write_head
from dataselect_gui.sandbox.starting import attended, command, start
from dataselect_gui.texts import N_, _

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import Look, RecordKind

DECODER_FLAG = "--decoder"
LOOK, CHECK, CLEAN, ARRAYS, CONTENT, TRY, VALUES = 1, 2, 3, 4, 5, 6, 7
"""Requests, each with a record kind first, its name and its range of pixels: what a person sees of a
record; whether it can be read; its file without anything else; the arrays of a file, by its name, and
that file; whether a record can be both read and cleaned; a picture's own values, in full size."""
PIXELS, FINE, FILE, COLUMNS, ARRAY, END, UNREADABLE, UNUSABLE = 11, 12, 13, 14, 15, 16, 17, 18
"""Answers."""
SIDE = struct.Struct("<I")
SIZE, NUMBER, RANGE = struct.Struct("<II"), struct.Struct("<B"), struct.Struct("<dd")
HANG_SECONDS = 10.0
"""How long a record may take to decode."""
SENT_PER_SECOND, UNPACKED_PER_SECOND = 10_000_000, 100_000_000
"""Bytes of an array file that the slowest machine sends and unpacks."""
_MOST_DEFLATED = 1032
"""So many bytes can one byte of DEFLATE become."""
_CLEANING, _BYTES_PER_SECOND = 6, 1 << 24
"""How much longer it may take to clean, and what it may take for its size: the largest that are read
take some ten seconds."""
_MOST_WORDS = 4096
_NO_RANGE = 0.0, 0.0
_MOST_HEADER, _MOST_COLUMNS = 1 << 16, 1 << 22
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""It computes nothing: threads would only take its time to start."""
_FAILED = N_("The file made its decoder fail: it may be made to do harm.")
_SLOW = N_("The file takes too long to decode: it may be made to waste time.")
Made = TypeVar("Made")


def hang_seconds(kind: int, size: int) -> float:
    """Return how long a request may take, by what is asked and how many bytes it is about."""
    return HANG_SECONDS * (_CLEANING if kind in {CLEAN, TRY} else 1) + size / _BYTES_PER_SECOND


class _DiedError(Exception):
    """The process ended before it answered."""


class DecodingProcess:
    """A process that decodes; safe to use from several threads, whose requests wait for each other.

    A record whose kind need not be confined (`RecordKind.is_confined`) is decoded at once, where it is.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._until = math.inf
        self._is_late = False

    def __enter__(self) -> "DecodingProcess":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def begin(self) -> None:
        """Start the process where there is none, so that it is there when it is needed."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """End the process; the next request starts another."""
        with self._lock:
            self._end()

    def look(self, kind: "RecordKind", stored: bytes, most: int | None) -> "Look":
        """Return what a person sees of a record. See `RecordKind.look`.

        Parameters
        ----------
        kind : RecordKind
            What it is.
        stored : bytes
            The record.
        most : int or None
            The longer side, at most; None for the size that it has. It is never enlarged.

        Raises
        ------
        UnreadableRecordError
            Where it cannot be decoded.
        """

        def take(answers: IO[bytes]) -> "Look":
            pixels = MAX_PIXELS if most is None else most * most
            content = _expect(answers, PIXELS, SIZE.size + 3 * pixels)
            width, height = SIZE.unpack_from(content)
            if not 0 < width * height <= pixels or len(content) != SIZE.size + 3 * width * height:
                raise FrameError("not an image")
            flat = np.frombuffer(content, dtype=np.uint8, offset=SIZE.size)
            return flat.reshape(height, width, 3)

        if not kind.is_confined:
            return kind.look(stored, most)
        return self._ask([(LOOK, (_named(kind), SIDE.pack(most or 0), stored))], take)

    def values(self, kind: "RecordKind", stored: bytes) -> Values:
        """Return a picture's own values, in full size. See `RecordKind.values`.

        Raises
        ------
        UnreadableRecordError
            Where it cannot be decoded.
        """

        def take(answers: IO[bytes]) -> Values:
            most = 2 + MOST_ARRAY_HEADER + np.float32().itemsize * MAX_PIXELS
            _name, values = array_from(_expect(answers, ARRAY, most))
            is_colour = values.ndim == 3 and values.shape[2] == 3 and values.dtype == np.uint8
            is_grey = values.ndim == 2 and values.dtype in (np.uint8, np.uint16, np.float32)
            if not (is_colour or is_grey) or not values.size or not np.isfinite(values).all():
                raise FrameError("not a picture")
            return values

        if not kind.is_confined:
            return kind.values(stored)
        return self._ask([(VALUES, (_named(kind), stored))], take)

    def check(self, kind: "RecordKind", stored: bytes) -> None:
        """Decode a record for nothing else than to see whether it can be scored and shown.

        Raises
        ------
        UnreadableRecordError
            Where it cannot.
        """
        if not kind.is_confined:
            kind.check(stored)
        else:
            self._ask([(CHECK, (_named(kind), stored))], lambda answers: _expect(answers, FINE, 0))

    def check_leaving(self, kind: "RecordKind", stored: bytes) -> str | None:
        """Decode and clean a record, and give nothing back, to see that both can be.

        Returns
        -------
        str or None
            Why it can be decoded, but not cleaned.

        Raises
        ------
        UnreadableRecordError
            Where it cannot even be decoded; see `check`.
        """
        if kind.is_confined:
            try:
                self._ask([(TRY, (_named(kind), stored))], lambda answers: _expect(answers, FINE, 0))
            except UnreadableRecordError as reason:
                self.check(kind, stored)
                return str(reason)
        else:
            kind.check(stored)
        return None

    def clean(self, kind: "RecordKind", stored: bytes) -> tuple[str, bytes]:
        """Return a record as it leaves: the extension and content of its file. See `RecordKind.clean`.

        Raises
        ------
        UnreadableRecordError
            Where it cannot be decoded.
        """

        def take(answers: IO[bytes]) -> tuple[str, bytes]:
            content = _expect(answers, FILE, NUMBER.size + 2 * MAX_FILE_BYTES)
            (number,) = NUMBER.unpack_from(content)
            if number >= len(kind.extensions):
                raise FrameError("no form of a file")
            return kind.extensions[number], content[NUMBER.size :]

        if not kind.is_confined:
            return kind.clean(stored)
        return self._ask([(CLEAN, (_named(kind), stored))], take)

    def arrays(
        self, kind: "RecordKind", file: IO[bytes], name: str, needed: Sequence[str], most: int
    ) -> tuple[list[str], dict[str, NDArray[Any]]]:
        """Unpack the arrays of a file that a source needs. See `RecordKind.unpack`.

        Parameters
        ----------
        kind : RecordKind
            What knows how.
        file : binary file
            The file.
        name : str
            What it is called.
        needed : sequence of str
            The names of the arrays.
        most : int
            How many bytes they may have, together.

        Returns
        -------
        tuple of list and dict
            The columns that may serve as label or unit; and those of the arrays that there are.

        Raises
        ------
        UnreadableRecordError, UnusableError
            Where it cannot be unpacked, or not in a time that goes with its size.
        OSError
            Where it cannot be read.
        """

        def take(answers: IO[bytes]) -> tuple[list[str], dict[str, NDArray[Any]]]:
            columns = json.loads(_expect(answers, COLUMNS, _MOST_COLUMNS))
            if not isinstance(columns, list) or not all(isinstance(column, str) for column in columns):
                raise FrameError("no columns")
            made: dict[str, NDArray[Any]] = {}
            left = most
            while (array := _array(answers, left)) is not None:
                key, values = array
                if key in made or key not in needed:
                    raise FrameError("not asked for")
                left -= values.nbytes
                made[key] = values
            return columns, made

        request = _named(kind) + json.dumps([name, list(needed)]).encode()
        stored = _Pieces(file, os.fstat(file.fileno()).st_size)
        unpacked = min(most, _MOST_DEFLATED * len(stored))
        seconds = HANG_SECONDS + len(stored) / SENT_PER_SECOND + unpacked / UNPACKED_PER_SECOND
        return self._ask([(ARRAYS, (request,)), (CONTENT, (stored,))], take, seconds)

    # Within

    def _ask(
        self,
        questions: Sequence["Question"],
        take: Callable[[IO[bytes]], Made],
        seconds: float | None = None,
    ) -> Made:
        """Send requests and return the answer; try again once, with a new process, where it died."""
        if seconds is None:
            seconds = sum(hang_seconds(kind, sum(map(len, parts))) for kind, parts in questions)
        with self._lock:
            for is_last in (False, True):
                process = self._running()
                try:
                    with self._within(seconds):
                        return _exchange(process, questions, take)
                except _INVALID_ANSWERS:
                    self._end()
                    if self._is_late:
                        raise UnreadableRecordError(_(_SLOW)) from None
                    if is_last:
                        raise UnreadableRecordError(_(_FAILED)) from None
                except (UnreadableRecordError, UnusableError):
                    raise
                except BaseException:  # In the middle of an answer, nothing more can be asked.
                    self._end()
                    raise
        raise AssertionError

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        self._is_late = False
        self._until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._until = math.inf

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._process = start(command(DECODER_FLAG), grant(), None, _ENVIRONMENT)
            self._watcher = threading.Thread(target=self._watch, args=(self._process,), daemon=True)
            self._watcher.start()
        return self._process

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        """End a process that takes too long; over when the process is."""
        while process.poll() is None:
            if time.monotonic() > self._until:
                self._is_late = True
                process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.5)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with attended(process):
                pass
            assert self._watcher is not None
            self._watcher.join()


_INVALID_ANSWERS = (
    _DiedError,
    FrameError,
    OSError,
    # An answer that is not built as the protocol says.
    ValueError,
    TypeError,
    RecursionError,
    struct.error,
)


class _Pieces:
    """A file on its way, without being held as a whole; it can be sent again."""

    _SIZE = 1 << 20

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._size = file, size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(0)
        left = self._size
        while left:
            piece = self._file.read(min(left, self._SIZE))
            if not piece:
                raise _DiedError  # It became shorter meanwhile.
            left -= len(piece)
            yield piece


Question = tuple[int, tuple[bytes | _Pieces, ...]]
"""The kind of a request, and its content in parts."""


def _exchange(
    process: "subprocess.Popen[bytes]",
    questions: Sequence[Question],
    take: Callable[[IO[bytes]], Made],
) -> Made:
    assert process.stdin is not None
    assert process.stdout is not None
    for kind, parts in questions:
        write_head(process.stdin, kind, sum(map(len, parts)))
        for part in parts:
            for piece in part if isinstance(part, _Pieces) else (part,):
                process.stdin.write(piece)
    process.stdin.flush()
    return take(process.stdout)


def _answer(answers: IO[bytes], bounds: dict[int, int]) -> tuple[int, bytes]:
    """Read an answer of one of some kinds; raise the error that came instead."""
    frame = read_frame(answers, {**bounds, UNREADABLE: _MOST_WORDS, UNUSABLE: _MOST_HEADER})
    if frame is None:
        raise _DiedError
    kind, content = frame
    if kind == UNREADABLE:
        raise UnreadableRecordError(content.decode("utf-8", "replace"))
    if kind == UNUSABLE:
        parts = json.loads(content)
        if not isinstance(parts, list) or [type(part) for part in parts] != [str, str, str]:
            raise FrameError("no error")
        raise UnusableError(*parts)
    return frame


def _named(kind: "RecordKind") -> bytes:
    name = kind.name.encode()
    return NUMBER.pack(len(name)) + name + RANGE.pack(*(kind.pixel_range or _NO_RANGE))


def _expect(answers: IO[bytes], kind: int, most: int) -> bytes:
    return _answer(answers, {kind: most})[1]


def _array(answers: IO[bytes], most: int) -> tuple[str, NDArray[Any]] | None:
    """Read an array; None at the end."""
    kind, content = _answer(answers, {ARRAY: 2 + MOST_ARRAY_HEADER + most, END: 0})
    return None if kind == END else array_from(content)


_shared = DecodingProcess()
atexit.register(_shared.close)


def shared() -> DecodingProcess:
    """Return the process that all of this program share; for a release there is one of its own."""
    return _shared


def unpacked(
    kind: "RecordKind", path: Path, needed: Sequence[str], most: int
) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Unpack arrays of a file here, where this process is confined; else in the one that all share.

    Parameters
    ----------
    kind : RecordKind
        What knows how.
    path : Path
        The file.
    needed : sequence of str
        The names of the arrays.
    most : int
        How many bytes they may have, together.

    Raises
    ------
    UnreadableRecordError, UnusableError, OSError
        Where it cannot be read or unpacked; see `DecodingProcess.arrays`.
    """
    with path.open("rb") as file:
        if is_confined():
            columns, made = kind.unpack(file, path.name, needed)
            return columns, dict(made)
        return shared().arrays(kind, file, path.name, needed, most)
