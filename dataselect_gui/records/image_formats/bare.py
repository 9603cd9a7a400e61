"""What a decoder is given, and how much of it there may be."""

import struct
from dataclasses import dataclass

from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.texts import _

MAX_PIXELS = 1 << 26
"""Of one image; 256 MiB once it is unpacked as RGB, in which Pillow takes four bytes a pixel."""
MAX_MEMORY = 1 << 29
"""Bytes that unpacking one image may take."""
MAX_PARTS = 4096
"""Of a file, beside those that hold its pixels: segments, chunks, blocks, tags."""

_BYTES_PER_PIXEL = 4
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class BareImage:
    """A file with one image and nothing but what its pixels need.

    Attributes
    ----------
    format : str
        Pillow's name of it.
    content : bytes
        The file.
    width, height : int
        As it is stored, before it is turned.
    working : int
        How many bytes a decoder takes beside the image itself, at most.
    orientation : int
        The EXIF orientation, 1 to 8.
    unpacked : int
        How many pixels a decoder unpacks, where these are more than the image has.
    white_is_zero : bool
        Whether its greys of 16 bits are counted from white, and a decoder does not turn them.
    """

    format: str
    content: bytes
    width: int
    height: int
    working: int = 0
    orientation: int = 1
    unpacked: int = 0
    white_is_zero: bool = False

    def check(self) -> None:
        """Refuse an image that would take too much to unpack.

        Raises
        ------
        UnreadableRecordError
            Where it would.
        """
        pixels = self.width * self.height
        if pixels <= 0:
            raise UnreadableRecordError(_("The image is cut off or damaged."))
        if pixels > MAX_PIXELS:
            raise UnreadableRecordError(
                _(
                    "The image has {width:,} × {height:,} pixels, more than the {millions} million "
                    "that are unpacked: it may be made to exhaust memory.",
                    width=self.width,
                    height=self.height,
                    millions=MAX_PIXELS // 10**6,
                )
            )
        if self.working + pixels * _BYTES_PER_PIXEL + len(self.content) > MAX_MEMORY:
            raise too_large()


def too_large() -> UnreadableRecordError:
    """Return the refusal of an image that takes more memory than is given to one."""
    return UnreadableRecordError(
        _(
            "Unpacking the image takes more than {mebibytes} MiB: it may be made to exhaust memory.",
            mebibytes=MAX_MEMORY >> 20,
        )
    )


def too_deep() -> UnreadableRecordError:
    """Return the refusal of an image that a decoder would give back in fewer bits than it has.

    Pillow has no mode for colours of 16 bits: it cuts them to their higher bytes, where greys are
    divided by 257 and rounded. It gives the lower bytes, too, where a PNG is decoded a second time as
    ``RGB;16L``, so they could be scored. But what leaves, and what a receiver decodes to check it, is
    an image of Pillow's, which would hold 8 of the 16 bits: another record than was scored.
    """
    return UnreadableRecordError(
        _(
            "The image has more bits than are read: of several channels 8 bits each, of one channel "
            "32. It would be scored, and leave, as another image than it is. Save it with 8 bits a "
            "channel, as PNG, in the way that the consortium's own images were (most programs divide "
            "by 257)."
        )
    )


def unknown_values() -> UnreadableRecordError:
    """Return the refusal of an image whose values a decoder would take for others."""
    return UnreadableRecordError(
        _(
            "The image's values are of a type that is not read here: it would be scored, and leave, as "
            "another image than it is. Save it as PNG or TIFF of 8 or 16 bits, black being 0."
        )
    )


def too_many(parts: str) -> UnreadableRecordError:
    """Return the refusal of a file that consists of more parts, named in the plural, than it needs."""
    return UnreadableRecordError(
        _("The image has more {parts} than an image needs: it may be made to waste time.", parts=parts)
    )


def exif_orientation(block: bytes) -> int:
    """Return the orientation that an EXIF block states, 1 where it states none.

    Only the first directory is read, and of it nothing but this entry. Source: Exif 2.32, 4.6.
    """
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        (place,) = struct.unpack_from(f"{order}I", block, 4)
        (entries,) = struct.unpack_from(f"{order}H", block, place)
        for entry in range(place + 2, place + 2 + 12 * entries, 12):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", block, entry)
            if tag == _ORIENTATION:
                return value if kind == 3 and count == 1 and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
