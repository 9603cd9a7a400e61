"""Rid a record's file of everything but its pixels.

A JPEG of the usual kind, coded sequentially, keeps its coded data, under headers and tables written
anew. Any other file is decoded and written as PNG at its own bit depth, or as TIFF where PNG cannot
hold the values.
"""

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.records.cleaning.coded_data import ends_with_its_pixels
from dataselect_gui.records.cleaning.jpeg_edges import repeats_its_edge
from dataselect_gui.records.image_formats import jpeg, png
from dataselect_gui.records.images import decode_image, look_at

EXTENSIONS = ("jpg", "png", "tif")

_ORIENTATION = 0x0112
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
_LARGE = 1 << 21
"""Pixels beyond which an image is packed quickly rather than small."""
_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PALETTE = 3
_BARE_CHUNKS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})


def clean_image(stored: bytes, decoded: Image.Image | None = None) -> tuple[str, bytes]:
    """Return a file that shows the same pixels and says nothing else.

    Parameters
    ----------
    stored : bytes
        An image file that `decode_image` can read.
    decoded : Image.Image or None
        The decoded image, where that is known; its metadata is removed.

    Returns
    -------
    tuple of str and bytes
        The extension and the content of the new file.

    Raises
    ------
    UnreadableRecordError
        Where the file cannot be read after all.
    """
    if stored.startswith(jpeg.SIGNATURE):
        cleaned = _clean_jpeg(stored)
        if cleaned is not None:
            return "jpg", cleaned
    return encode(decode_image(stored) if decoded is None else decoded)


def _clean_jpeg(stored: bytes) -> bytes | None:
    """Return a JPEG with nothing but what decoding needs, its coded data untouched.

    An orientation is kept as an EXIF block of that one entry.

    Returns
    -------
    bytes or None
        None where it is not of the usual kind, or its coded data may hold more than its pixels.
    """
    try:
        taken_apart = jpeg.read_jpeg(stored)
    except (ArithmeticError, LookupError, ValueError, struct.error):
        return None
    if not taken_apart.is_sequential or not taken_apart.is_whole:
        return None
    if not taken_apart.codes_each_component_once:
        return None
    taken_apart.bare().check()
    if not ends_with_its_pixels(taken_apart) or not repeats_its_edge(taken_apart):
        return None
    orientation = taken_apart.orientation
    return taken_apart.content(_orientation_segment(orientation) if orientation > 1 else b"")


def encode(image: Image.Image) -> tuple[str, bytes]:
    """Write an image's pixels as PNG, or as TIFF where PNG cannot hold them.

    The metadata of `image` is removed.
    """
    if image.mode == "PA":  # Neither PNG nor TIFF is written with a palette and an alpha channel.
        image = image.convert("RGBA")
    # Pillow has no mode with 16 bits and transparency: these keep their values.
    if "transparency" in image.info and image.mode != "I;16":
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    # A large image is not copied: there may be no memory for it.
    bare = image.copy() if image.mode == "P" else image
    bare.info = {}  # Pillow writes metadata from here.
    if image.mode == "P":
        colours = np.zeros((256, 3), dtype=np.uint8)  # A pixel beyond its palette is black.
        given = np.array(image.getpalette("RGB") or [], dtype=np.uint8).reshape(-1, 3)
        colours[: len(given)] = given
        unseen = _unseen(image, 256)
        colours[unseen] = 0
        colours = colours[: max(len(given), 256 - int(np.argmin(unseen[::-1])))]
        bare.putpalette(colours.tobytes(), "RGB")
    written = io.BytesIO()
    if bare.mode in _PNG_MODES:
        # Searching for repetitions takes a second a megapixel; of large images only runs are sought.
        is_large = bare.width * bare.height > _LARGE
        bare.save(written, "PNG", **({"compress_type": zlib.Z_RLE} if is_large else {}))
        return "png", written.getvalue()
    bare.save(written, "TIFF")
    return "tif", written.getvalue()


def says_nothing_else(extension: str, content: bytes) -> bool:
    """Say whether a file holds only what `clean_image` leaves in.

    Raises
    ------
    UnreadableRecordError
        Where it cannot be read, or promises more than is safe to unpack.
    """
    kind = look_at(content).format
    try:
        if extension == "jpg":
            return kind == "JPEG" and _clean_jpeg(content) == content
        if extension == "png":
            return kind == "PNG" and _is_bare_png(content)
        return kind == "TIFF" and encode(decode_image(content)) == ("tif", content)
    except (ArithmeticError, LookupError, ValueError, struct.error, zlib.error):
        return False  # Its structure is not that of a cleaned file.


def _is_bare_png(content: bytes) -> bool:
    """Say whether a PNG has the chunks of its pixels alone, and in these nothing but pixels."""
    # Checked one by one first: a large file may hold very many chunks that must not be there.
    if any(kind not in _BARE_CHUNKS for kind, _ in png.chunks(content)):
        return False
    chunks = list(png.chunks(content))
    kinds = [kind for kind, _ in chunks]
    data = [chunk[8:-4] for kind, chunk in chunks if kind == b"IDAT"]
    whole = png.SIGNATURE + b"".join(chunk for _, chunk in chunks)
    if whole != content or not all(map(_is_chunk, (chunk for _, chunk in chunks))) or not all(data):
        return False
    width, height, depth, colours, *others = struct.unpack(">IIBBBBB", chunks[0][1][8:-4])
    palette = [b"PLTE"] if colours == _PALETTE else []
    if kinds != [b"IHDR", *palette, *[b"IDAT"] * len(data), b"IEND"] or others != [0, 0, 0]:
        return False
    if chunks[-1][1][8:-4]:
        return False
    row_bits = width * depth * _PNG_SAMPLES[colours]
    expected = height * (1 + (row_bits + 7) // 8)
    inflating = zlib.decompressobj()
    inflated = len(inflating.decompress(b"".join(data), expected + 1))
    if inflated != expected or not inflating.eof or inflating.unused_data:
        return False
    # The bits that fill up a row become pixels once the row is as wide as its bytes.
    filled = width + -row_bits % 8 // depth
    header = struct.pack(">I", filled) + chunks[0][1][12:-4]
    image = decode_image(png.SIGNATURE + png.chunk(b"IHDR", header) + content[33:])
    if image.crop((width, 0, filled, height)).getbbox() is not None:
        return False
    shown = np.frombuffer(chunks[1][1][8:-4] if palette else b"", dtype=np.uint8).reshape(-1, 3)
    return not shown[_unseen(image, len(shown))].any()


def _is_chunk(chunk: bytes) -> bool:
    """Say whether a chunk is complete and has the right checksum."""
    return len(chunk) >= 12 and zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _unseen(image: Image.Image, colours: int) -> NDArray[np.bool_]:
    """Return which of a palette's colours no pixel shows."""
    return np.equal(image.histogram()[:colours], 0)


def _orientation_segment(orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    payload = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry + bytes(4)
    return jpeg.segment(0xE1, payload)
