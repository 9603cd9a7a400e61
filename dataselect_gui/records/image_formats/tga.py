"""TGA: its header, held against the size of the file (Truevision TGA, version 2.0)."""

import struct

from dataselect_gui.records.image_formats.bare import BareImage

_HEADER = struct.Struct("<BBBHHBHHHHBB")
_PALETTE, _COLOURS, _GREYS, _RUN_LENGTHS = 1, 2, 3, 8
_DEPTHS = {_PALETTE: {8}, _COLOURS: {16, 24, 32}, _GREYS: {1, 8, 16}}
_MAP_DEPTHS = frozenset({16, 24, 32})


def is_tga(stored: bytes) -> bool:
    """Say whether a file begins as one of these: nothing but a header that makes sense tells it."""
    if len(stored) < _HEADER.size:
        return False
    _id, has_map, kind, _first, _colours, map_depth, *_place, width, height, depth, flags = (
        _HEADER.unpack_from(stored)
    )
    plain = kind & ~_RUN_LENGTHS
    return (
        depth in _DEPTHS.get(plain, ())
        and width * height > 0
        and not flags & 0xC0
        and has_map <= 1
        and (has_map == 1 or plain != _PALETTE)
        and (has_map == 0 or map_depth in _MAP_DEPTHS)
    )


def bare(stored: bytes) -> BareImage:
    """Return the file as it is: a decoder follows nothing in it but a mark that there is no opacity."""
    length, has_map, kind, _first, colours, map_depth, *_place, width, height, depth, _flags = (
        _HEADER.unpack_from(stored)
    )
    image = BareImage("TGA", stored, width, height)
    image.check()
    start = _HEADER.size + length + has_map * colours * (map_depth // 8)
    if not kind & _RUN_LENGTHS and start + (width * depth + 7) // 8 * height > len(stored):
        raise ValueError("fewer pixels than the header says")
    return image
