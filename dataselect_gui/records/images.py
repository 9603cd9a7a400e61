"""Decode one image file, taking for granted that the file may be hostile.

What its header promises is bounded before anything is unpacked, and a decoder is given nothing but
what the first image's pixels need (`formats`). Orientation is applied. Reasons are told in our own
words, since a decoder's message may hold a path.
"""

import io
import warnings

from PIL import Image

from dataselect_gui.records.formats import bare_image
from dataselect_gui.records.formats.bare import BareImage
from dataselect_gui.records.source import UnreadableRecordError

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp"})
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
MAX_FILE_BYTES = 1 << 29

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

warnings.filterwarnings("ignore", message="Palette images with Transparency", category=UserWarning)


def decode_image(stored: bytes) -> Image.Image:
    """Decode the first frame of an image, upright.

    Parameters
    ----------
    stored : bytes
        The whole file.

    Returns
    -------
    Image.Image
        The image in its own mode, detached from the file.

    Raises
    ------
    UnreadableRecordError
        Where the file is no image, is damaged, or is larger than is safe to unpack.
    """
    return unpack(look_at(stored))


def look_at(stored: bytes) -> BareImage:
    """Return what a decoder may be given of an image file, having unpacked nothing.

    Raises
    ------
    UnreadableRecordError
        Where the file is no image, is damaged, or is larger than is safe to unpack.
    """
    bare = bare_image(stored)
    if bare is None:
        raise UnreadableRecordError(_not_an_image(stored))
    return bare


def unpack(bare: BareImage) -> Image.Image:
    """Decode an image that was looked at. See `decode_image`."""
    try:
        with Image.open(io.BytesIO(bare.content), formats=[bare.format]) as image:
            if image.size != (bare.width, bare.height):
                raise ValueError("the decoder sees another image")
            image.load()
            turn = _TURNS.get(bare.orientation)
            return image.copy() if turn is None else image.transpose(turn)
    except MemoryError:
        raise UnreadableRecordError("Unpacking the image takes more memory than there is.") from None
    except Exception:  # A hostile file reaches every corner of a decoder: any fault is its own.
        raise UnreadableRecordError("The image is cut off or damaged.") from None


def _not_an_image(stored: bytes) -> str:
    start = stored[:256].lstrip().lower()
    if not stored:
        return "The file is empty."
    if start.startswith(b"version https://git-lfs"):
        return "A Git LFS pointer: the image itself was never downloaded."
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "A web page or XML text, not an image."
    if not stored.strip(b"\0"):
        return "The file holds nothing but zeros."
    if start.startswith((b"\x89png", b"gif8")):
        return "The image is cut off or damaged."
    return f"Not an image of a known format ({', '.join(FORMATS)})."
