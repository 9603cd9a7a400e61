"""Records as they are written into a bundle: their pixels, and nothing else of them."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dataselect_gui import workflow
from dataselect_gui.project.project import Project
from dataselect_gui.records.cleaning.image import clean_image, says_nothing_else
from dataselect_gui.records.images import decode_image
from dataselect_gui.records.source import UnreadableRecordError
from tests.helpers import image_folder
from tests.projects import consortium, scored_project
from tests.releases import files, is_verified, release, select, shown

pytestmark = pytest.mark.usefixtures("home")


def test_nothing_that_stays_is_in_the_bundle(tmp_path: Path, checkpoint: Path) -> None:
    folder = image_folder(
        tmp_path / "Mrs Smith's scans",
        [f"{kind}/secret name {n}.png" for kind in ("bird", "cat") for n in range(9)],
    )
    project = scored_project(tmp_path / "p.dataselect", folder, checkpoint)
    selected = select(project, count=7)
    release(project, tmp_path / "bundle", epsilon="4")
    values = workflow.scores(project)["loss"]
    key = Project.open(project).settings
    whole = (
        b"\n".join(files(tmp_path / "bundle").values()) + "\n".join(files(tmp_path / "bundle")).encode()
    )
    stays = [
        "secret name",
        "Smith",
        str(tmp_path),
        "patient",
        key.table or "",
        os.environ.get("USER") or "root/",
    ]
    assert not [word for word in stays if word.encode() in whole]
    assert not [value for value in values if repr(value).encode() in whole]
    assert not [value for value in values if f"{value:.6g}".encode() in whole]
    texts = b"\n".join(
        content for name, content in files(tmp_path / "bundle").items() if not name.startswith("data/")
    ).decode()
    assert f" {len(selected)} " not in texts.replace("format", "")
    assert " 18 " not in texts
    times = {path.stat().st_mtime for path in (tmp_path / "bundle").rglob("*")}
    assert times == {315532800.0}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F", "CMYK"])
def test_pixels_are_kept_at_their_bit_depth(mode: str) -> None:
    rng = np.random.default_rng(0)
    if mode == "I;16":
        image = Image.fromarray(rng.integers(0, 2**16, (5, 7), dtype=np.uint16))
    elif mode == "I":
        image = Image.fromarray(rng.integers(0, 2**31 - 1, (5, 7), dtype=np.int32))
    elif mode == "F":
        image = Image.fromarray(rng.random((5, 7), dtype=np.float32))
    else:
        image = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)).convert(mode)
    stored = io.BytesIO()
    image.save(stored, "TIFF", description="taken of Mrs Smith", software="a scanner")
    extension, content = clean_image(stored.getvalue())
    cleaned = decode_image(content)
    assert np.array_equal(np.asarray(cleaned), np.asarray(decode_image(stored.getvalue())))
    assert b"Smith" not in content
    assert says_nothing_else(extension, content)


def test_a_palette_leaves_with_the_colours_that_are_seen() -> None:
    image = Image.fromarray(np.array([[0, 1], [1, 3]], dtype=np.uint8)).convert("P")
    image.putpalette([9, 8, 7, 1, 2, 3, *b"Smith.", 4, 5, 6, *b"Mrs Smith of Ward Seven."])
    image.putdata([0, 1, 1, 4])
    stored = io.BytesIO()
    image.save(stored, "PNG")
    assert b"Mrs Smith" in stored.getvalue()
    extension, content = clean_image(stored.getvalue())
    assert extension == "png"
    assert b"Smith" not in content
    cleaned = decode_image(content)
    assert np.array_equal(np.asarray(cleaned.convert("RGB")), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_loses_its_metadata_and_keeps_its_coded_pixels(
    orientation: int, progressive: bool
) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a scanner of Mrs Smith"
    stored = io.BytesIO()
    image.save(
        stored,
        "JPEG",
        exif=exif,
        comment=b"Mrs Smith",
        icc_profile=b"Smith" * 9,
        progressive=progressive,
    )
    extension, content = clean_image(stored.getvalue() + b"Smith after the end")
    assert extension == ("png" if progressive else "jpg")
    assert b"Smith" not in content
    assert says_nothing_else(extension, content)
    assert not says_nothing_else("jpg", stored.getvalue())
    assert np.array_equal(
        np.asarray(decode_image(content)), np.asarray(decode_image(stored.getvalue()))
    )
    scan = stored.getvalue()[stored.getvalue().index(b"\xff\xda") : -2]
    assert progressive or scan in content


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_whatever_is_wrong_with_a_jpeg_what_leaves_shows_the_same(mode: str, progressive: bool) -> None:
    """A file that is read in one way here and in another by the decoder must not slip through."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (24, 40, 3), dtype=np.uint8)
    stored = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).convert(mode).save(
        stored, "JPEG", progressive=progressive, exif=exif, comment=b"Mrs Smith"
    )
    whole, readable = stored.getvalue(), 0
    for _ in range(400):
        harmed = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            place = int(rng.integers(2, len(harmed)))
            match int(rng.integers(3)):
                case 0:
                    harmed[place] = int(rng.integers(256))
                case 1:
                    harmed[place:place] = bytes(rng.integers(0, 256, 3, dtype=np.uint8))
                case _:
                    del harmed[place : place + int(rng.integers(1, 5))]
        try:
            shown_there = decode_image(bytes(harmed))
        except UnreadableRecordError:
            continue
        readable += 1
        extension, content = clean_image(bytes(harmed))
        assert says_nothing_else(extension, content)
        assert np.array_equal(np.asarray(decode_image(content)), np.asarray(shown_there))
    assert readable > 20


def test_real_x_rays_keep_their_pixels(shared_data: Path) -> None:
    for path in sorted((shared_data / "chest-xray/owner/NORMAL").iterdir())[:20]:
        stored = path.read_bytes()
        extension, content = clean_image(stored)
        assert extension == "jpg"
        assert says_nothing_else(extension, content)
        assert np.array_equal(np.asarray(decode_image(content)), np.asarray(decode_image(stored)))


def test_a_label_may_hold_any_character(tmp_path: Path) -> None:
    names = ["a\u2028b", "line\nbreak", "”quoted” \\"]
    pixels = np.random.default_rng(0).integers(0, 256, (30, 4, 4), dtype=np.uint8)
    np.savez(tmp_path / "odd.npz", x=pixels, y=np.arange(30) % 3, classes=np.array(names))
    checkpoint = consortium(tmp_path / "consortium", threshold=0.0)
    project = scored_project(tmp_path / "p.dataselect", tmp_path / "odd.npz", checkpoint)
    select(project, threshold="0")
    release(project, tmp_path / "bundle", epsilon="4")
    assert is_verified(tmp_path / "bundle")
    assert workflow.count_records(tmp_path / "bundle") == len(shown(tmp_path / "bundle"))


def test_float_records_leave_as_one_array_file(tmp_path: Path, checkpoint: Path) -> None:
    rows = np.random.default_rng(0).random((20, 1, 4, 4)).astype(np.float32)
    np.savez(
        tmp_path / "floats.npz", x=rows, y=np.arange(20) % 3, classes=np.array(["bird", "cat", "dog"])
    )
    project = scored_project(tmp_path / "p.dataselect", tmp_path / "floats.npz", checkpoint)
    select(project, threshold="0.5")
    release(project, tmp_path / "bundle", epsilon="4")
    left = np.load(tmp_path / "bundle/data/train/records.npz")
    assert {row.tobytes() for row in left["x"]} < {row.tobytes() for row in rows}
    assert set(left["y"]) <= {"bird", "cat", "dog"}
    assert workflow.count_records(tmp_path / "bundle") == len(left["y"])
    assert is_verified(tmp_path / "bundle")
