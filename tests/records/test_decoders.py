"""What a file promises is bounded before memory or time is spent on it."""

import io
import json
import os
import struct
import subprocess
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from dataselect_gui.errors import UnusableError
from dataselect_gui.records import images
from dataselect_gui.records.image_formats.bare import BareImage
from dataselect_gui.records.image_tree import MAX_DEPTH
from dataselect_gui.records.images import decode_image
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef, UnreadableRecordError
from tests import hostile_files as hostile

SECONDS, MEMORY = 2.0, 300 << 20


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "TIFF, one tile": (lambda: hostile.tiff_of_one_tile(32_768), "takes more than"),
    "TIFF, one wide tile": (lambda: hostile.tiff_of_one_tile(1 << 31), "takes more than"),
    "TIFF, tiny tiles": (lambda: hostile.tiff_of_tiny_tiles(200_000), "more values"),
    "TIFF, samples": (lambda: hostile.tiff_of_samples(65_535), "damaged"),
    "TIFF, strips": (lambda: hostile.tiff_of_strips_in_one_place(250_000), "more values"),
    "TIFF, tags": (lambda: hostile.tiff_of_tags(20_000), "more tags"),
    "TIFF, tiles outside the image": (
        lambda: hostile.tiff_of_tiles(8, 80_000, 1024, 8, [bytes(8)]), "more pixels in its tiles"),
    "TIFF, a tile outside the image": (
        lambda: hostile.tiff_of_tiles(8, 8, 4096, 8, [bytes(8)]), "more pixels in its tiles"),
    "TIFF, a shared tile of deflate": (lambda: hostile.tiff_that_shares_its_tile(8), "share bytes"),
    "TIFF, a shared tile of PackBits": (
        lambda: hostile.tiff_that_shares_its_tile(32773), "share bytes"),
    "TIFF, strips that overlap": (hostile.tiff_of_overlapping_strips, "share bytes"),
    "TIFF, tiles and strips": (hostile.tiff_of_tiles_and_strips, "damaged"),
    "TIFF, a JPEG of scans": (
        lambda: hostile.tiff_of_jpeg(hostile.jpeg_of_scans(50, 512, 512), 512), "more scans"),
    "TIFF, a JPEG of two scans": (
        lambda: hostile.tiff_of_jpeg(hostile.jpeg_that_scans_again(), 32), "more scans"),
    "TIFF, a JPEG of segments": (
        lambda: hostile.tiff_of_jpeg(hostile.jpeg_of_segments(200), 48), "more segments"),
    "TIFF, a JPEG of another size": (
        lambda: hostile.tiff_of_jpeg(hostile.stored(hostile.pixels(80, 80, "L"), "JPEG"), 64),
        "damaged"),
    "TIFF, LZMA": (hostile.tiff_in_lzma, "compressed in a way"),
    "JPEG, scans": (lambda: hostile.jpeg_of_scans(1000), "more scans"),
    "JPEG, scans of many pixels": (lambda: hostile.jpeg_of_scans(30, 8000, 8000), "more scans"),
    "JPEG, segments": (lambda: hostile.jpeg_of_segments(200_000), "more segments"),
    "JPEG, coefficients": (lambda: hostile.jpeg_of_coefficients(8000, 8000), "takes more than"),
    "JPEG, pixels": (
        lambda: hostile.sized(hostile.stored(hostile.pixels(), "JPEG"), 60_000, 60_000), "million"),
    "PNG, chunks": (lambda: hostile.png_of_chunks(100_000), "more chunks"),
    "PNG, empty data": (lambda: hostile.png_of_empty_data(200_000), "more chunks"),
    "PNG, two headers": (hostile.png_of_two_headers, "damaged"),
    "GIF, comments": (lambda: hostile.gif_of_comments(100_000), "more blocks"),
    "GIF, one comment": (lambda: hostile.gif_of_one_comment(3_000_000), "more blocks"),
    "GIF, data": (lambda: hostile.gif_of_data(3_000_000), "more blocks"),
    "GIF, a frame larger than the screen": (
        lambda: hostile.gif_whose_frame_is_larger(65_535, 65_535), "million"),
    "BMP, fewer pixels": (lambda: hostile.bmp(8000, 8000, 24, 0, bytes(100)), "damaged"),
    "BMP, upside down": (lambda: hostile.bmp(30_000, -30_000, 24, 0, bytes(100)), "million"),
    "BMP, jumps": (lambda: hostile.bmp_that_jumps(1 << 22), "run lengths"),
    "BMP, 16 million pixels of jumps": (
        lambda: hostile.bmp(4096, 4096, 8, 1, b"\0\2\0\0" * (1 << 24)), "run lengths"),
    "PNG, 16 bits of colours": (lambda: hostile.png_of_16_bits(2, 3), "more bits"),
    "PNG, 16 bits and alpha": (lambda: hostile.png_of_16_bits(4, 2), "more bits"),
    "PNG, 16 bits of colours and alpha": (lambda: hostile.png_of_16_bits(6, 4), "more bits"),
    "TIFF, 16 bits of colours": (hostile.tiff_of_16_bits, "more bits"),
    "BMP, empty runs": (lambda: hostile.bmp_of_empty_runs(1 << 20), "run lengths"),
    "WebP, canvas": (lambda: hostile.webp_of_canvas(16_000, 16_000), "million"),
    "WebP, several canvases": (lambda: hostile.webp_of_canvas(8000, 8000), "takes more than"),
    "WebP, a canvas of one line": (lambda: hostile.webp_of_canvas(1 << 24, 1 << 4), "million"),
    "WebP without an image": (lambda: hostile.webp((b"JUNK", b"")), "damaged"),
    "WebP without frames": (lambda: hostile.webp(hostile.webp_canvas(8, 8, 2)), "damaged"),
    "WebP, chunks": (lambda: hostile.webp_of_chunks(100_000), "more chunks"),
}  # fmt: skip


@pytest.mark.parametrize(("made", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_promises_too_much_is_refused_before_a_decoder_sees_it(
    monkeypatch: pytest.MonkeyPatch, made: Callable[[], bytes], reason: str
) -> None:
    seen: list[object] = []
    monkeypatch.setattr(Image, "open", lambda *_, **__: seen.append(1))
    stored = made()
    started = time.monotonic()
    with pytest.raises(UnreadableRecordError, match=reason) as caught:
        decode_image(stored)
    assert time.monotonic() - started < SECONDS
    assert str(caught.value).endswith(".")
    assert not seen


HARMLESS: dict[str, tuple[Callable[[], bytes], tuple[int, int]]] = {
    "TIFF, tags that share bytes": (
        lambda: hostile.tiff_whose_tags_share_bytes(1500, 1 << 20), (8, 8)),
    "TIFF, EXIF that shares bytes": (
        lambda: hostile.tiff_whose_exif_shares_bytes(300, 1 << 20), (8, 8)),
    "TIFF, a directory after itself": (hostile.tiff_that_follows_itself, (8, 8)),
    "JPEG, filling": (lambda: hostile.jpeg_of_filling(5_000_000), (40, 24)),
    "JPEG, EXIF": (lambda: hostile.jpeg_of_exif(1000), (40, 24)),
    "PNG, texts": (lambda: hostile.png_of_texts(400), (40, 24)),
    "GIF, one comment": (lambda: hostile.gif_of_one_comment(500_000), (40, 24)),
    "BMP, jumps": (lambda: hostile.bmp_that_jumps(256), (256, 16)),
}  # fmt: skip


@pytest.mark.parametrize(("made", "size"), HARMLESS.values(), ids=HARMLESS)
def test_what_only_its_metadata_makes_large_is_decoded_without_them(
    made: Callable[[], bytes], size: tuple[int, int]
) -> None:
    stored = made()
    process, started = psutil.Process(), time.monotonic()
    before = process.memory_info().rss
    assert decode_image(stored).size == size
    assert time.monotonic() - started < SECONDS
    assert process.memory_info().rss - before < MEMORY


PLAIN: dict[str, bytes] = {
    "TIFF": hostile.stored(hostile.pixels(), "TIFF", compression="tiff_lzw"),
    "TIFF in strips": hostile.stored(hostile.pixels(), "TIFF", tiffinfo={278: 5}),
    "large TIFF": hostile.stored(hostile.pixels(), "TIFF", big_tiff=True),
    "JPEG": hostile.stored(hostile.pixels(), "JPEG"),
    "progressive JPEG": hostile.stored(hostile.pixels(), "JPEG", progressive=True),
    "JPEG with restarts": hostile.stored(hostile.pixels(), "JPEG", restart_marker_blocks=2),
    "PNG": hostile.stored(hostile.pixels(), "PNG"),
    "GIF": hostile.stored(hostile.pixels(mode="P"), "GIF"),
    "BMP": hostile.stored(hostile.pixels(), "BMP"),
    "WebP": hostile.stored(hostile.pixels(), "WEBP"),
    "WebP with alpha": hostile.stored(hostile.pixels(mode="RGBA"), "WEBP"),
    "WebP of several frames": hostile.stored(
        hostile.pixels(), "WEBP", save_all=True, append_images=[Image.new("RGB", (40, 24))]
    ),
}


PLAIN["TIFF in tiles larger than it"] = hostile.tiff_of_tiles(40, 24, 256, 1, [bytes(range(256)) * 256])
PLAIN["TIFF in packed tiles"] = hostile.tiff_of_tiles(
    40, 24, 32, 8, [zlib.compress(bytes(range(n, n + 64)) * 16) for n in range(2)]
)
PLAIN["TIFF in tiles of JPEG"] = hostile.tiff_of_tiles(
    40, 24, 32, 7, [hostile.stored(hostile.pixels(32, 32, "L").rotate(n), "JPEG") for n in (0, 90)]
)
PLAIN["TIFF of JPEG"] = hostile.stored(hostile.pixels(), "TIFF", compression="jpeg")
PLAIN["TIFF in strips of JPEG"] = hostile.stored(
    hostile.pixels(64, 64), "TIFF", compression="jpeg", tiffinfo={278: 16}
)


@pytest.mark.parametrize("stored", PLAIN.values(), ids=PLAIN)
def test_a_decoder_without_us_sees_the_same(stored: bytes) -> None:
    """The control of the above: nothing of an ordinary file is lost."""
    with Image.open(io.BytesIO(stored)) as image:
        image.load()
        np.testing.assert_array_equal(np.asarray(decode_image(stored)), np.asarray(image))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_format_is_turned_as_its_exif_says(form: str, orientation: int) -> None:
    image, exif = hostile.pixels(7, 5), Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if form == "WEBP" else {"quality": 100}
    stored = hostile.stored(image, form, exif=exif, **options)
    plain = np.asarray(decode_image(hostile.stored(image, form, **options)))
    turned = {
        1: plain, 2: np.fliplr(plain), 3: np.rot90(plain, 2), 4: np.flipud(plain),
        5: plain.swapaxes(0, 1), 6: np.rot90(plain, -1), 7: np.rot90(plain, 2).swapaxes(0, 1),
        8: np.rot90(plain, 1),
    }[orientation]  # fmt: skip
    np.testing.assert_array_equal(np.asarray(decode_image(stored)), turned)


def test_a_decoder_that_sees_another_size_than_we_do_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = hostile.stored(hostile.pixels(), "PNG")
    monkeypatch.setattr(images, "bare_image", lambda _: BareImage("PNG", stored, 41, 24))
    with pytest.raises(UnreadableRecordError, match="damaged"):
        decode_image(stored)


# Arrays


ROWS = np.random.default_rng(0).integers(0, 256, (4, 5, 6), dtype=np.uint8)


def npy(header: str, content: bytes = b"", version: int = 1) -> bytes:
    line = header.encode("latin-1") + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(line))
    return b"\x93NUMPY" + bytes([version, 0]) + length + line + content


def array(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bytes:
    written = io.BytesIO()
    np.save(written, values)
    return written.getvalue()


def declared(descr: str, shape: object, content: bytes = b"") -> bytes:
    return npy(f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}", content)


def npz(path: Path, members: dict[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


LYING: dict[str, dict[str, bytes]] = {
    "rows of nothing": {"x.npy": declared("<f4", (1 << 40, 0))},
    "more rows than can be listed": {"x.npy": declared("<f4", (6_000_000, 1), bytes(24_000_000))},
    "a negative axis": {"x.npy": declared("<f4", (-1, 4), bytes(64))},
    "a truth for an axis": {"x.npy": declared("<f4", (True, 4), bytes(16))},
    "too many axes": {"x.npy": declared("<f4", (1,) * 60, bytes(4))},
    "a product beyond any number": {"x.npy": declared("<f4", (1 << 62, 1 << 62), bytes(64))},
    "nested signs": {"x.npy": npy("-" * 9000 + "1")},
    "nested brackets": {"x.npy": npy("(" * 5000)},
    "a sum of a thousand terms": {"x.npy": npy("1" + "+1j" * 3000)},
    "a header of 60 MB": {"x.npy": npy(" " * 60_000_000, version=2)},
    "a header of no version": {"x.npy": b"\x93NUMPY\x09\x09" + bytes(100)},
    "a type of many parts": {"x.npy": declared("V2147483647", (1, 1), bytes(64))},
    "labels of text": {"x.npy": array(ROWS), "y.npy": declared("<U5000000", (4,), bytes(80_000_000))},
    "labels of structures": {
        "x.npy": array(ROWS),
        "y.npy": array(np.zeros(4, [("a", "<i4"), ("b", "<f8")])),
    },
    "many texts": {
        "x.npy": array(np.zeros((9000, 2, 2), np.uint8)),
        "y.npy": declared("<U4000", (9000,), bytes(144_000_000)),
    },
    "many bytes": {
        "x.npy": array(np.zeros((30_000, 2, 2), np.uint8)),
        "y.npy": declared("|S4000", (30_000,), bytes(120_000_000)),
    },
    "classes of long texts": {
        "x.npy": array(ROWS),
        "y.npy": array(np.zeros(4, np.int64)),
        "classes.npy": declared("<U4000", (9000,), bytes(144_000_000)),
    },
    "labels of many columns": {
        "x.npy": array(ROWS),
        "y.npy": declared("<f8", (4, 3_000_000), bytes(96_000_000)),
    },
    "labels of nothing": {"x.npy": array(ROWS), "y.npy": declared("<U0", (4,))},
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("members", LYING.values(), ids=LYING)
def test_an_array_that_promises_too_much_is_refused(tmp_path: Path, members: dict[str, bytes]) -> None:
    path = npz(tmp_path / "a.npz", members)
    tracemalloc.start()
    try:
        with pytest.raises(UnusableError):
            open_source(SourceRef(path))
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("label", ["a", "b" * 40])
def test_texts_of_usual_length_are_read(tmp_path: Path, label: str) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros((50_000, 1, 1), np.uint8), y=np.array([label] * 50_000))
    assert set(open_source(SourceRef(path)).labels) == {label}


def test_arrays_that_are_not_needed_are_never_unpacked(tmp_path: Path) -> None:
    extra = declared("<f8", (10_000_000,), bytes(80_000_000))
    path = npz(tmp_path / "a.npz", {"x.npy": array(ROWS), "extra.npy": extra})
    tracemalloc.start()
    try:
        assert len(open_source(SourceRef(path)).ids) == 4
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def shifted(path: Path, name: str, to: str) -> None:
    """Make the directory's entry of a member point at another's place."""
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(to)
    place = content.index(b"PK\x01\x02")
    while content[place + 46 : place + 46 + len(name)] != name.encode():
        place = content.index(b"PK\x01\x02", place + 4)
    content[place + 42 : place + 46] = struct.pack("<I", entry.header_offset)
    content[place + 16 : place + 28] = struct.pack(
        "<III", entry.CRC, entry.compress_size, entry.file_size
    )
    path.write_bytes(content)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "how",
    [
        "one name twice",
        "one place twice",
        "inside the directory",
        "LZMA",
        "bzip2",
        "members",
        "comment",
    ],
)
def test_an_archive_of_another_kind_than_numpy_writes_is_refused(tmp_path: Path, how: str) -> None:
    path = tmp_path / "a.npz"
    members = {"x.npy": array(ROWS), "y.npy": array(ROWS)}
    match how:
        case "one name twice":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("x.npy", members["x.npy"])
                archive.writestr("x.npy", members["x.npy"])
        case "one place twice":
            shifted(npz(path, members), "y.npy", "x.npy")
        case "inside the directory":
            npz(path, members, zipfile.ZIP_STORED)
            content = bytearray(path.read_bytes())
            place = content.rindex(b"PK\x01\x02")
            for offset in (20, 24):
                (size,) = struct.unpack_from("<I", content, place + offset)
                struct.pack_into("<I", content, place + offset, size + 40)
            path.write_bytes(content)
        case "LZMA":
            npz(path, members, zipfile.ZIP_LZMA)
        case "bzip2":
            npz(path, members, zipfile.ZIP_BZIP2)
        case "members":
            npz(path, {**members, **{f"{number}.npy": b"" for number in range(2000)}})
        case "comment":
            with zipfile.ZipFile(npz(path, members), "a") as archive:
                archive.comment = b"x" * 60_000
    with pytest.raises(UnusableError, match="cannot be read as arrays"):
        open_source(SourceRef(path))


# Folders and their metadata


def nested(root: Path, depth: int, name: str = "d") -> None:
    """Make folders within folders, and an image in the last, whatever length a path may have."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    file = os.open("a.png", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=here)
    os.write(file, PLAIN["PNG"])
    os.close(file)
    os.close(here)


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder that is removed in a way that knows no depth."""
    if os.name != "posix":
        pytest.skip("paths of any length are of POSIX")
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path], check=True)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1200])
def test_folders_nested_without_end_are_a_problem_with_a_reason(deep: Path, depth: int) -> None:
    (deep / "top.png").write_bytes(PLAIN["PNG"])
    nested(deep, depth)
    source = open_source(SourceRef(deep))
    assert source.ids == ["top.png"]
    (problem,) = source.problems
    assert problem.id == "/".join("d" * (MAX_DEPTH + 1))
    assert "folders" in problem.reason


def test_folders_nested_as_a_person_does_are_read(deep: Path) -> None:
    nested(deep, MAX_DEPTH)
    assert [Path(record).name for record in open_source(SourceRef(deep)).ids] == ["a.png"]


def test_a_path_longer_than_the_system_takes_is_a_sentence(deep: Path) -> None:
    nested(deep, 30, "n" * 200)
    with pytest.raises(UnusableError, match="too deep"):
        open_source(SourceRef(deep))


def test_folders_that_hold_themselves_end(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PLAIN["PNG"])
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "again.png").symlink_to(tmp_path)
    source = open_source(SourceRef(tmp_path))
    assert source.ids == ["a.png"]


WIDE = ",".join(f"c{number}" for number in range(200_000))
METADATA: dict[str, tuple[str, str]] = {
    "columns of a table": ("metadata.csv", f"file_name,{WIDE}\n" + "a.png\n" * 500),
    "columns of an object": (
        "metadata.jsonl", json.dumps({"file_name": "a.png", **dict.fromkeys(WIDE.split(","))})),
    "columns of many objects": (
        "metadata.jsonl", "".join(f'{{"file_name": "a.png", "c{n}": 1}}\n' for n in range(2000))),
    "a long line": ("metadata.jsonl", '{"file_name": "a.png", "label": "' + "x" * (1 << 21) + '"}\n'),
    "a long line of a table": ("metadata.csv", "file_name,label\na.png," + " ," * (1 << 20) + "\n"),
}  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("name", "text"), METADATA.values(), ids=METADATA)
def test_metadata_without_end_are_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "a.png").write_bytes(PLAIN["PNG"])
    (tmp_path / name).write_text(text, encoding="utf-8")
    tracemalloc.start()
    try:
        with pytest.raises(UnusableError, match="columns"):
            open_source(SourceRef(tmp_path))
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
