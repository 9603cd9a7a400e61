"""GIF: the screen, and the first frame on it (GIF89a specification)."""

import struct

from dataselect_gui.records.image_formats.bare import MAX_PARTS, BareImage, too_many
from dataselect_gui.texts import _

_MAX_BLOCKS = 1 << 21
"""Blocks of coded data, of up to 255 bytes each."""
_EXTENSION, _IMAGE = b"!"[0], b","[0]
_GRAPHIC_CONTROL = 0xF9


def bare(stored: bytes) -> BareImage:
    """Return the first frame alone, on its screen."""
    width, height, flags = struct.unpack_from("<HHB", stored, 6)
    position = _behind_colours(13, flags)
    kept, parts, blocks = [stored[:position]], 0, 0
    while stored[position] != _IMAGE:
        parts += 1
        if parts > MAX_PARTS:
            raise too_many(_("blocks"))
        if stored[position] != _EXTENSION:
            position += 1  # Decoders skip what they do not know.
            continue
        is_control, start = stored[position + 1] == _GRAPHIC_CONTROL, position
        position += 2
        while length := stored[position]:
            position += length + 1
            blocks += 1
            if blocks > _MAX_BLOCKS:
                raise too_many(_("blocks"))
        position += 1
        if is_control:
            kept.append(stored[start:position])
    left, top, across, down, flags = struct.unpack_from("<HHHHB", stored, position + 1)
    start = position
    position = _behind_colours(position + 10, flags) + 1
    while position < len(stored) and (length := stored[position]):
        position += length + 1
        blocks += 1
        if blocks > _MAX_BLOCKS:
            raise too_many(_("blocks"))
    kept += [stored[start : position + 1], b";"]
    # A decoder makes the screen as large as the frame.
    return BareImage("GIF", b"".join(kept), max(width, left + across), max(height, top + down))


def _behind_colours(position: int, flags: int) -> int:
    return position + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
