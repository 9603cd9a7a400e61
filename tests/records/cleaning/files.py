"""Small image files, and what it means that two of them show the same."""

import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from dataselect_gui.records.cleaning.image import encode
from dataselect_gui.records.images import decode_image
from tests import hostile_files as hostile
from tests.hostile_files import png_chunk

HIDDEN = b"Mrs Smith of Ward Seven"


def shows_the_same(first: bytes, second: bytes) -> bool:
    shown = [decode_image(first), decode_image(second)]
    if shown[0].mode != shown[1].mode:  # A transparency that was told apart is within the pixels now.
        shown = [image.convert("RGBA") for image in shown]
    return bool(np.array_equal(np.asarray(shown[0]), np.asarray(shown[1])))


USUAL = hostile.stored(hostile.pixels(), "JPEG", quality=90, subsampling=0)


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        yield kind, png[place + 8 : place + 8 + length]
        place += length + 12


def rebuilt(png: bytes, change: Callable[[bytes, bytes], bytes]) -> bytes:
    """Return a PNG, each chunk as a function of its kind and data returns it."""
    return png[:8] + b"".join(change(kind, data) for kind, data in chunks(png))


def with_data(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return a change of a PNG's one chunk of data."""
    return lambda png: rebuilt(
        png, lambda kind, data: png_chunk(kind, change(data) if kind == b"IDAT" else data)
    )


def unpacked(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return with_data(lambda data: zlib.compress(change(zlib.decompress(data))))


RGB = encode(hostile.pixels())[1]

FLOATS = encode(Image.fromarray(np.random.default_rng(0).random((5, 7), dtype=np.float32)))[1]
