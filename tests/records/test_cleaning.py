"""What leaves of an image, and what a check says of it."""

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from dataselect_gui.errors import FaultError
from dataselect_gui.records.cleaning.image import clean_image, encode, says_nothing_else
from dataselect_gui.records.forms import image_files
from dataselect_gui.records.forms.form import DATA
from dataselect_gui.records.image_formats import jpeg as taken
from dataselect_gui.records.image_formats import tiff as taken_tiff
from dataselect_gui.records.images import decode_image
from dataselect_gui.records.source import UnreadableRecordError
from tests import hostile_files as hostile
from tests.hostile_files import before_scans, png_chunk, segment, with_chunks

HIDDEN = b"Mrs Smith of Ward Seven"


def shows_the_same(one: bytes, other: bytes) -> bool:
    shown = [decode_image(one), decode_image(other)]
    if shown[0].mode != shown[1].mode:  # A transparency that was told apart is within the pixels now.
        shown = [image.convert("RGBA") for image in shown]
    return bool(np.array_equal(np.asarray(shown[0]), np.asarray(shown[1])))


# JPEG


def at_end(jpeg: bytes) -> bytes:
    return jpeg[:-2] + HIDDEN + b"\xff\xd9"


def table(name: int) -> bytes:
    """Return a quantisation table of hidden text."""
    return segment(0xDB, bytes([name]) + HIDDEN.ljust(64, b"."))


def codes(name: int) -> bytes:
    """Return a Huffman table of hidden text."""
    return segment(0xC4, bytes([name, *[0] * 15, len(HIDDEN)]) + HIDDEN)


def first_redefined(jpeg: bytes) -> bytes:
    """Define a table before the one that is used."""
    return jpeg.replace(b"\xff\xdb", table(0) + b"\xff\xdb", 1)


def behind_each_restart(jpeg: bytes) -> bytes:
    place = jpeg.index(b"\xff\xd0")
    return jpeg[:place] + HIDDEN + jpeg[place:]


def behind_scan(number: int) -> Callable[[bytes], bytes]:
    """Hide something behind the coded data of one of several scans."""

    def change(jpeg: bytes) -> bytes:
        places = [i for i in range(len(jpeg) - 1) if jpeg[i : i + 2] == b"\xff\xda"]
        end = jpeg.index(b"\xff\xc4" if number < len(places) - 1 else b"\xff\xd9", places[number])
        return jpeg[:end] + HIDDEN + jpeg[end:]

    return change


def scan_by_scan(jpeg: bytes) -> bytes:
    """Return an image of the same kind whose components are coded in a scan each."""
    whole = taken.read_jpeg(jpeg)
    (only,) = whole.scans
    grey = [
        hostile.stored(Image.new("L", (whole.width, whole.height), 90 * n), "JPEG") for n in range(3)
    ]
    parts = [b"\xff\xd8", only.quantisation]
    parts.append(taken.frame_segment(0xC0, whole.width, whole.height, whole.components))
    for component, one in zip(whole.components, grey, strict=True):
        (scan,) = taken.read_jpeg(one).scans
        header = segment(0xDA, bytes([1, component.name, 0, 0, 63, 0]))
        parts += [scan.tables, header, scan.coded]
    return b"".join(parts) + b"\xff\xd9"


USUAL = hostile.stored(hostile.pixels(), "JPEG", quality=90, subsampling=0)


def scans_again(place: int, component: int) -> bytes:
    """Code a component of an image twice, whose later scan replaces the earlier."""
    parts = scan_by_scan(USUAL).split(b"\xff\xda")
    start, *scans = parts[0], *(b"\xff\xda" + part for part in parts[1:])
    scans[-1] = scans[-1].removesuffix(b"\xff\xd9")
    scans.insert(place, scans[component])
    return start + b"".join(scans) + b"\xff\xd9"


def filled(place: bytes, count: int) -> Callable[[bytes], bytes]:
    """Fill bytes in before every occurrence of some in the coded data."""

    def change(jpeg: bytes) -> bytes:
        start = jpeg.index(b"\xff\xda")
        head, coded = jpeg[:start], jpeg[start:]
        assert coded.count(place)
        return head + coded.replace(place, b"\xff" * count + place)

    return change


RESTARTS = hostile.stored(hostile.pixels(), "JPEG", quality=90, restart_marker_blocks=2)
PROGRESSIVE = hostile.stored(hostile.pixels(), "JPEG", progressive=True)
STUFFED: dict[str, bytes] = {
    "before the end": at_end(USUAL),
    "one byte before the end": USUAL[:-2] + b"\x55\xff\xd9",
    "zeros before the end": USUAL[:-2] + bytes(3) + b"\xff\xd9",
    "a coded 0xFF before the end": USUAL[:-2] + b"\xff\0\xff\xd9",
    "filling before the end": USUAL[:-2] + b"\xff" * 9 + b"\xff\xd9",
    "restart markers before the end": USUAL[:-2] + b"\xff\xd0\xff\xd1" + HIDDEN + b"\xff\xd9",
    "filling before a coded 0xFF": filled(b"\xff\0", 1)(USUAL),
    "much filling before a coded 0xFF": filled(b"\xff\0", 99)(USUAL),
    "filling before a restart": filled(b"\xff\xd0", 1)(RESTARTS),
    "filling before a coded 0xFF among restarts": filled(b"\xff\0", 7)(RESTARTS),
    "behind the end": USUAL + HIDDEN,
    "an unused quantisation table": before_scans(USUAL, table(3)),
    "an unused Huffman table": before_scans(USUAL, codes(0x13)),
    "a table that is defined again": first_redefined(USUAL),
    "a table of 16 bits that is unused": before_scans(
        USUAL, segment(0xDB, b"\x13" + HIDDEN.ljust(128, b"."))
    ),
    "a comment": before_scans(USUAL, segment(0xFE, HIDDEN)),
    "an application segment": before_scans(USUAL, segment(0xEB, HIDDEN)),
    "a longer JFIF segment": USUAL.replace(
        segment(0xE0, USUAL[6:20]), segment(0xE0, USUAL[6:20] + HIDDEN), 1
    ),
    "between segments": before_scans(USUAL, HIDDEN),
    "filling between segments": before_scans(USUAL, b"\xff" * 40),
    "numbers of a scan that say nothing": USUAL.replace(b"\0\x3f\0", b"SMI", 1),
    "behind a restart": behind_each_restart(RESTARTS),
    "behind the last restart": at_end(RESTARTS),
    "restart intervals without restarts": before_scans(USUAL, segment(0xDD, b"\0\x07")),
    "behind a scan of three": behind_scan(1)(scan_by_scan(USUAL)),
    "behind the last scan of three": at_end(scan_by_scan(USUAL)),
    "behind a scan of a progressive image": behind_scan(1)(PROGRESSIVE),
    "behind the last scan of a progressive image": at_end(PROGRESSIVE),
}


@pytest.mark.parametrize("stored", STUFFED.values(), ids=STUFFED)
def test_no_byte_that_pixels_do_not_need_leaves_in_a_jpeg(stored: bytes) -> None:
    assert not says_nothing_else("jpg", stored)
    extension, content = clean_image(stored)
    assert HIDDEN not in content
    assert len(content) <= len(USUAL) or extension == "png"
    assert shows_the_same(content, stored)
    assert says_nothing_else(extension, content)
    assert clean_image(content) == (extension, content)


def test_no_byte_whatever_it_is_follows_coded_data() -> None:
    assert clean_image(USUAL)[0] == "jpg"
    for byte in range(256):
        more = bytes([byte, 0]) if byte == 0xFF else bytes([byte])
        assert clean_image(USUAL[:-2] + more + b"\xff\xd9")[0] == "png"


@pytest.mark.parametrize(("place", "component"), [(0, 0), (3, 0), (1, 0), (1, 1), (3, 2)])
def test_a_component_that_is_coded_twice_leaves_as_it_shows(place: int, component: int) -> None:
    """Of two scans only the later is seen: the other may be a picture of its own."""
    built = taken.read_jpeg(scans_again(place, component)).content()
    assert taken.read_jpeg(built).scan_count == 4
    assert not says_nothing_else("jpg", built)
    extension, content = clean_image(built)
    assert extension == "png"
    assert shows_the_same(content, built)
    assert clean_image(taken.read_jpeg(scan_by_scan(USUAL)).content())[0] == "jpg"


KEPT: dict[str, bytes] = {
    "usual": USUAL,
    "grey": hostile.stored(hostile.pixels(mode="L"), "JPEG"),
    "CMYK": hostile.stored(hostile.pixels(mode="CMYK"), "JPEG"),
    "subsampled": hostile.stored(hostile.pixels(), "JPEG", subsampling=2),
    "optimised": hostile.stored(hostile.pixels(), "JPEG", optimize=True),
    "of one colour": hostile.stored(Image.new("RGB", (40, 24), "white"), "JPEG"),
    "restarts": RESTARTS,
    "restarts by rows": hostile.stored(hostile.pixels(), "JPEG", restart_marker_rows=1),
    "restarts after every block": hostile.stored(hostile.pixels(), "JPEG", restart_marker_blocks=1),
    "scan by scan": scan_by_scan(USUAL),
}


@pytest.mark.parametrize("stored", KEPT.values(), ids=KEPT)
def test_a_jpeg_that_hides_nothing_keeps_its_coded_data(stored: bytes) -> None:
    extension, content = clean_image(stored)
    assert extension == "jpg"
    before, after = taken.read_jpeg(stored), taken.read_jpeg(content)
    assert [scan.coded for scan in before.scans] == [scan.coded for scan in after.scans]
    assert shows_the_same(content, stored)


def cut_off(image: Image.Image, width: int, height: int, **options: object) -> bytes:
    """Return a JPEG of a part of an image, whose coded data hold all of it."""
    whole = hostile.stored(image, "JPEG", **options)
    return hostile.sized(whole, width, height)


PAGE = Image.new("RGB", (64, 64), (200, 190, 180))
for place in range(-44, 64, 10):  # To the edge, and beyond it.
    ImageDraw.Draw(PAGE).text((place % 30, place), "Mrs Smith of Ward 7", fill=(20, 10, 0))
CUT_OFF: dict[str, bytes] = {
    "columns of grey": cut_off(PAGE.convert("L"), 57, 64),
    "columns of hardly anything": cut_off(PAGE.convert("L"), 59, 64, quality=30),
    "rows of grey": cut_off(PAGE.convert("L"), 64, 59),
    "columns and rows of grey": cut_off(PAGE.convert("L"), 61, 58),
    "columns": cut_off(PAGE, 60, 64, subsampling=0),
    "rows": cut_off(PAGE, 64, 61, subsampling=0),
    "whole blocks beside": cut_off(PAGE, 56, 64, subsampling=2),
    "whole blocks below": cut_off(PAGE, 64, 50, subsampling=2),
    "whole blocks of a shade, below": cut_off(
        PAGE.resize((8, 8)).resize((64, 64), Image.Resampling.NEAREST),
        64,
        56,
        subsampling=2,
        quality=95,
    ),
    "fewer columns of colour": cut_off(PAGE, 63, 64, subsampling=1),
    "columns among restarts": cut_off(PAGE, 60, 64, subsampling=0, restart_marker_rows=1),
    "columns of four colours": cut_off(PAGE.convert("CMYK"), 60, 64),
}


@pytest.mark.parametrize("stored", CUT_OFF.values(), ids=CUT_OFF)
def test_what_lies_beyond_the_edge_of_a_picture_does_not_leave(stored: bytes) -> None:
    assert not says_nothing_else("jpg", stored)
    extension, content = clean_image(stored)
    assert extension in {"png", "tif"}
    assert shows_the_same(content, stored)
    assert says_nothing_else(extension, content)


@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("subsampling", [None, 0, 2])
@pytest.mark.parametrize("size", [(41, 48), (48, 43), (47, 46), (40, 40), (1, 1), (56, 57)])
def test_a_jpeg_of_any_size_keeps_its_coded_data(
    size: tuple[int, int], subsampling: int | None, quality: int
) -> None:
    """What encoders write beyond the edge is recognised, be the picture smooth or noise."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    for image in (coarse.resize(size, Image.Resampling.BICUBIC), hostile.pixels(*size)):
        if subsampling is None:
            stored = hostile.stored(image.convert("L"), "JPEG", quality=quality)
        else:
            stored = hostile.stored(image, "JPEG", quality=quality, subsampling=subsampling)
        extension, content = clean_image(stored)
        assert extension == "jpg"
        assert shows_the_same(content, stored)


def late(segments: bytes) -> bytes:
    return USUAL[:-2] + segments + b"\xff\xd9"


def exif(orientation: int) -> bytes:
    entry = struct.pack("<HHHIHH", 1, 0x0112, 3, 1, orientation, 0)
    return segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + entry + bytes(4))


LATE: dict[str, bytes] = {
    "a turn": late(exif(3)),
    "colours": late(segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")),
    "between scans": scan_by_scan(USUAL)
    .replace(b"\xff\xc4", exif(6) + segment(0xEE, b"Adobe\0\x64\0\0\0\0\0") + b"\xff\xc4", 5)
    .replace(exif(6) + segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"), b"", 2),
}


@pytest.mark.parametrize("stored", LATE.values(), ids=LATE)
def test_nothing_behind_the_first_scan_changes_a_picture(stored: bytes) -> None:
    """Decoders do not look there, and neither do we: seen, scored and released it is one picture."""
    with Image.open(io.BytesIO(stored)) as opened:
        seen = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    assert np.array_equal(np.asarray(decode_image(stored)), seen)
    assert np.array_equal(np.asarray(decode_image(clean_image(stored)[1])), seen)


@pytest.mark.parametrize("hidden", [b"\x12\x34", HIDDEN, b"\xff\0"])
def test_a_large_jpeg_is_unpacked_a_few_times_at_most(
    monkeypatch: pytest.MonkeyPatch, hidden: bytes
) -> None:
    whole = hostile.stored(Image.new("L", (4096, 4096), 90), "JPEG")
    unpacked: list[tuple[int, int]] = []
    unpack = Image.Image.tobytes

    def counted(image: Image.Image) -> bytes:
        unpacked.append(image.size)
        return unpack(image)

    monkeypatch.setattr(Image.Image, "tobytes", counted)
    assert not says_nothing_else("jpg", whole[:-2] + hidden + b"\xff\xd9")
    assert unpacked.count((4096, 4096)) <= 4
    assert len(unpacked) <= 7


@pytest.mark.parametrize("quality", [30, 75, 95, 100])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_hardly_a_jpeg_becomes_larger(quality: int, mode: str) -> None:
    """Where coded data ends is seen in nearly every image; in any other, nothing is lost but room."""
    rng, kept = np.random.default_rng(0), 0
    for _ in range(50):
        coarse = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize((48, 48), Image.Resampling.BICUBIC).convert(mode)
        stored = hostile.stored(image, "JPEG", quality=quality)
        extension, content = clean_image(stored)
        kept += extension == "jpg"
        assert shows_the_same(content, stored)
    assert kept >= 48


def test_a_progressive_jpeg_leaves_as_its_pixels() -> None:
    extension, content = clean_image(PROGRESSIVE)
    assert extension == "png"
    assert shows_the_same(content, PROGRESSIVE)


# PNG


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


def in_header(place: int, value: int) -> Callable[[bytes], bytes]:
    def change(kind: bytes, data: bytes) -> bytes:
        if kind == b"IHDR":
            data = data[:place] + bytes([value]) + data[place + 1 :]
        return png_chunk(kind, data)

    return lambda png: rebuilt(png, change)


def before_end(inserted: bytes) -> Callable[[bytes], bytes]:
    return lambda png: png[:-12] + inserted + png[-12:]


RGB = encode(hostile.pixels())[1]
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


# TIFF


FLOATS = encode(Image.fromarray(np.random.default_rng(0).random((5, 7), dtype=np.float32)))[1]


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


@pytest.mark.parametrize(
    ("extension", "stored"), [("jpg", RGB), ("png", USUAL), ("tif", RGB), ("png", FLOATS)]
)
def test_a_file_of_another_format_than_its_name_says_is_found(extension: str, stored: bytes) -> None:
    assert not says_nothing_else(extension, stored)


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


# The check of a bundle


def folder_of(root: Path, files: dict[str, bytes]) -> list[Path]:
    (root / DATA).mkdir(parents=True)
    for name, content in files.items():
        (root / DATA / name).write_bytes(content)
    return sorted((root / DATA).iterdir())


LARGE: dict[str, tuple[str, bytes]] = {
    "TIFF": ("a.tif", hostile.tiff_of_one_tile(32_768)),
    "JPEG": ("a.jpg", hostile.jpeg_of_scans(1000)),
    "PNG": ("a.png", hostile.png_of_chunks(100_000)),
    "pixels": ("a.png", RGB[:16] + struct.pack(">II", 1 << 20, 1 << 20) + RGB[24:]),
}


@pytest.mark.parametrize(("name", "stored"), LARGE.values(), ids=LARGE)
def test_a_check_refuses_what_promises_too_much_before_it_decodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, stored: bytes
) -> None:
    files = folder_of(tmp_path, {name: stored})
    opened: list[object] = []
    monkeypatch.setattr(Image, "open", lambda *_, **__: opened.append(1))
    with pytest.raises(FaultError, match="it may be made to"):
        image_files.nothing_but_pixels(files)
    assert not opened


def test_blank_pages_pass_however_many_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a small file of many pixels; what bounds them is what one image may have."""
    plain = encode(Image.new("1", (8192, 8184)))[1]
    files = folder_of(tmp_path, {f"{number:02}.png": plain for number in range(40)})
    decoded: list[object] = []
    monkeypatch.setattr(image_files, "says_nothing_else", lambda *_: True)
    monkeypatch.setattr(image_files, "decode_image", decoded.append)
    image_files.nothing_but_pixels(files)
    assert len(decoded) == 40


def test_a_check_refuses_pixels_that_nobody_sees_before_it_decodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few they are: the program writes no tiles."""
    tile = hostile.tiff_of_tiles(8, 8, 1024, 8, [zlib.compress(bytes(1 << 20))])
    files = folder_of(tmp_path, {"a.tif": tile})
    decoded: list[object] = []
    monkeypatch.setattr(image_files, "says_nothing_else", lambda *_: decoded.append(1))
    with pytest.raises(FaultError, match="unpacks to more"):
        image_files.nothing_but_pixels(files)
    assert not decoded


# Whatever is wrong with a file


FORMS = ["PNG", "GIF", "TIFF", "BMP", "WEBP"]


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "YCbCr"])
@pytest.mark.parametrize("form", FORMS)
def test_whatever_is_wrong_with_a_file_it_is_refused_or_leaves_as_it_shows(
    form: str, mode: str
) -> None:
    rng = np.random.default_rng(0)
    image = hostile.pixels(13, 9, "RGB").convert(mode)
    try:
        whole = hostile.stored(image, form)
    except (OSError, ValueError):
        pytest.skip("this format has no such mode")
    for _ in range(60):
        harmed = bytearray(whole)
        for _ in range(rng.integers(0, 3)):
            harmed[int(rng.integers(len(harmed)))] = int(rng.integers(256))
        try:
            decode_image(bytes(harmed))
        except UnreadableRecordError:
            continue
        extension, content = clean_image(bytes(harmed))
        assert says_nothing_else(extension, content)
        assert shows_the_same(content, bytes(harmed))
