"""Each place looks as its reference does, in English and in a language that is 40 % longer."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.translations import placeholders, texts
from tests.window.eye.comparing import (
    MOST_TILES,
    differing,
    is_alike,
    write_difference,
    write_reference,
)
from tests.window.eye.longer import longer
from tests.window.eye.pictures import LANGUAGES, REFERENCES, take
from tests.window.scenes import SCENES

AGAIN = "If that is meant: python -m tests.window.eye, and look at what it wrote."


@pytest.mark.slow  # Whether two machines draw all places alike is not known yet.
@pytest.mark.skipif(sys.platform != "linux", reason="letters are drawn in another way elsewhere")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_place_looks_as_it_did(tmp_path: Path, language: str) -> None:
    taken = take(language, tmp_path / language)
    assert {picture.stem for picture in taken} == set(SCENES)
    changed = []
    for picture in taken:
        reference = REFERENCES / language / picture.name
        assert reference.is_file(), f"{reference} is missing. {AGAIN}"
        if not is_alike(picture, reference):
            place = tmp_path / f"{language}-{picture.name}"
            write_difference(picture, reference, place)
            changed.append(f"{int(differing(picture, reference).sum())} tiles of {place}")
    assert not changed, "\n".join([*changed, AGAIN])


# That the comparison would notice


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """A reference, as a picture with all its colours."""
    with Image.open(REFERENCES / "english" / "start.png") as kept:
        kept.convert("RGB").save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def changed(path: Path, box: tuple[int, int, int, int], by: tuple[int, int]) -> Path:
    """Return a copy of a picture in which a part of it was moved."""
    with Image.open(path) as picture:
        part = picture.crop(box)
        picture.paste(_ground(picture, box), box)
        picture.paste(part, (box[0] + by[0], box[1] + by[1]))
        picture.save(path.with_name("changed.png"))
    return path.with_name("changed.png")


def test_a_line_that_moved_by_three_pixels_is_noticed(reference: Path) -> None:
    box = _text(reference)
    assert not is_alike(changed(reference, box, (0, 3)), reference)
    assert not is_alike(changed(reference, box, (3, 0)), reference)


def test_a_text_that_is_cut_off_is_noticed(reference: Path) -> None:
    left, top, right, bottom = _text(reference)
    half = (left + (right - left) // 2, top, right, bottom)
    with Image.open(reference) as picture:
        picture.paste(_ground(picture, (left, top, right, bottom)), half)
        picture.save(reference.with_name("cut.png"))
    assert not is_alike(reference.with_name("cut.png"), reference)


def test_another_shade_and_few_colours_are_tolerated(reference: Path, tmp_path: Path) -> None:
    with Image.open(reference) as picture:
        pixels = np.array(picture, dtype=np.int16)
    noise = np.random.default_rng(0).integers(-6, 7, pixels.shape)
    Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8)).save(tmp_path / "noise.png")
    write_reference(reference, tmp_path / "few.png")
    assert is_alike(tmp_path / "noise.png", reference)
    assert is_alike(tmp_path / "few.png", reference)


def test_another_size_is_noticed(reference: Path, tmp_path: Path) -> None:
    with Image.open(reference) as picture:
        picture.resize((640, 400)).save(tmp_path / "small.png")
    assert differing(tmp_path / "small.png", reference).sum() > MOST_TILES


def test_the_other_language_is_longer_and_has_the_same_placeholders() -> None:
    ids = [message.id for message in texts() if isinstance(message.id, str) and message.id]
    assert len(ids) > 500
    for text in ids:
        assert longer(text).count("\n") == text.count("\n")
        assert 1.35 * len(text) - 1 <= len(longer(text)) <= 1.45 * len(text) + 1
        assert placeholders(longer(text)) == placeholders(text)


def _ground(picture: Image.Image, box: tuple[int, int, int, int]) -> tuple[int, ...]:
    """Return the colour above the left of a box."""
    colour = picture.getpixel((box[0] - 2, box[1] - 2))
    assert isinstance(colour, tuple)
    return colour


def _text(path: Path) -> tuple[int, int, int, int]:
    """Return a box around the first line of the page, its title."""
    left, top = 240, 70
    with Image.open(path) as picture:
        grey = np.asarray(picture.convert("L"), dtype=np.int16)[top:400, left:1120]
    dark = np.abs(grey - grey[0, 0]) > 60
    first = int(np.flatnonzero(dark.any(axis=1))[0])
    height = int(np.argmin(dark[first:].any(axis=1)))
    columns = np.flatnonzero(dark[first : first + height].any(axis=0))
    return left + int(columns[0]), top + first, left + int(columns[-1]) + 1, top + first + height
