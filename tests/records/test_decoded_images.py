"""One image: decoded upright, its first frame alone, and refused before it takes too much."""

import io
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from dataselect_gui.records.images import decode_image
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef, UnreadableRecordError
from tests.helpers import image_folder, png_header
from tests.records.looking import NOISE, OF_ODD_IMAGES, pixels

pytestmark = OF_ODD_IMAGES


def as_png(image: Image.Image, **options: object) -> bytes:
    stored = io.BytesIO()
    image.save(stored, "PNG", **options)
    return stored.getvalue()


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, lambda upright: upright),
        (2, np.fliplr),
        (3, lambda upright: np.rot90(upright, 2)),
        (4, np.flipud),
        (5, np.transpose),
        (6, lambda upright: np.rot90(upright, 1)),
        (7, lambda upright: np.rot90(upright, 2).T),
        (8, lambda upright: np.rot90(upright, -1)),
        (99, lambda upright: upright),
    ],
)
def test_an_image_is_decoded_upright(orientation: int, stored: object) -> None:
    assert callable(stored)
    upright = NOISE[0]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored(upright)))
    np.testing.assert_array_equal(np.asarray(decode_image(as_png(image, exif=exif))), upright)


def test_only_the_first_frame_of_an_animation_is_decoded() -> None:
    frames = [Image.new("L", (7, 5), grey) for grey in (10, 120, 240)]
    stored = io.BytesIO()
    frames[0].save(stored, "GIF", save_all=True, append_images=frames[1:])
    decoded = decode_image(stored.getvalue())
    assert set(np.asarray(decoded.convert("L")).ravel()) == {10}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_usual_mode_is_decoded_as_it_is(mode: str) -> None:
    stored = io.BytesIO()
    Image.new(mode, (3, 2)).save(stored, "TIFF" if mode == "CMYK" else "PNG")
    decoded = decode_image(stored.getvalue())
    assert (decoded.mode, decoded.size) == (mode, (3, 2))


def test_damaged_exif_does_not_cost_a_good_image() -> None:
    stored = io.BytesIO()
    Image.fromarray(NOISE[0]).save(stored, "JPEG", exif=b"Exif\0\0no tags here")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert decode_image(stored.getvalue()).size == (6, 5)


def gif_header(width: int, height: int) -> bytes:
    screen = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0x80, 0, 0) + bytes(6)
    return screen + struct.pack("<BHHHHB", 0x2C, 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00;"


def bmp_header(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 54 + 12, 0, 0, 54) + info + bytes(12)


@pytest.mark.parametrize(
    "stored",
    [
        png_header(9_460, 9_460),
        png_header(11_000, 10_000),
        png_header(60_000, 60_000),
        gif_header(65_535, 65_535),
        bmp_header(30_000, 30_000),
    ],
    ids=["just too large", "twice", "huge", "GIF", "BMP"],
)
def test_a_bomb_is_refused_before_anything_is_unpacked(
    monkeypatch: pytest.MonkeyPatch, stored: bytes
) -> None:
    unpacked: list[Image.Image] = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", unpacked.append)
    with pytest.raises(UnreadableRecordError, match="million"):
        decode_image(stored)
    assert not unpacked


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (b"", "empty"),
        (bytes(4096), "zeros"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS"),
        (b"\xff\xd8\xff\xe0", "cut off or damaged"),
        (as_png(Image.fromarray(NOISE[0]))[:-40], "cut off or damaged"),
        (b"some text", "known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "known format"),
    ],
)
def test_a_file_that_is_no_image_is_told_in_our_own_words(stored: bytes, reason: str) -> None:
    with pytest.raises(UnreadableRecordError, match=reason) as caught:
        decode_image(stored)
    assert str(caught.value).endswith(".")


def test_a_file_larger_than_any_image_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(1 << 30)
    source = open_source(SourceRef(tmp_path))
    with pytest.raises(UnreadableRecordError, match="512 MiB"):
        source.read(0)


def test_reasons_never_hold_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "secret-clinic"
    image_folder(folder, ["good.png"])
    contents = (b"", b"text", bytes(99), b"\x89PNG\r\n\x1a\n", png_header(60_000, 60_000))
    for index, content in enumerate(contents):
        (folder / f"bad-{index}.png").write_bytes(content)
    (folder / "link.png").symlink_to(tmp_path / "secret-clinic-2")
    (folder / "folder.png").mkdir()
    source = open_source(SourceRef(folder))
    reasons = [problem.reason for problem in source.problems]
    for index in range(len(source.ids)):
        try:
            pixels(source, index)
        except UnreadableRecordError as error:
            reasons.append(str(error))
    assert len(reasons) == 2 + len(contents)
    assert not [reason for reason in reasons if "secret" in reason or "bad-" in reason]
