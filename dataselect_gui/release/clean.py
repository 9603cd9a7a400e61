"""Rid a record's file of everything but its pixels.

JPEG files lose their metadata without being encoded again; whatever else comes in is decoded and
written as PNG at its own bit depth, or as TIFF where PNG cannot hold the values.
"""

import io
import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image, TiffTags

from dataselect_gui.records.images import decode_image

_SOI, _EOI, _SOS, _APP0, _APP1, _APP14, _COM = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE, 0xFE
_CODING = frozenset({*range(0xC0, 0xD0), 0xDB, 0xDC, 0xDD}) - {0xC8}
_PLAIN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_PLAIN_TABLES = frozenset({0xC4, 0xDB, 0xDD})
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
_PNG_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 0x0112
_TIFF_NAMES = frozenset(
    "ImageWidth ImageLength BitsPerSample Compression PhotometricInterpretation StripOffsets "
    "SamplesPerPixel RowsPerStrip StripByteCounts PlanarConfiguration SampleFormat ExtraSamples "
    "InkSet".split()
)
EXTENSIONS = ("jpg", "png", "tif")


def clean_image(stored: bytes) -> tuple[str, bytes]:
    """Return a file that shows the same pixels and says nothing else.

    Parameters
    ----------
    stored : bytes
        An image file that `decode_image` can read.

    Returns
    -------
    tuple of str and bytes
        The extension and the content of the new file.
    """
    if stored.startswith(b"\xff\xd8"):
        stripped, is_ordinary = _stripped(stored)
        # An ordinary file has one way to be read. Bytes that only look like a JPEG's structure, and
        # mean something else to a decoder, must not get through.
        if stripped is not None and (
            is_ordinary or _same_pixels(decode_image(stripped), decode_image(stored))
        ):
            return "jpg", stripped
    return encode(decode_image(stored))


def encode(image: Image.Image) -> tuple[str, bytes]:
    """Write an image's pixels as PNG, or as TIFF where PNG cannot hold them."""
    if "transparency" in image.info:
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    if image.mode == "P":
        colours = np.array(image.getpalette("RGB") or [], dtype=np.uint8).reshape(-1, 3)
        colours[np.setdiff1d(np.arange(len(colours)), np.asarray(image))] = 0  # No pixel shows these.
        bare.putpalette(colours.tobytes(), "RGB")
    written = io.BytesIO()
    if bare.mode in _PNG_MODES:
        bare.save(written, "PNG")
        return "png", written.getvalue()
    bare.save(written, "TIFF")
    return "tif", written.getvalue()


def says_nothing_else(extension: str, content: bytes) -> bool:
    """Say whether a file holds only what `clean_image` leaves in."""
    if extension == "jpg":
        return strip_jpeg(content) == content
    if extension == "png":
        chunks = list(_png_chunks(content))
        return set(chunks) <= _PNG_CHUNKS and chunks[-1:] == [b"IEND"]
    with Image.open(io.BytesIO(content), formats=["TIFF"]) as image:
        tags = getattr(image, "tag_v2", {})
        return all(TiffTags.lookup(tag).name in _TIFF_NAMES for tag in tags)


def strip_jpeg(stored: bytes) -> bytes | None:
    """Return a JPEG without its metadata, its coded data untouched.

    Of the application segments only two stay, each in its shortest form, since they decide how the
    colours are read: JFIF and Adobe. An orientation is kept as an EXIF block of that one entry.
    What follows the end of the image is cut.

    Returns
    -------
    bytes or None
        None where the file is not built as a JPEG should be.
    """
    return _stripped(stored)[0]


def _stripped(stored: bytes) -> tuple[bytes | None, bool]:
    """Strip a JPEG, and say whether it is Huffman coded with its one frame before its scans."""
    kept: list[bytes] = []
    order: list[int] = []
    try:
        for marker, payload, scan in _segments(stored):
            order.append(marker)
            if marker == _APP0 and payload.startswith(b"JFIF\0"):
                segment = b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
            elif marker == _APP14 and payload.startswith(b"Adobe") and len(payload) >= 12:
                segment = b"Adobe\0\x64\0\0\0\0" + payload[11:12]
            elif marker in _CODING or marker == _SOS:
                segment = payload
            elif _APP0 <= marker <= 0xEF or marker == _COM:
                continue
            else:
                return None, False
            kept.append(struct.pack(">BBH", 0xFF, marker, len(segment) + 2) + segment + scan)
    except (IndexError, ValueError, struct.error):
        return None, False
    start, orientation = b"\xff\xd8", 1
    if _APP1 in order:
        with Image.open(io.BytesIO(stored), formats=["JPEG"]) as image:
            orientation = image.getexif().get(_ORIENTATION, 1)
    if orientation in range(2, 9):
        start += _orientation_segment(orientation)
    coding = [marker for marker in order if marker < _APP0 and marker not in _PLAIN_TABLES]
    is_ordinary = set(coding[:1]) <= _PLAIN_FRAMES and set(coding[1:]) == {_SOS}
    return start + b"".join(kept) + b"\xff\xd9", is_ordinary


def _segments(stored: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield each segment up to the end of the image: marker, payload, coded data behind it."""
    position = 2
    while True:
        if stored[position] != 0xFF:
            raise IndexError("no marker where one must be")
        while stored[position] == 0xFF:
            position += 1
        marker = stored[position]
        position += 1
        if marker == _EOI:
            return
        (length,) = struct.unpack_from(">H", stored, position)
        if length < 2 or position + length > len(stored):
            raise IndexError("a segment that is longer than the file")
        payload = stored[position + 2 : position + length]
        position += length
        start = position
        if marker == _SOS:
            while True:
                position = stored.index(b"\xff", position)
                if stored[position + 1] not in {0x00, *range(0xD0, 0xD8)}:
                    break
                position += 2
        yield marker, payload, stored[start:position]


def _orientation_segment(orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    payload = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry + bytes(4)
    return struct.pack(">BBH", 0xFF, 0xE1, len(payload) + 2) + payload


def _png_chunks(content: bytes) -> Iterator[bytes]:
    if not content.startswith(_PNG_SIGNATURE):
        yield b"none"
        return
    position = len(_PNG_SIGNATURE)
    while position < len(content):
        kind = content[position + 4 : position + 8]
        yield kind
        length = int.from_bytes(content[position : position + 4], "big")
        position += length + 12
    if position != len(content):
        yield b"cut"


def _same_pixels(one: Image.Image, other: Image.Image) -> bool:
    return one.mode == other.mode and np.array_equal(np.asarray(one), np.asarray(other))
