"""Decode one image file, taking for granted that the file may be hostile.

What its header promises is bounded before anything is unpacked, and a decoder is given nothing but
what the first image's pixels need (`formats`). Orientation is applied. What is scored and shown has 8
bits a channel; what leaves keeps its own depth. Reasons are told in our own words, since a decoder's
message may hold a path.
"""

import io
import math
import warnings
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.records.image_formats import bare_image
from dataselect_gui.records.image_formats.bare import BareImage
from dataselect_gui.records.source import UnknownRangeError, UnreadableRecordError
from dataselect_gui.texts import _

EXTENSIONS = frozenset(
    ".jpg .jpeg .jpe .jfif .png .apng .gif .bmp .dib .tif .tiff .webp .pbm .pgm .ppm .pnm .tga "
    ".jp2 .j2k .jpf .jpx".split()
)
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PBM", "PGM", "PPM", "TGA", "JPEG 2000")
OTHER_EXTENSIONS = frozenset(
    ".avif .heic .heif .jxl .svg .psd .xcf .exr .hdr .dds .ico .pcx .sgi .ras .pfm "
    ".qoi .fits .eps .xbm .xpm .cr2 .cr3 .nef .arw .dng .orf .svs .ndpi .dcm .nii .mha .nrrd".split()
)
"""Of images that are not read here: passed over with a word, never in silence.

Pillow decodes AVIF, but gives 8 bits of those that have 10 or 12, and what its decoder sets aside
follows from headers within the coded data, which would have to be read here first.
"""
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

_OTHERS = {
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"8BPS": "PSD",
    b"\x76\x2f\x31\x01": "OpenEXR",
}
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "HEIC"),
    b"crx ": "CR3",
}
_LONGEST_BRANDS = 256
"""Bytes of a list of brands that are looked at."""
_OF_16_BITS = frozenset({"I;16", "I;16B"})
_OF_8_BITS = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK"})
_READ_AS = {"La": "LA", "YCbCr": "RGB"}
"""Modes that hardly anything else takes: greys times their opacity, and colours as JPEG has them."""
_LEAST_WHITE = 1 << 14
"""Scanners put 10, 12 or 14 bits into 16: an image of no brighter value may be one of these."""
_AT_ONCE = 1 << 20
"""Pixels."""
PixelRange: TypeAlias = tuple[float, float]
"""The values of black and of white."""
Values: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]
"""A picture's own values: greys of 8 or 16 bits or any numbers, shape (height, width); or RGB,
of 8 bits, shape (height, width, 3)."""

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


def with_8_bits(image: Image.Image, pixel_range: PixelRange | None = None) -> Image.Image:
    """Return an image as it is scored and shown: with at most 8 bits a channel.

    An image of 8 bits is returned as it is. Of a deeper one a value v becomes 255·(v − low) / (high −
    low), cut off at 0 and 255 and rounded to the nearest, half to even.

    Parameters
    ----------
    image : Image.Image
        As it was decoded.
    pixel_range : tuple of float or None
        Low and high, as the consortium's request states them. Without it greys of 16 bits have their
        full range, 0 to 65535, which makes it v / 257, and floats from 0 to 1 have that range.

    Raises
    ------
    UnreadableRecordError
        Where the range of its values is not known, or not all of them are finite numbers.
    """
    if image.mode in _OF_8_BITS:
        return image
    if image.mode not in {*_OF_16_BITS, "I", "F"}:
        raise UnreadableRecordError(
            _(
                "The image's colours are of a kind ({mode}) that is not scored. Save it as PNG.",
                mode=image.mode,
            )
        )
    values = np.asarray(image)
    least, most = float(values.min()), float(values.max())
    if not math.isfinite(most - least):
        raise _not_finite()
    if image.mode in _OF_16_BITS and pixel_range is None:
        _check_white(most)
        nearest = values // 257
        nearest += values - 257 * nearest > 128
        return Image.fromarray(nearest.astype(np.uint8))
    if image.mode == "F" and pixel_range is None and least >= 0 and most <= 1:
        pixel_range = 0.0, 1.0
    if pixel_range is None:
        raise _unknown_range()
    low, high = pixel_range
    scaled = np.empty(values.shape, dtype=np.uint8)
    parts = -(-values.size // _AT_ONCE)  # In float64, all of a large image would take too much memory.
    for part, result in zip(np.array_split(values, parts), np.array_split(scaled, parts), strict=True):
        exact = 255 * (part.astype(np.float64) - low) / (high - low)
        result[:] = np.rint(np.clip(exact, 0, 255))
    return Image.fromarray(scaled)


def own_values(image: Image.Image) -> Values:
    """Return an image's values as they are stored, for a person who chooses black and white herself.

    Nothing has to be known of their range. Colours that are all greys are one channel.

    Parameters
    ----------
    image : Image.Image
        As it was decoded.

    Returns
    -------
    ndarray
        Shape (height, width): greys of 8 or 16 bits, or floats for any other numbers; or RGB of 8 bits,
        shape (height, width, 3).

    Raises
    ------
    UnreadableRecordError
        Where the image's colours are of a kind that is not shown, or not all numbers are finite.
    """
    if image.mode in _OF_16_BITS:
        return np.asarray(image).astype(np.uint16)
    if image.mode in {"I", "F"}:
        numbers = np.asarray(image).astype(np.float32)
        if not np.isfinite(numbers).all():
            raise _not_finite()
        return numbers
    image = with_8_bits(image)
    if image.mode == "L":
        return np.asarray(image)
    colours = np.asarray(image.convert("RGB"))
    first = colours[..., 0]
    is_grey = all(np.array_equal(first, colours[..., channel]) for channel in (1, 2))
    return np.ascontiguousarray(first) if is_grey else colours


def white_of_16_bits(most: float) -> float | None:
    """Return white for greys of 16 bits whose brightest is that; None where nothing says it."""
    return None if 0 < most < _LEAST_WHITE else 65535.0


def _not_finite() -> UnreadableRecordError:
    return UnreadableRecordError(_("The record holds values that are not finite numbers."))


def _check_white(most: float) -> None:
    """Refuse greys of 16 bits, all of which may be dark or may have fewer bits than there are."""
    if white_of_16_bits(most) is None:
        raise UnknownRangeError(
            _(
                "The image has 16 bits a pixel and no value above {most:,.0f} of 65,535: nothing says "
                "whether it is dark, or has fewer bits than are stored. The consortium's request can "
                "say so (pixel_range), or save it with its full range.",
                most=most,
            )
        )


def _unknown_range() -> UnknownRangeError:
    return UnknownRangeError(
        _(
            "Nothing says which of the image's values is black and which is white. The consortium's "
            "request can say so (pixel_range), or save it as PNG or TIFF of 8 or 16 bits."
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
            read_as = _READ_AS.get(image.mode)
            decoded = image.copy() if read_as is None else image.convert(read_as)
            palette = decoded.palette
            if palette is not None and palette.mode == "RGBA" and "transparency" not in decoded.info:
                decoded = decoded.convert("RGBA")  # Its colours have an opacity each.
            if bare.white_is_zero:
                decoded = _counted_from_black(decoded)
            if bare.format == "PPM" and decoded.mode == "I":  # It holds no more than 16 bits.
                decoded = Image.fromarray(np.asarray(decoded).astype(np.uint16))
            turn = _TURNS.get(bare.orientation)
            return decoded if turn is None else decoded.transpose(turn)
    except UnreadableRecordError:
        raise
    except MemoryError:
        raise UnreadableRecordError(_("Unpacking the image takes more memory than there is.")) from None
    except Exception:  # A hostile file reaches every corner of a decoder: any fault is its own.
        raise UnreadableRecordError(_("The image is cut off or damaged.")) from None


def _counted_from_black(image: Image.Image) -> Image.Image:
    """Return greys of 16 bits turned: 65535 − v."""
    values = np.asarray(image)
    _check_white(float(values.max()))
    return Image.fromarray(65535 - values.astype(np.uint16))


def _other_format(stored: bytes) -> str | None:
    """Return the name of a format that is known and not read."""
    if (
        stored[4:8] == b"ftyp"
    ):  # A family of formats, of which a file may name several, the first one best.
        end = min(int.from_bytes(stored[:4], "big"), _LONGEST_BRANDS)
        brands = [stored[8:12], *(stored[place : place + 4] for place in range(16, end, 4))]
        return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)
    return next((name for start, name in _OTHERS.items() if stored.startswith(start)), None)


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
    if (name := _other_format(stored)) is not None:
        return _(
            "An image of the format {name}, which is not read here. Save it as PNG with 8 bits a "
            "channel.",
            name=name,
        )
    return _("Not an image of a known format ({formats}).", formats=", ".join(FORMATS))
