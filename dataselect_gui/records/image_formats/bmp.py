"""BMP: its header, held against the size of the file."""

import struct

from dataselect_gui.records.image_formats.bare import BareImage
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.texts import _

_RUN_LENGTHS = frozenset({1, 2})
_MAX_RUN_LENGTH_PIXELS, _MAX_RUN_LENGTH_WIDTH = 1 << 24, 1 << 16
"""Pillow unpacks run lengths in Python, and up to 255 lines at once."""
_SLACK = 1 << 16


def bare(stored: bytes) -> BareImage:
    """Return the file as it is: there is nothing in it that a decoder would follow."""
    (size,) = struct.unpack_from("<I", stored, 14)
    if size == 12:
        width, height, _planes, bits = struct.unpack_from("<HHHH", stored, 18)
        compression = 0
    else:
        width, height, _planes, bits, compression = struct.unpack_from("<IiHHI", stored, 18)
        height = abs(height)
    image = BareImage("BMP", stored, width, height)
    pixels = width * height
    if compression not in _RUN_LENGTHS:
        image.check()  # Before what it is held against: whoever drew it too large should be told so.
        if (width * bits + 31) // 32 * 4 * height > len(stored):
            raise ValueError("fewer pixels than the header says")
    elif (
        pixels > _MAX_RUN_LENGTH_PIXELS
        or width > _MAX_RUN_LENGTH_WIDTH
        or len(stored) > pixels + pixels // 16 + 8 * height + _SLACK
    ):
        raise UnreadableRecordError(
            _(
                "The image is coded in run lengths, of which up to {millions} million pixels are "
                "unpacked: it may be made to waste time.",
                millions=_MAX_RUN_LENGTH_PIXELS // 10**6,
            )
        )
    return image
