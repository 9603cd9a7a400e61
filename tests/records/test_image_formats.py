"""Which files of a folder are read, in which formats; and what is said of those that are not."""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.records.cleaning.image import clean_image, says_nothing_else
from dataselect_gui.records.decoding_process import shared
from dataselect_gui.records.images import EXTENSIONS, OTHER_EXTENSIONS
from dataselect_gui.records.kinds.images import IMAGES
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef, UnreadableRecordError
from tests.helpers import image_folder

GREYS = np.random.default_rng(0).integers(0, 256, (9, 14), dtype=np.uint8)
COLOURS = np.random.default_rng(1).integers(0, 256, (9, 14, 3), dtype=np.uint8)
BITS = GREYS > 127


def numbers_of(values: NDArray[Any]) -> bytes:
    return " ".join(str(int(value)) for value in values.ravel()).encode()


def tga(
    pixels: bytes, kind: int, depth: int, flags: int, before: bytes = b"", colours: int = 0
) -> bytes:
    """Return a TGA by hand; ``before`` are the colours of its palette, 3 bytes each."""
    header = struct.pack(
        "<BBBHHBHHHHBB",
        3,
        int(bool(colours)),
        kind,
        0,
        colours,
        24 * bool(colours),
        0,
        0,
        14,
        9,
        depth,
        flags,
    )
    return header + b"an " + before + pixels


def runs(rows: NDArray[Any]) -> bytes:
    """Return rows of pixels in packets of TGA's run lengths: one of a run, then those of their own."""
    packed = b""
    for row in rows.reshape(9, 14, -1):
        packed += b"\x80" + row[0].tobytes() + bytes([12]) + row[1:].tobytes()
    return packed


def jpeg2000(values: NDArray[Any], **options: object) -> bytes:
    written = io.BytesIO()
    Image.fromarray(values).save(written, "JPEG2000", irreversible=False, **options)
    return written.getvalue()


def with_field(stored: bytes, marker: int, place: int, form: str, value: int) -> bytes:
    """Return a JPEG 2000 with another number in the segment of a marker."""
    edited = bytearray(stored)
    struct.pack_into(form, edited, stored.index(struct.pack(">H", marker)) + place, value)
    return bytes(edited)


BGR = COLOURS[:, :, ::-1]
TOP = 0x20
FILES: dict[str, tuple[bytes, NDArray[Any]]] = {
    "PGM": (b"P5\n14 9\n255\n" + GREYS.tobytes(), GREYS),
    "PGM with comments": (b"P5 # a name\n# another\n14\t9 #\r255\n" + GREYS.tobytes() + b"more", GREYS),
    "PGM of 16 bits": (b"P5 14 9 65535\n" + (GREYS.astype(">u2") * 257).tobytes(), GREYS),
    "PGM of 5 levels": (b"P5 14 9 4\n" + (GREYS // 52).tobytes(), np.rint(GREYS // 52 / 4 * 255)),
    "PGM in words": (b"P2 14 9 255\n" + numbers_of(GREYS), GREYS),
    "PPM": (b"P6 14 9 255\n" + COLOURS.tobytes(), COLOURS),
    "PPM in words": (b"P3 14 9 255 " + numbers_of(COLOURS), COLOURS),
    "PBM": (b"P4 14 9\n" + np.packbits(~BITS, axis=1).tobytes(), BITS * 255),
    "PBM in words": (b"P1 14 9\n" + numbers_of(~BITS), BITS * 255),
    "JPEG 2000": (jpeg2000(COLOURS), COLOURS),
    "JPEG 2000 without boxes": (jpeg2000(GREYS, no_jp2=True), GREYS),
    "JPEG 2000 of 16 bits": (jpeg2000(GREYS.astype(np.uint16) * 257), GREYS),
    "JPEG 2000 of tiles": (jpeg2000(COLOURS, tile_size=(8, 8)), COLOURS),
    "JPEG 2000 of precincts": (jpeg2000(GREYS, precinct_size=(64, 64), num_resolutions=3), GREYS),
    "TGA from the top": (tga(BGR.tobytes(), 2, 24, TOP), COLOURS),
    "TGA from the bottom": (tga(BGR[::-1].tobytes(), 2, 24, 0), COLOURS),
    "TGA from the right": (tga(BGR[:, ::-1].tobytes(), 2, 24, TOP | 0x10), COLOURS),
    "TGA of greys": (tga(GREYS.tobytes(), 3, 8, TOP), GREYS),
    "TGA of runs": (tga(runs(BGR), 10, 24, TOP), COLOURS),
    "TGA of runs of greys": (tga(runs(GREYS), 11, 8, TOP), GREYS),
    "TGA of a palette": (
        tga(GREYS.tobytes(), 1, 8, TOP, COLOURS[0].repeat(19, axis=0)[:256, ::-1].tobytes(), 256),
        COLOURS[0].repeat(19, axis=0)[GREYS],
    ),
}


@pytest.mark.parametrize(("stored", "expected"), FILES.values(), ids=FILES)
def test_a_format_is_scored_shown_and_released(stored: bytes, expected: NDArray[Any]) -> None:
    if expected.ndim == 2:
        expected = np.stack([expected] * 3, axis=2)
    decoded = IMAGES.decode(stored)
    assert isinstance(decoded, Image.Image)
    np.testing.assert_array_equal(np.asarray(decoded.convert("RGB")), expected)
    np.testing.assert_array_equal(shared().look(IMAGES, stored, None), expected)
    extension, cleaned = clean_image(stored)
    assert extension == "png"
    assert says_nothing_else(extension, cleaned)
    assert b"a name" not in cleaned
    np.testing.assert_array_equal(np.asarray(IMAGES.decode(cleaned)), np.asarray(decoded))


SIZED = jpeg2000(GREYS, no_jp2=True)
LAYERED = with_field(
    jpeg2000(
        np.zeros((900, 900), dtype=np.uint8),
        no_jp2=True,
        precinct_size=(64, 64),
        codeblock_size=(32, 32),
    ),
    0xFF52,
    6,
    ">H",
    65535,
)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "PGM that is cut off": (b"P5 14 9 255\n" + GREYS.tobytes()[:-1], "cut off"),
    "PGM larger than is unpacked": (b"P5 100000 100000 255\n" + bytes(64), "million"),
    "PGM of no pixels": (b"P5 0 9 255\n", "cut off"),
    "PGM of a range of its own": (b"P5 14 9 4095\n" + bytes(252), "4,095"),
    "PGM of no white": (b"P5 14 9 0\n" + bytes(252), "cut off"),
    "PGM of a header without end": (b"P5 14 9 255" + b"#" * 5000, "cut off"),
    "PPM of 16 bits": (b"P6 14 9 65535\n" + bytes(756), "more bits"),
    "PBM in too many words": (b"P1 5000 5000\n" + b"1 " * 100, "words"),
    "PGM in words that end early": (b"P2 14 9 255\n1 2 3", "cut off"),
    "PGM in words that are none": (b"P2 14 9 255\n" + b"x " * 126, "cut off"),
    "TGA that is cut off": (tga(BGR.tobytes(), 2, 24, TOP)[:-1], "cut off"),
    "TGA of runs that ends early": (tga(runs(BGR), 10, 24, TOP)[:60], "cut off"),
    "TGA larger than is unpacked": (
        struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, 65535, 65535, 24, 0) + bytes(64),
        "million",
    ),
    "TGA of a short palette": (tga(b"", 1, 8, TOP, b"abc", 60000), "cut off"),
    "JPEG 2000 that is cut off": (jpeg2000(COLOURS)[:-60], "cut off"),
    "JPEG 2000 without its end": (jpeg2000(COLOURS)[:150], "cut off"),
    "JPEG 2000 larger than is unpacked": (with_field(SIZED, 0xFF51, 6, ">I", 1 << 31), "million"),
    "JPEG 2000 that is wide": (with_field(SIZED, 0xFF51, 6, ">I", 1 << 25), "million|MiB|cut off"),
    "JPEG 2000 of tiny tiles": (with_field(SIZED, 0xFF51, 22, ">Q", 1 << 32 | 1), "cut off|tiles"),
    "JPEG 2000 of 12 bits": (with_field(SIZED, 0xFF51, 40, ">B", 11), "another image than it is"),
    "JPEG 2000 of signed samples": (with_field(SIZED, 0xFF51, 40, ">B", 0x87), "another image"),
    "JPEG 2000 of 40 levels": (with_field(SIZED, 0xFF52, 9, ">B", 40), "cut off"),
    "JPEG 2000 of wide blocks": (with_field(SIZED, 0xFF52, 10, ">H", 0x0808), "cut off"),
    "JPEG 2000 of many layers": (LAYERED, "layers"),
    "AVIF": (b"\0\0\0\x20ftypavif" + bytes(40), "AVIF, which is not read here. Save it as PNG with 8"),
    "AVIF as Pillow writes it": (
        b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B\0\0\0\xebmeta" + bytes(40),
        "AVIF, which is not read",
    ),
    "AVIF of several images": (b"\0\0\0\x20ftypavis" + bytes(40), "AVIF, which is not read"),
    "AVIF under the name of its family": (
        b"\0\0\0\x20ftypmif1\0\0\0\0mif1miafavif" + bytes(40),
        "AVIF, which is not read",
    ),
    "HEIC under the name of its family": (
        b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic" + bytes(40),
        "HEIC, which is not read",
    ),
    "a film": (b"\0\0\0\x1cftypisom\0\0\0\0isommp41" + bytes(40), "Not an image"),
    "a list of brands without end": (b"\xff\xff\xff\xffftypmif1" + bytes(4000), "Not an image"),
    "HEIC": (b"\0\0\0\x20ftypheic" + bytes(40), "HEIC, which is not read"),
    "JPEG XL": (b"\xff\x0a" + bytes(40), "JPEG XL, which is not read"),
}


@pytest.mark.parametrize(("stored", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_broken_or_unknown_has_a_reason(stored: bytes, reason: str) -> None:
    with pytest.raises(UnreadableRecordError, match=reason):
        IMAGES.decode(stored)
    with pytest.raises(UnreadableRecordError, match=reason):
        shared().check(IMAGES, stored)


ENDINGS = (
    *(".jfif", ".jpe", ".avif", ".jp2", ".pgm", ".ppm", ".tga"),  # Once passed over without a word.
    *(".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".pbm", ".pnm", ".j2k"),
    *(".heic", ".heif", ".jxl", ".svg", ".dng", ".psd", ".ico"),
)


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_file_that_is_called_a_picture_is_passed_over(tmp_path: Path, ending: str) -> None:
    image_folder(tmp_path, ["cat/1.png"])
    names = {f"cat/2{ending}", f"cat/3{ending.upper()}"}
    for name in names:
        (tmp_path / name).write_bytes((tmp_path / "cat/1.png").read_bytes())
    source = open_source(SourceRef(tmp_path))
    assert {*source.ids, *(problem.id for problem in source.problems)} == {"cat/1.png", *names}
    assert source.ignored == 0


def test_jpegs_are_read_whatever_they_are_called(tmp_path: Path) -> None:
    jpeg = io.BytesIO()
    Image.fromarray(COLOURS).save(jpeg, "JPEG")
    names = [f"{n}{ending}" for n, ending in enumerate(sorted(EXTENSIONS))] + ["A.JFIF", "b.Jpe"]
    for name in names:
        (tmp_path / name).write_bytes(jpeg.getvalue())
    source = open_source(SourceRef(tmp_path))
    assert sorted(source.ids) == sorted(names)
    assert not source.problems
    assert source.ignored == 0


def test_images_that_are_not_read_are_said_one_by_one(tmp_path: Path) -> None:
    image_folder(tmp_path, ["cat/1.png"])
    names = [f"cat/x{ending}" for ending in sorted(OTHER_EXTENSIONS)] + ["dog/Y.HEIC"]
    (tmp_path / "dog").mkdir()
    for name in [*names, "cat/notes.txt", "cat/.hidden.avif"]:
        (tmp_path / name).write_bytes(b"x")
    source = open_source(SourceRef(tmp_path))
    assert source.ids == ["cat/1.png"]
    assert sorted(problem.id for problem in source.problems) == sorted(names)
    assert all("not read" in problem.reason for problem in source.problems)
    assert source.ignored == 2


def linked_folder(root: Path) -> Path:
    image_folder(root / "elsewhere", ["1.png", "2.png"])
    image_folder(root / "source", ["dog/1.png"])
    (root / "source" / "cat").symlink_to(root / "elsewhere", target_is_directory=True)
    return root / "source"


def within(root: Path) -> Path:
    image_folder(root / "source", ["dog/1.png"])
    (root / "source" / "cat").symlink_to("dog", target_is_directory=True)
    return root / "source"


def upwards(root: Path) -> Path:
    image_folder(root / "source", ["dog/1.png"])
    (root / "source" / "cat").symlink_to("..", target_is_directory=True)
    return root / "source"


@pytest.mark.parametrize("make", [linked_folder, within, upwards])
def test_a_linked_folder_is_said(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    source = open_source(SourceRef(make(tmp_path)))
    assert source.ids == ["dog/1.png"]
    assert [problem.id for problem in source.problems] == ["cat"]
    assert "link to a folder" in source.problems[0].reason


def test_a_metadata_file_that_names_a_file_in_a_linked_folder_is_told_why(tmp_path: Path) -> None:
    source = linked_folder(tmp_path)
    (source / "metadata.csv").write_text("file_name,label\ncat/1.png,cat\ndog/1.png,dog\n")
    opened = open_source(SourceRef(source))
    assert opened.ids == ["dog/1.png"]
    assert ["link to a folder" in problem.reason for problem in opened.problems] == [True]


def test_folders_alone_that_are_links_are_no_records_with_a_reason(tmp_path: Path) -> None:
    image_folder(tmp_path / "elsewhere", ["1.png"])
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "cat").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    opened = open_source(SourceRef(tmp_path / "source"))
    assert not opened.ids
    assert [problem.id for problem in opened.problems] == ["cat"]
