"""What leaves of a TIFF, and what a check says of one that holds more than its pixels."""

import struct

import pytest

from dataselect_gui.records.cleaning.image import clean_image, encode, says_nothing_else
from dataselect_gui.records.image_formats import tiff as taken_tiff
from dataselect_gui.records.images import decode_image
from tests import hostile_files as hostile
from tests.records.cleaning.files import FLOATS, HIDDEN, shows_the_same


def moved(tiff: bytes, inserted: bytes, entry: tuple[int, int, int, bytes] | None = None) -> bytes:
    """Append bytes to a TIFF, and an entry to a copy of its directory behind them."""
    (start,) = struct.unpack_from("<I", tiff, 4)
    (count,) = struct.unpack_from("<H", tiff, start)
    entries = tiff[start + 2 : start + 2 + 12 * count]
    if entry is not None:
        entries += struct.pack("<HHI4s", *entry)
        count += 1
    padding = bytes(len(tiff + inserted) % 2)
    place = len(tiff + inserted + padding)
    head = tiff[:4] + struct.pack("<I", place)
    return head + tiff[8:] + inserted + padding + struct.pack("<H", count) + entries + bytes(4)


def spare(tiff: bytes) -> bytes:
    """Hide bytes beside a value that does not fill its field: the 16 bits of the compression."""
    place = tiff.index(struct.pack("<HHI", 259, 3, 1)) + 10
    return tiff[:place] + b"Mr" + tiff[place + 2 :]


def in_one_strip(first: int, height: int = 9, width: int = 4, bits: int = 8) -> bytes:
    """Return a TIFF of strips of one row, all at one place; the first one's size is to be given."""
    row = width * bits // 8 or 1
    data = (b"." * row + HIDDEN).ljust(row * height, b".")
    place = 8 + len(data)
    sizes = [first, *[0] * (height - 1)] if first else [row] * height
    strips = [
        (273, 4, height, struct.pack("<I", place)),
        (279, 4, height, struct.pack("<I", place + 4 * height)),
    ]
    entries = [
        *hostile.grey(width, height, hostile.tag(258, bits)),
        *strips,
        *[hostile.tag(259, 1), hostile.tag(278, 1)],
    ]
    tables = hostile.longs(*[8] * height) + hostile.longs(*sizes)
    return hostile.tiff(entries, data + tables)


def strips_swapped(tiff: bytes) -> bytes:
    """Store the strips of a TIFF of ours in another order: the same bytes, and nothing between."""
    read = taken_tiff.read_directory(tiff)
    (first, second, *_), (size, other, *_) = read.numbers(273), read.numbers(279)
    assert size == other
    assert second == first + size
    place = read.entries[273].place
    content = tiff[:first] + tiff[second : second + size] + tiff[first:second] + tiff[second + size :]
    return content[:place] + struct.pack("<II", second, first) + content[place + 8 :]


BROAD = hostile.stored(decode_image(FLOATS), "TIFF", tiffinfo={278: 2})
OVERLAPPING: dict[str, bytes] = {
    "all bytes in the first strip": in_one_strip(36),
    "every strip the same": in_one_strip(0),
    "few bytes in the first strip": in_one_strip(24),
    "bits that fill up rows": in_one_strip(9, width=3, bits=1),
}


@pytest.mark.parametrize("stored", OVERLAPPING.values(), ids=OVERLAPPING)
def test_strips_that_share_bytes_hide_none(stored: bytes) -> None:
    decode_image(stored)
    assert not says_nothing_else("tif", stored)
    assert HIDDEN not in clean_image(stored)[1]


TIFFS: dict[str, bytes] = {
    "strips in another order": strips_swapped(BROAD),
    "behind the pixels": FLOATS + HIDDEN,
    "a directory elsewhere": moved(FLOATS, b""),
    "between": moved(FLOATS, HIDDEN),
    "a tag of one's own": moved(FLOATS, b"", (65_000, 7, 4, b"Mrs!")),
    "a description": moved(FLOATS, HIDDEN, (270, 2, len(HIDDEN), struct.pack("<I", len(FLOATS)))),
    "beside a value": spare(FLOATS),
    "coefficients that say nothing": moved(
        FLOATS, HIDDEN + b".", (529, 5, 3, struct.pack("<I", len(FLOATS)))
    ),
    "another directory": FLOATS[:-4] + FLOATS[-4:] + moved(FLOATS, b"")[-40:],
    "packed": hostile.stored(decode_image(FLOATS), "TIFF", compression="tiff_lzw"),
}


@pytest.mark.parametrize("stored", TIFFS.values(), ids=TIFFS)
def test_a_tiff_with_more_than_its_pixels_is_found(stored: bytes) -> None:
    assert not says_nothing_else("tif", stored)
    extension, content = clean_image(stored)
    assert extension == "tif"
    assert HIDDEN not in content
    assert shows_the_same(content, stored)
    assert says_nothing_else(extension, content)


@pytest.mark.parametrize("mode", ["I", "F", "CMYK"])
@pytest.mark.parametrize("width", [1, 7, 300])
def test_a_tiff_of_ours_is_not_taken_for_more(mode: str, width: int) -> None:
    extension, content = encode(hostile.pixels(width, 5, "L" if mode in "IF" else mode).convert(mode))
    assert extension == "tif"
    assert says_nothing_else("tif", content)
