"""What leaves of a JPEG: its coded data where it hides nothing, else its pixels."""

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from dataselect_gui.records.cleaning.image import clean_image, says_nothing_else
from dataselect_gui.records.image_formats import jpeg as taken
from dataselect_gui.records.images import decode_image
from tests import hostile_files as hostile
from tests.hostile_files import before_scans, segment
from tests.records.cleaning.files import HIDDEN, USUAL, shows_the_same


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
    for component, of_component in zip(whole.components, grey, strict=True):
        (scan,) = taken.read_jpeg(of_component).scans
        header = segment(0xDA, bytes([1, component.name, 0, 0, 63, 0]))
        parts += [scan.tables, header, scan.coded]
    return b"".join(parts) + b"\xff\xd9"


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
