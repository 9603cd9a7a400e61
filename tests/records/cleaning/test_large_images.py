"""The check of a bundle decodes nothing that promises too much, or pixels that nobody sees."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from dataselect_gui.errors import FaultError
from dataselect_gui.records.cleaning.image import encode
from dataselect_gui.records.forms import image_files
from dataselect_gui.records.forms.form import DATA
from tests import hostile_files as hostile
from tests.records.cleaning.files import RGB


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
