"""Frames, by which a confined process and its parent exchange messages: kind, length, content.

The parent trusts no frame: a frame of an unknown kind, or longer than its kind may be, is
the end of the conversation, before anything of it is read.
"""

import struct
from collections.abc import Mapping
from typing import IO

_HEAD = struct.Struct("<BQ")


class FrameError(Exception):
    """The bytes are not a valid frame."""


class CutOffError(FrameError):
    """The stream ended within a frame: the process that wrote it died."""


def write_frame(stream: IO[bytes], kind: int, *parts: bytes | memoryview) -> None:
    """Write a frame, its content in parts, and flush the stream."""
    write_head(stream, kind, sum(len(part) for part in parts))
    for part in parts:
        stream.write(part)
    stream.flush()


def write_head(stream: IO[bytes], kind: int, length: int) -> None:
    """Begin a frame, whose content the caller writes."""
    stream.write(_HEAD.pack(kind, length))


def read_frame(stream: IO[bytes], most: Mapping[int, int]) -> tuple[int, bytes] | None:
    """Read a frame.

    Parameters
    ----------
    stream : binary file
        Where from; buffered.
    most : mapping of int to int
        Kind → how many bytes it may have.

    Returns
    -------
    tuple of int and bytes, or None
        Kind and content; None where the stream ended before one began.

    Raises
    ------
    FrameError
        Where it is none, or is longer than it may be.
    CutOffError
        Where it is not whole.
    """
    head = stream.read(_HEAD.size)
    if not head:
        return None
    if len(head) < _HEAD.size:
        raise CutOffError
    kind, length = _HEAD.unpack(head)
    if kind not in most or length > most[kind]:
        raise FrameError("unknown, or too long")
    content = stream.read(length)
    if len(content) < length:
        raise CutOffError
    return kind, content
