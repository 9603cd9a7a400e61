"""WebP: the canvas, and the first frame on it (RFC 9649)."""

import struct
from collections.abc import Iterator

from dataselect_gui.records.image_formats.bare import MAX_PARTS, BareImage, exif_orientation, too_many
from dataselect_gui.texts import _

_ALPHA, _ANIMATION = 0x10, 0x02
_WORKING = 16
"""Bytes a pixel that libwebp takes for two canvases, a frame and what it returns."""


def bare(stored: bytes) -> BareImage:
    """Return the still image, or the first frame of an animation."""
    if stored[8:12] != b"WEBP":
        raise ValueError("a RIFF file of another kind")
    kept: dict[bytes, bytes] = {}
    orientation = 1
    for kind, chunk in _chunks(stored):
        if kind == b"EXIF":
            orientation = exif_orientation(chunk[8:])
        elif kind in {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"}:
            kept.setdefault(kind, chunk)
    if b"VP8X" not in kept:
        kind = b"VP8 " if b"VP8 " in kept else b"VP8L"
        return _image([kept[kind]], *_size(kept[kind]), orientation)
    head = kept[b"VP8X"]
    flags = head[8] & (_ALPHA | _ANIMATION)
    width, height = (int.from_bytes(head[i : i + 3], "little") + 1 for i in (12, 15))
    if flags & _ANIMATION:
        parts = [kept[b"ANIM"], kept[b"ANMF"]]
    elif b"VP8 " in kept:
        parts = [*([kept[b"ALPH"]] if b"ALPH" in kept else []), kept[b"VP8 "]]
    else:
        parts = [kept[b"VP8L"]]
    extended = struct.pack("<4sII", b"VP8X", 10, flags) + head[12:18]
    return _image([extended, *parts], width, height, orientation)


def _image(parts: list[bytes], width: int, height: int, orientation: int) -> BareImage:
    content = b"WEBP" + b"".join(parts)
    content = b"RIFF" + struct.pack("<I", len(content)) + content
    return BareImage("WEBP", content, width, height, width * height * _WORKING, orientation)


def _chunks(stored: bytes) -> Iterator[tuple[bytes, bytes]]:
    position, count = 12, 0
    while position + 8 <= len(stored):
        count += 1
        if count > MAX_PARTS:
            raise too_many(_("chunks"))
        kind, length = struct.unpack_from("<4sI", stored, position)
        end = position + 8 + length + length % 2
        yield kind, stored[position:end]
        position = end


def _size(chunk: bytes) -> tuple[int, int]:
    if chunk.startswith(b"VP8L"):
        (bits,) = struct.unpack_from("<I", chunk, 9)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", chunk, 14)
    return width & 0x3FFF, height & 0x3FFF
