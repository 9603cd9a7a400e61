"""What leaves of a PNG, and what a check says of one that holds more than its pixels."""

import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from dataselect_gui.records.cleaning.image import clean_image, encode, says_nothing_else
from dataselect_gui.records.images import decode_image
from dataselect_gui.records.source import UnreadableRecordError
from tests import hostile_files as hostile
from tests.hostile_files import png_chunk, with_chunks
from tests.records.cleaning.files import (
    HIDDEN,
    RGB,
    USUAL,
    rebuilt,
    shows_the_same,
    unpacked,
    with_data,
)


def before_end(inserted: bytes) -> Callable[[bytes], bytes]:
    return lambda png: png[:-12] + inserted + png[-12:]


COLOURS = Image.frombytes("P", (5, 3), bytes([0, 1, 2, 1, 0] * 3))

COLOURS.putpalette(bytes(range(12)), "RGB")
PALETTE = encode(COLOURS)[1]
BITS = encode(hostile.pixels(13, 4).convert("1"))[1]


def filled_up(png: bytes) -> bytes:
    """Set the bits that fill up each row, without a filter."""
    rows = np.packbits(np.asarray(decode_image(png)), axis=1)
    rows[:, -1] |= 0b101
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    return with_data(lambda _: data)(png)


PNGS: dict[str, bytes] = {
    "another chunk of data": before_end(png_chunk(b"IDAT", HIDDEN))(RGB),
    "an empty chunk of data": before_end(png_chunk(b"IDAT", b""))(RGB),
    "behind the packed data": with_data(lambda data: data + HIDDEN)(RGB),
    "more rows than pixels": unpacked(lambda data: data + HIDDEN)(RGB),
    "a text": with_chunks(RGB, png_chunk(b"tEXt", b"a\0" + HIDDEN)),
    "a chunk of one's own": before_end(png_chunk(b"prIv", HIDDEN))(RGB),
    "a palette beside colours": with_chunks(RGB, png_chunk(b"PLTE", HIDDEN + b".")),
    "a transparency": with_chunks(RGB, png_chunk(b"tRNS", b"SECRET")),
    "in the end": rebuilt(RGB, lambda kind, data: png_chunk(kind, data or HIDDEN)),
    "behind the end": RGB + HIDDEN,
    "a wrong checksum": RGB[:-4] + b"Mrs!",
    "an orientation": with_chunks(RGB, png_chunk(b"eXIf", b"II*\0")),
    "a colour that no pixel shows": rebuilt(
        PALETTE, lambda kind, data: png_chunk(kind, data[:9] + b"Mrs" if kind == b"PLTE" else data)
    ),
    "more colours than fit": rebuilt(
        PALETTE, lambda kind, data: png_chunk(kind, data + HIDDEN + b"." if kind == b"PLTE" else data)
    ),
    "bits that fill up rows": filled_up(BITS),
}


@pytest.mark.parametrize("stored", PNGS.values(), ids=PNGS)
def test_a_png_with_more_than_its_pixels_is_found(stored: bytes) -> None:
    try:
        assert not says_nothing_else("png", stored)
        extension, content = clean_image(stored)
    except UnreadableRecordError:
        return  # No decoder takes it, so it is no image that could leave.
    assert says_nothing_else(extension, content)
    assert shows_the_same(content, stored)
    assert HIDDEN not in content


@pytest.mark.parametrize("stored", [RGB, PALETTE, BITS], ids=["colours", "a palette", "bits"])
def test_a_png_of_ours_is_not_taken_for_more(stored: bytes) -> None:
    assert says_nothing_else("png", stored)


def test_a_pixel_beyond_its_palette_stays_what_it_is() -> None:
    image = Image.frombytes("P", (5, 1), bytes([0, 1, 2, 3, 200]))
    image.putpalette(bytes(range(1, 13)), "RGB")
    extension, content = encode(image)
    assert says_nothing_else(extension, content)
    cleaned = decode_image(content)
    assert cleaned.tobytes() == image.tobytes()
    assert cleaned.convert("RGB").tobytes() == image.convert("RGB").tobytes()


def test_a_palette_with_transparency_keeps_its_colours() -> None:
    image = hostile.pixels().quantize(40).convert("PA")
    stored = hostile.stored(image, "TIFF")
    extension, content = clean_image(stored)
    assert says_nothing_else(extension, content)
    assert decode_image(content).tobytes() == image.convert("RGBA").tobytes()


def test_a_large_image_is_packed_in_one_way() -> None:
    image = Image.fromarray(np.tile(np.asarray(hostile.pixels(1000, 100)), (22, 1, 1)))
    extension, content = encode(image)
    assert encode(image) == (extension, content)
    assert says_nothing_else(extension, content)
    assert decode_image(content).tobytes() == image.tobytes()


def test_a_png_of_other_chunks_is_refused_without_a_copy_of_them() -> None:
    stored = with_chunks(USUAL, png_chunk(b"iTXt", bytes(1 << 20)) * 32)
    tracemalloc.start()
    try:
        assert not says_nothing_else("png", stored)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(stored) / 4


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 300, 768])
def test_a_palette_with_any_number_of_transparencies_is_cleaned_or_refused(count: int) -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette(bytes(range(48)))
    stored = with_chunks(hostile.stored(image, "PNG"), png_chunk(b"tRNS", bytes(count)))
    if count > 256:
        with pytest.raises(UnreadableRecordError, match="damaged"):
            decode_image(stored)
    else:
        assert says_nothing_else(*clean_image(stored))
