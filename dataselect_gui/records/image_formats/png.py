"""PNG: the chunks that decoding needs (ISO/IEC 15948, clause 11)."""

import struct
import zlib
from collections.abc import Iterator

from dataselect_gui.records.image_formats.bare import (
    MAX_PARTS,
    BareImage,
    exif_orientation,
    too_deep,
    too_many,
)
from dataselect_gui.texts import _

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_DATA = 1 << 17
"""Chunks of pixel data; encoders write a few kilobytes into each."""

_COLOURS = 256


def chunks(stored: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each chunk up to the end of the image: its kind, and the whole of it."""
    position = len(SIGNATURE)
    while position + 8 <= len(stored):
        length, kind = struct.unpack_from(">I4s", stored, position)
        end = position + length + 12
        yield kind, stored[position:end]
        if kind == b"IEND":
            return
        position = end


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk."""
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))


def bare(stored: bytes) -> BareImage:
    """Return the default image alone."""
    kept, orientation = [SIGNATURE], 1
    count, data = 0, 0
    places: set[bytes] = set()
    for kind, whole in chunks(stored):
        if kind == b"IDAT":
            data += 1
        else:
            count += 1
        if count > MAX_PARTS or data > _MAX_DATA:
            raise too_many(_("chunks"))
        if (kind == b"IHDR") != (len(kept) == 1):
            raise ValueError("the header is not where it must be")
        if kind == b"eXIf":
            orientation = exif_orientation(whole[8:-4])
        elif kind in {b"IHDR", b"IDAT", b"IEND"} or (kind in {b"PLTE", b"tRNS"} and not data):
            if kind in places and kind != b"IDAT":
                raise ValueError("a chunk that is there twice")
            if kind == b"tRNS" and len(whole) > 12 + _COLOURS:
                raise ValueError("transparency of more colours than a palette has")
            places.add(kind)
            kept.append(whole)
    width, height, depth, colours = struct.unpack_from(">IIBB", kept[1], 8)
    if depth == 16 and colours:
        raise too_deep()
    return BareImage("PNG", b"".join(kept), width, height, orientation=orientation)
