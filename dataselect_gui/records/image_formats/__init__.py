"""The formats of images: what a file's header promises, read by our own code before a decoder does.

Each module takes one format's file apart without unpacking anything, and returns a file with nothing
but what the first image's pixels need. A decoder sees only that.
"""

import struct
from collections.abc import Callable

from dataselect_gui.records.image_formats import bmp, gif, jpeg, jpeg2000, png, pnm, tga, tiff, webp
from dataselect_gui.records.image_formats.bare import BareImage
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.texts import _

_READERS: dict[bytes, Callable[[bytes], BareImage]] = {
    jpeg.SIGNATURE: lambda stored: jpeg.read_jpeg(stored).bare(),
    png.SIGNATURE: png.bare,
    b"GIF87a": gif.bare,
    b"GIF89a": gif.bare,
    b"BM": bmp.bare,
    b"II*\0": tiff.bare,
    b"MM\0*": tiff.bare,
    b"II+\0": tiff.bare,
    b"MM\0+": tiff.bare,
    b"RIFF": webp.bare,
    jpeg2000.BOXES: jpeg2000.bare,
    jpeg2000.CODESTREAM: jpeg2000.bare,
}


def bare_image(stored: bytes) -> BareImage | None:
    """Return an image file's first image with nothing but what its pixels need.

    Nothing is unpacked. The time is that of one pass over the file, and the memory that of a copy.

    Parameters
    ----------
    stored : bytes
        The whole file.

    Returns
    -------
    BareImage or None
        None where the file does not begin as one of a known format.

    Raises
    ------
    UnreadableRecordError
        Where it is damaged, or promises more than is safe to unpack.
    """
    read = next((read for start, read in _READERS.items() if stored.startswith(start)), None)
    if read is None:  # Formats that begin with no word of their own.
        read = pnm.bare if pnm.is_pnm(stored) else tga.bare if tga.is_tga(stored) else None
    if read is None:
        return None
    try:
        bare = read(stored)
    except (ArithmeticError, LookupError, ValueError, struct.error):
        raise UnreadableRecordError(_("The image is cut off or damaged.")) from None
    bare.check()
    return bare
