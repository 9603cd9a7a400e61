"""JPEG 2000: the boxes and the codestream's headers that decoding needs (ITU-T T.800, annexes A and I).

What a decoder sets aside follows from the headers: it grows with the precincts and the blocks of code,
which may be as small as a few pixels, and with the layers.
"""

import math
import struct
from collections.abc import Iterator

from dataselect_gui.records.image_formats.bare import (
    MAX_PARTS,
    BareImage,
    too_deep,
    too_many,
    unknown_values,
)
from dataselect_gui.texts import _

BOXES, CODESTREAM = b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"
"""How a file begins that is made of boxes, and one that is a codestream alone."""
_KEPT = frozenset({b"jP  ", b"ftyp", b"jp2h", b"jp2c"})
_SIZE, _STYLE, _STYLE_OF_ONE, _TILE_PART, _DATA = 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93
_HARMLESS = frozenset({0xFF55, 0xFF57, 0xFF58, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF63, 0xFF64})
"""Lengths of parts, how samples are quantised, where colours lie, comments."""
_END = b"\xff\xd9"
_MOST_TILES, _MOST_PACKETS, _MOST_LEVELS = 4096, 1 << 22, 32
_MOST_COMPONENTS = 4
_BYTES_OF_A_BLOCK, _BYTES_OF_A_SAMPLE = 512, 8


def bare(stored: bytes) -> BareImage:
    """Return the codestream in the boxes that say what its samples are."""
    if stored.startswith(CODESTREAM):
        return _looked_at(stored, stored)
    kept: list[bytes] = []
    code = b""
    for kind, whole, content in _boxes(stored):
        if kind not in _KEPT or (kind == b"jp2c" and code):
            continue
        if kind == b"jp2c":
            code = content
        kept.append(whole)
    return _looked_at(b"".join(kept), code)


def _boxes(stored: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield each box: its kind, the whole of it, and its content."""
    place = 0
    for _number in range(MAX_PARTS):
        if place >= len(stored):
            return
        length, kind = struct.unpack_from(">I4s", stored, place)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", stored, place + 8)
            head = 16
        end = len(stored) if length == 0 else place + length
        if not place + head <= end <= len(stored):
            raise ValueError("a box behind the end of the file")
        yield kind, stored[place:end], stored[place + head : end]
        place = end
    raise too_many(_("boxes"))


def _looked_at(content: bytes, code: bytes) -> BareImage:
    if not code.startswith(CODESTREAM):
        raise ValueError("no codestream")
    fields = struct.unpack_from(">HHIIIIIIIIH", code, 4)
    _length, _able, right, bottom, left, top, across, down, _x, _y, components = fields
    width, height = right - left, bottom - top
    image = BareImage("JPEG2000", b"", width, height)
    image.check()
    if not 1 <= components <= _MOST_COMPONENTS or across < 1 or down < 1:
        raise ValueError("components or tiles that no image has")
    samples = [struct.unpack_from("BBB", code, 42 + 3 * n) for n in range(components)]
    depths = {depth for depth, *_steps in samples}
    if depths == {15} and components > 1:
        raise too_deep()
    if depths not in ({7}, {15}) or any(steps != [1, 1] for _depth, *steps in samples):
        raise unknown_values()
    tiles = math.ceil(right / across) * math.ceil(bottom / down)
    if tiles > _MOST_TILES:
        raise too_many(_("tiles"))
    blocks = _headers(code, tiles, min(across, width), min(down, height)) * components * tiles
    working = blocks * _BYTES_OF_A_BLOCK + width * height * components * _BYTES_OF_A_SAMPLE
    return BareImage("JPEG2000", content, width, height, working)


def _headers(code: bytes, tiles: int, width: int, height: int) -> int:
    """Walk over all headers; return how many blocks of code and precincts a component of a tile has."""
    place, most, is_main, parts = 2, 0, True, 0
    seen: set[int] = set()
    while True:
        marker, length = struct.unpack_from(">HH", code, place)
        if marker == _TILE_PART:
            is_main, parts = False, parts + 1
            if parts > _MOST_TILES:
                raise too_many(_("tiles"))
            tile, size = struct.unpack_from(">HI", code, place + 4)
            seen.add(tile)
            if not size and not code.endswith(_END):
                raise ValueError("no end")
            end = place + size if size else len(code)
            place += 2 + length
            while struct.unpack_from(">H", code, place)[0] != _DATA:
                kind, length = struct.unpack_from(">HH", code, place)
                if kind not in _HARMLESS or length < 2:
                    raise ValueError("a tile with a style of its own")
                place += 2 + length
            if not place < end <= len(code):
                raise ValueError("a tile behind the end of the file")
            place = end
            if place + 4 > len(code):  # Nothing but the mark of the end follows.
                break
            continue
        if not is_main or length < 2:
            break
        if marker == _STYLE:
            most = _check_style(code[place + 4 : place + 2 + length], width, height)
        elif marker not in _HARMLESS and marker != _SIZE:
            raise ValueError("a header that is not read here")
        place += 2 + length
    if not most or seen != set(range(tiles)):  # A decoder fills up tiles that are missing.
        raise ValueError("no style, or other tiles than there are")
    return most


def _check_style(style: bytes, width: int, height: int) -> int:
    """Return how many blocks of code and precincts a component of a tile has, at most."""
    flags, _order, layers, _mixed, levels, across, down = struct.unpack_from(">BBHBBBB", style)
    if levels > _MOST_LEVELS or layers < 1 or across > 8 or down > 8 or across + down > 8:
        raise ValueError("a style that no image has")
    sizes = list(style[10 : 11 + levels]) if flags & 1 else [0xFF] * (levels + 1)
    if len(sizes) != levels + 1:
        raise ValueError("no size of each precinct")
    precincts = blocks = 0
    for level, size in enumerate(reversed(sizes)):
        wide, high = (width >> level) + 1, (height >> level) + 1
        bits = size & 15, size >> 4
        here = math.ceil(wide / (1 << bits[0]) + 1) * math.ceil(high / (1 << bits[1]) + 1)
        block = min(across + 2, bits[0]) + min(down + 2, bits[1])
        precincts += here
        blocks += 4 * here + (wide * high >> max(block, 1))
    if precincts * layers > _MOST_PACKETS:
        raise too_many(_("layers"))
    return precincts + blocks
