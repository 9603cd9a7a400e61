"""Decode one image file, taking for granted that the file may be hostile.

What its header promises is bounded before anything is unpacked, and a decoder is given nothing but
what the first image's pixels need (`formats`). Orientation is applied. What is scored and shown has 8
bits a channel; what leaves keeps its own depth. Reasons are told in our own words, since a decoder's
message may hold a path.
"""

import io
import warnings

import numpy as np
from PIL import Image

from dataselect_gui.records.image_formats import bare_image
from dataselect_gui.records.image_formats.bare import BareImage
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.texts import _

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

_OF_16_BITS = frozenset({"I;16", "I;16B"})
_OF_8_BITS = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})

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


def with_8_bits(image: Image.Image) -> Image.Image:
    """Return an image as it is scored and shown: with at most 8 bits a channel.

    Greys of 16 bits are brought to 8 by their full range: v / 257, rounded.

    Raises
    ------
    UnreadableRecordError
        Where the range of its values is not known.
    """
    if image.mode in _OF_16_BITS:
        values = np.asarray(image)
        nearest = values // 257
        nearest += values - 257 * nearest > 128
        return Image.fromarray(nearest.astype(np.uint8))
    if image.mode in _OF_8_BITS:
        return image
    raise UnreadableRecordError(
        _(
            "Nothing says which of the image's values is black and which is white. Save it as PNG or "
            "TIFF of 8 or 16 bits."
        )
        if image.mode in {"I", "F"}
        else _(
            "The image's colours are of a kind ({mode}) that is not scored. Save it as PNG.",
            mode=image.mode,
        )
    )


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
            # Greys that are stored times their opacity are taken by nothing else.
            decoded = image.convert("LA") if image.mode == "La" else image.copy()
            turn = _TURNS.get(bare.orientation)
            return decoded if turn is None else decoded.transpose(turn)
    except MemoryError:
        raise UnreadableRecordError(_("Unpacking the image takes more memory than there is.")) from None
    except Exception:  # A hostile file reaches every corner of a decoder: any fault is its own.
        raise UnreadableRecordError(_("The image is cut off or damaged.")) from None


def _not_an_image(stored: bytes) -> str:
    start = stored[:256].lstrip().lower()
    if not stored:
        return _("The file is empty.")
    if start.startswith(b"version https://git-lfs"):
        return _("A Git LFS pointer: the image itself was never downloaded.")
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return _("A web page or XML text, not an image.")
    if not stored.strip(b"\0"):
        return _("The file holds nothing but zeros.")
    if start.startswith((b"\x89png", b"gif8")):
        return _("The image is cut off or damaged.")
    return _("Not an image of a known format ({formats}).", formats=", ".join(FORMATS))
