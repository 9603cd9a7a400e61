"""The decoding process: takes files through a pipe, gives numbers back, and has access to nothing.

It imports as little as it can, since somebody waits for the first picture.
"""

import io
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import IO

from dataselect_gui.sandbox.confining import Grant, confine
from dataselect_gui.sandbox.frames import read_frame, write_frame

_MOST_DESCRIPTORS = 1 << 16
_MOST_NAME = 1 << 16
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
    from dataselect_gui.records.source import UnreadableRecordError

    of_image = MAX_FILE_BYTES + protocol.SIDE.size
    longest = {protocol.PICTURE: of_image, protocol.CHECK: of_image, protocol.CLEAN: of_image}
    longest |= {protocol.ARRAYS: _MOST_NAME, protocol.CONTENT: 1 << 62}
    work: dict[int, Callable[[bytes, IO[bytes]], None]] = {
        protocol.PICTURE: _picture,
        protocol.CHECK: _check,
        protocol.CLEAN: _clean,
    }
    while (frame := read_frame(questions, longest)) is not None:
        kind, content = frame
        try:
            if kind == protocol.ARRAYS:
                following = read_frame(questions, longest)
                assert following is not None
                _arrays(content, following[1], answers)
                continue
            _end_after(protocol.hang_seconds(kind, len(content)) + _SPARE_SECONDS)
            work[kind](content, answers)
        except UnreadableRecordError as reason:
            write_frame(answers, protocol.UNREADABLE, str(reason).encode("utf-8", "replace"))
        except UnusableError as error:
            told = json.dumps([error.what, error.why, error.do]).encode()
            write_frame(answers, protocol.UNUSABLE, told)
        _end_after(0)
    return 0


def _end_after(seconds: float) -> None:
    """Have the system end this process after a while, whatever holds it, be the parent gone or not."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _picture(content: bytes, answers: IO[bytes]) -> None:
    from PIL import Image

    from dataselect_gui.records.decoding_process import PIXELS, SIDE, SIZE
    from dataselect_gui.records.images import decode_image, with_8_bits

    (most,) = SIDE.unpack_from(content)
    image = with_8_bits(decode_image(content[SIDE.size :])).convert("RGB")
    if most:
        image.thumbnail((most, most), Image.Resampling.BILINEAR)
    write_frame(answers, PIXELS, SIZE.pack(*image.size), image.tobytes())


def _check(content: bytes, answers: IO[bytes]) -> None:
    from dataselect_gui.records.decoding_process import FINE
    from dataselect_gui.records.images import decode_image, with_8_bits

    with_8_bits(decode_image(content))
    write_frame(answers, FINE)


def _clean(content: bytes, answers: IO[bytes]) -> None:
    from dataselect_gui.records.decoding_process import CLEANED, EXTENSION, FILE
    from dataselect_gui.records.images import look_at
    from dataselect_gui.release.clean import clean_image

    extension, cleaned = clean_image(content)
    look_at(cleaned)  # Whoever receives it must be able to read it, within the same bounds.
    write_frame(answers, FILE, EXTENSION.pack(CLEANED.index(extension)), cleaned)


def _arrays(asked: bytes, stored: bytes, answers: IO[bytes]) -> None:
    from dataselect_gui.records.array_frames import array_parts
    from dataselect_gui.records.arrays import unpack
    from dataselect_gui.records.decoding_process import ARRAY, COLUMNS, END

    columns, arrays = unpack(io.BytesIO(stored), *json.loads(asked))
    write_frame(answers, COLUMNS, json.dumps(columns).encode())
    for name, values in arrays:
        write_frame(answers, ARRAY, *array_parts(name, values))
    write_frame(answers, END)
