"""The decoding process: takes files through a pipe, gives numbers back, and has access to nothing.

It imports as little as it can, since somebody waits for the first picture.
"""

import io
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from dataselect_gui.sandbox.confining import Grant, confine
from dataselect_gui.sandbox.frames import read_frame, write_frame

if TYPE_CHECKING:
    from dataselect_gui.records.kinds.kind import RecordKind

_MOST_DESCRIPTORS = 1 << 16
_MOST_KIND, _MOST_NAME = 255, 1 << 16
"""Bytes of the name of a kind, and of what is asked of an array file."""
_SPARE_SECONDS = 5


def main() -> int:
    """Answer until the parent is gone. Returns the exit code of the process."""
    os.closerange(3, _MOST_DESCRIPTORS)  # Whatever else was inherited.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    confine(Grant.from_line(questions.readline().decode()))

    from dataselect_gui.errors import UnusableError
    from dataselect_gui.records import decoding_process as protocol
    from dataselect_gui.records.images import MAX_FILE_BYTES
    from dataselect_gui.records.kinds import kind_named
    from dataselect_gui.records.source import UnreadableRecordError

    most = MAX_FILE_BYTES + protocol.NUMBER.size + _MOST_KIND + protocol.SIDE.size
    most += protocol.RANGE.size
    longest = {protocol.LOOK: most, protocol.CHECK: most, protocol.CLEAN: most, protocol.TRY: most}
    longest[protocol.VALUES] = most
    longest |= {protocol.ARRAYS: _MOST_NAME, protocol.CONTENT: 1 << 62}
    work: dict[int, Callable[[RecordKind, bytes, IO[bytes]], None]] = {
        protocol.LOOK: _look,
        protocol.CHECK: _check,
        protocol.CLEAN: _clean,
        protocol.TRY: _try,
        protocol.VALUES: _values,
    }
    while (frame := read_frame(questions, longest)) is not None:
        request, content = frame
        try:
            end = protocol.NUMBER.size + content[0]
            low, high = protocol.RANGE.unpack_from(content, end)
            kind = kind_named(content[protocol.NUMBER.size : end].decode())
            if low < high:
                kind = replace(kind, pixel_range=(low, high))
            start = end + protocol.RANGE.size
            if request == protocol.ARRAYS:
                following = read_frame(questions, longest)
                assert following is not None
                _arrays(kind, content[start:], following[1], answers)
                continue
            _end_after(protocol.hang_seconds(request, len(content)) + _SPARE_SECONDS)
            work[request](kind, content[start:], answers)
        except UnreadableRecordError as reason:
            write_frame(answers, protocol.UNREADABLE, str(reason).encode("utf-8", "replace"))
        except UnusableError as error:
            parts = json.dumps([error.what, error.why, error.do]).encode()
            write_frame(answers, protocol.UNUSABLE, parts)
        _end_after(0)
    return 0


def _end_after(seconds: float) -> None:
    """Have the system end this process after a while, whatever holds it, be the parent gone or not."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _look(kind: "RecordKind", content: bytes, answers: IO[bytes]) -> None:
    from dataselect_gui.records.decoding_process import PIXELS, SIDE, SIZE

    (most,) = SIDE.unpack_from(content)
    pixels = kind.look(content[SIDE.size :], most or None)
    if isinstance(pixels, tuple):
        raise TypeError("what is read, not seen, needs no process of its own")
    height, width, _ = pixels.shape
    write_frame(answers, PIXELS, SIZE.pack(width, height), pixels.tobytes())


def _values(kind: "RecordKind", stored: bytes, answers: IO[bytes]) -> None:
    from dataselect_gui.records.array_frames import array_parts
    from dataselect_gui.records.decoding_process import ARRAY

    write_frame(answers, ARRAY, *array_parts("", kind.values(stored)))


def _check(kind: "RecordKind", stored: bytes, answers: IO[bytes]) -> None:
    from dataselect_gui.records.decoding_process import FINE

    kind.check(stored)
    write_frame(answers, FINE)


def _try(kind: "RecordKind", stored: bytes, answers: IO[bytes]) -> None:
    from dataselect_gui.records.decoding_process import FINE

    kind.check_leaving(stored)
    write_frame(answers, FINE)


def _clean(kind: "RecordKind", stored: bytes, answers: IO[bytes]) -> None:
    from dataselect_gui.records.decoding_process import FILE, NUMBER

    extension, cleaned = kind.clean(stored)
    write_frame(answers, FILE, NUMBER.pack(kind.extensions.index(extension)), cleaned)


def _arrays(kind: "RecordKind", request: bytes, stored: bytes, answers: IO[bytes]) -> None:
    from dataselect_gui.records.array_frames import array_parts
    from dataselect_gui.records.decoding_process import ARRAY, COLUMNS, END

    columns, arrays = kind.unpack(io.BytesIO(stored), *json.loads(request))
    write_frame(answers, COLUMNS, json.dumps(columns).encode())
    for name, values in arrays:
        write_frame(answers, ARRAY, *array_parts(name, values))
    write_frame(answers, END)
