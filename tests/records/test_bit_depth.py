"""An image of more than 8 bits is scored and shown as the picture that it is, or not at all."""

import io
import struct
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.cleaning.image import clean_image, says_nothing_else
from dataselect_gui.records.decoding_process import shared
from dataselect_gui.records.images import decode_image, with_8_bits
from dataselect_gui.records.kinds.images import IMAGES
from dataselect_gui.records.model_input import Preprocessor
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.worker.results import SourceInspected
from tests import hostile_files as hostile
from tests.helpers import hugging_face_folder, preprocessor, write_json

GREYS = np.random.default_rng(0).integers(0, 256, (20, 14), dtype=np.uint8)
DEEP = GREYS.astype(np.uint16) * 257
FLOATS = (GREYS / 255).astype(np.float32)
UNSIGNED, SIGNED, FLOAT = 1, 2, 3


def tiff(
    values: NDArray[np.generic], form: int, photometric: int = 1, order: Literal["<", ">"] = "<"
) -> bytes:
    """Return a TIFF of one channel, whatever its samples are."""
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    bits = 8 * values.dtype.itemsize
    tags = {256: values.shape[1], 257: values.shape[0], 258: bits, 259: 1, 262: photometric}
    tags |= {273: 8, 277: 1, 278: values.shape[0], 279: len(data), 339: form}
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(data))
    directory = struct.pack(f"{order}H", len(tags))
    for number, value in tags.items():
        directory += struct.pack(f"{order}HHII", number, 4, 1, value)
    return head + data + directory + bytes(4)


def stored(values: NDArray[np.generic], form: str) -> bytes:
    return hostile.stored(Image.fromarray(values), form)


STRETCHED = np.where(GREYS > 0, GREYS, 1).astype(np.uint16) * 16 + 15
"""Greys of 12 bits in 16: from 31 to 4095."""
SAME: dict[str, Callable[[], bytes]] = {
    "PNG of 8 bits": lambda: stored(GREYS, "PNG"),
    "PNG of 16 bits": lambda: stored(DEEP, "PNG"),
    "TIFF of 8 bits": lambda: stored(GREYS, "TIFF"),
    "TIFF of 8 bits, white being 0": lambda: tiff(255 - GREYS, UNSIGNED, 0),
    "TIFF of 16 bits": lambda: stored(DEEP, "TIFF"),
    "TIFF of 16 bits, the higher byte first": lambda: tiff(DEEP, UNSIGNED, order=">"),
    "TIFF of 16 bits, white being 0": lambda: tiff(65535 - DEEP, UNSIGNED, 0),
    "TIFF of 16 bits, white being 0, the higher byte first": lambda: tiff(
        65535 - DEEP, UNSIGNED, 0, order=">"
    ),
    "TIFF of floats from 0 to 1": lambda: tiff(FLOATS, FLOAT),
    "TIFF of floats, the higher byte first": lambda: tiff(FLOATS, FLOAT, order=">"),
}


@pytest.fixture
def preprocess(tmp_path: Path) -> Preprocessor:
    hugging_face_folder(tmp_path)
    write_json(tmp_path / "preprocessor_config.json", preprocessor(16, 1))
    return Preprocessor(find_checkpoint(tmp_path).final, 1)


@pytest.mark.parametrize("made", SAME.values(), ids=SAME)
def test_one_picture_is_scored_and_shown_alike_however_it_is_stored(
    made: Callable[[], bytes], preprocess: Preprocessor
) -> None:
    expected = np.asarray(preprocess(Image.fromarray(GREYS)))
    np.testing.assert_array_equal(np.asarray(preprocess(IMAGES.decode(made()))), expected)
    np.testing.assert_array_equal(shared().look(IMAGES, made(), None), np.stack([GREYS] * 3, axis=2))
    extension, cleaned = clean_image(made())
    assert says_nothing_else(extension, cleaned)
    np.testing.assert_array_equal(np.asarray(decode_image(cleaned)), np.asarray(decode_image(made())))
    np.testing.assert_array_equal(np.asarray(with_8_bits(decode_image(cleaned))), GREYS)


def test_every_grey_of_16_bits_is_brought_to_the_nearest_of_8() -> None:
    every = np.arange(1 << 16, dtype=np.uint16).reshape(256, 256)
    nearest = ((every.astype(np.int64) + 128) // 257).astype(np.uint8)
    np.testing.assert_array_equal(np.asarray(with_8_bits(Image.fromarray(every))), nearest)


def test_greys_above_a_level_are_not_white(preprocess: Preprocessor) -> None:
    """Scanners use 12 of 16 bits, or add a base: what is not white is not clipped to it."""
    deep = GREYS.astype(np.uint16) * 128 + 1000
    inputs = preprocess(IMAGES.decode(stored(deep, "PNG")))
    assert len(np.unique(inputs)) > 50
    assert inputs.max() < 1


RANGE_UNKNOWN: dict[str, bytes] = {
    "floats up to 255": stored(FLOATS * 255, "TIFF"),
    "floats below 0": stored(FLOATS - 0.5, "TIFF"),
    "greys of 8 bits in 16": stored(GREYS.astype(np.uint16), "PNG"),
    "greys of 12 bits in 16": stored(STRETCHED, "TIFF"),
    "greys of 14 bits in 16": stored(STRETCHED * 4, "PNG"),
    "integers of 32 bits": stored(GREYS.astype(np.int32), "TIFF"),
    "signed integers of 16 bits": tiff(DEEP.astype(np.int16), SIGNED),
    "colours of another model": hostile.stored(Image.new("LAB", (4, 4)), "TIFF"),
}


@pytest.mark.parametrize("image", RANGE_UNKNOWN.values(), ids=RANGE_UNKNOWN)
def test_an_unknown_range_is_a_reason(image: bytes, preprocess: Preprocessor) -> None:
    reason = "nothing says whether|Nothing says which|is not scored"
    assert says_nothing_else(*clean_image(image))  # Of what earlier versions released.
    for asked in (
        lambda: preprocess(IMAGES.decode(image)),
        lambda: shared().look(IMAGES, image, None),
        lambda: shared().check(IMAGES, image),
    ):
        with pytest.raises(UnreadableRecordError, match=reason):
            asked()


WITH_NAN = FLOATS.copy()
WITH_NAN[3, 4] = np.nan
RANGED: dict[str, tuple[bytes, NDArray[np.generic], tuple[float, float]]] = {
    "greys of 12 bits in 16": (stored(STRETCHED, "PNG"), STRETCHED, (0, 4095)),
    "greys of 10 bits in 16": (stored(STRETCHED // 4, "TIFF"), STRETCHED // 4, (0, 1023)),
    "a narrower range than the type": (stored(DEEP, "PNG"), DEEP, (1000, 40_000)),
    "integers of 32 bits": (
        stored(GREYS.astype(np.int32) * 900_000, "TIFF"),
        GREYS.astype(np.int32) * 900_000,
        (0, 2e8),
    ),
    "signed integers of 16 bits": (
        tiff(GREYS.astype(np.int16) * 15 - 1024, SIGNED),
        GREYS.astype(np.int16) * 15 - 1024,
        (-1024, 3071),
    ),
    "floats up to 255": (stored(FLOATS * 255, "TIFF"), FLOATS * 255, (0, 255)),
    "floats around 0": (stored(FLOATS - 0.5, "TIFF"), FLOATS - np.float32(0.5), (-0.5, 0.5)),
    "floats from 0 to 1": (stored(FLOATS, "TIFF"), FLOATS, (0.25, 0.75)),
    "halves": (tiff(GREYS.astype(np.int32), SIGNED), GREYS.astype(np.int32), (0, 510)),
}
"""A file, its values, and the range that a request states."""


@pytest.mark.parametrize(("image", "values", "pixel_range"), RANGED.values(), ids=RANGED)
def test_a_stated_range_is_scored_and_shown(
    image: bytes,
    values: NDArray[np.generic],
    pixel_range: tuple[float, float],
    preprocess: Preprocessor,
) -> None:
    low, high = map(Fraction, pixel_range)
    exact = [255 * (Fraction(value.item()) - low) / (high - low) for value in values.flat]
    # Python rounds halves of fractions to even.
    expected = np.array([round(min(max(value, Fraction(0)), Fraction(255))) for value in exact])
    pixels = expected.astype(np.uint8).reshape(values.shape)
    assert len(np.unique(pixels)) > 50
    kind = replace(IMAGES, pixel_range=pixel_range)
    np.testing.assert_array_equal(
        np.asarray(preprocess(kind.decode(image))), np.asarray(preprocess(Image.fromarray(pixels)))
    )
    np.testing.assert_array_equal(shared().look(kind, image, None), np.stack([pixels] * 3, axis=2))
    shared().check(kind, image)
    assert shared().check_leaving(kind, image) is None
    extension, cleaned = shared().clean(kind, image)  # All bits that there are leave.
    assert says_nothing_else(extension, cleaned)
    with Image.open(io.BytesIO(cleaned)) as released:
        np.testing.assert_array_equal(np.asarray(released), values)


def test_a_stated_range_is_not_that_of_8_bits() -> None:
    kind = replace(IMAGES, pixel_range=(0, 4095))
    np.testing.assert_array_equal(np.asarray(kind.decode(stored(GREYS, "PNG"))), GREYS)


@pytest.mark.parametrize(
    "image",
    [
        tiff(65535 - STRETCHED, UNSIGNED, 0),
        tiff(65535 - DEEP, UNSIGNED, 0, order=">"),
    ],
)
def test_a_stated_range_is_not_that_of_greys_counted_from_white(image: bytes) -> None:
    kind = replace(IMAGES, pixel_range=(0, 4095))
    with pytest.raises(UnreadableRecordError, match="counted from white"):
        kind.decode(image)
    with pytest.raises(UnreadableRecordError, match="counted from white"):
        kind.check_leaving(image)


@pytest.mark.usefixtures("home")
def test_without_a_checkpoint_it_is_said_that_one_may_know_the_range(tmp_path: Path) -> None:
    """Of those images alone: damaged ones stay so."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name, content in (
        ("a.png", stored(STRETCHED, "PNG")),
        ("b.tif", tiff(DEEP.astype(np.int32), SIGNED)),
        ("c.png", stored(GREYS, "PNG")),
        ("d.png", stored(GREYS, "PNG")[:60]),
    ):
        (folder / name).write_bytes(content)
    inspected = workflow.inspect(folder, None, JobContext())
    assert isinstance(inspected, SourceInspected)
    assert [problem.id for problem in inspected.problems] == ["a.png", "b.tif", "d.png"]
    (note,) = inspected.notes
    assert note.startswith("2 images")
    assert "pixel_range" in note


@pytest.mark.parametrize("pixel_range", [None, (0.0, 1.0)])
def test_values_that_are_not_finite_are_a_reason(pixel_range: tuple[float, float] | None) -> None:
    for values in (WITH_NAN, np.where(WITH_NAN > 0, WITH_NAN, np.inf).astype(np.float32)):
        kind = replace(IMAGES, pixel_range=pixel_range)
        with pytest.raises(UnreadableRecordError, match="finite"):
            kind.decode(stored(values, "TIFF"))


def test_black_and_white_alone_are_known_whatever_the_depth() -> None:
    black = np.zeros((4, 4), dtype=np.uint16)
    assert np.asarray(IMAGES.decode(stored(black, "PNG"))).max() == 0
    assert np.asarray(IMAGES.decode(tiff(black, UNSIGNED, 0))).min() == 255


@pytest.mark.parametrize(
    "image",
    [hostile.png_of_16_bits(2, 3), hostile.png_of_16_bits(4, 2), hostile.tiff_of_16_bits()],
    ids=["PNG", "PNG with transparency", "TIFF"],
)
def test_colours_of_16_bits_are_refused(image: bytes) -> None:
    """Pillow cuts them to 8 bits, for the model and for what leaves."""
    with Image.open(io.BytesIO(image)) as opened:
        assert opened.mode in {"RGB", "RGBA", "LA"}
    for kind in (IMAGES, replace(IMAGES, pixel_range=(0, 65535))):
        with pytest.raises(
            UnreadableRecordError, match=r"more bits than are read.*Save it with 8 bits"
        ):
            kind.decode(image)


MISREAD: dict[str, bytes] = {
    "floats, white being 0": tiff(FLOATS, FLOAT, 0),
    "unsigned integers of 32 bits": tiff(DEEP.astype(np.uint32) << 16, UNSIGNED),
    "signed integers of 8 bits": tiff(GREYS.astype(np.int8), SIGNED),
    "12 bits": hostile.tiff(
        hostile.grey(
            8, 8, hostile.tag(258, 12), hostile.tag(259, 1), hostile.tag(273, 8), hostile.tag(279, 96)
        ),
        bytes(96),
    ),
    "half as many samples of colour": hostile.tiff(
        [
            *(hostile.tag(256, 8), hostile.tag(257, 8), hostile.tag(259, 1), hostile.tag(262, 6)),
            *(hostile.tag(273, 16), hostile.tag(277, 3), hostile.tag(278, 8), hostile.tag(279, 96)),
            (258, 3, 3, hostile.longs(8)),
        ],
        struct.pack("<4H", 8, 8, 8, 0) + bytes(192),
    ),
}


@pytest.mark.parametrize("image", MISREAD.values(), ids=MISREAD)
def test_what_would_be_taken_for_other_values_is_refused(image: bytes) -> None:
    with pytest.raises(UnreadableRecordError, match="another image than it is"):
        decode_image(image)


def test_greys_times_their_opacity_leave_as_they_show() -> None:
    bits = (258, 3, 2, struct.pack("<HH", 8, 8))
    tags = [hostile.tag(256, 8), hostile.tag(257, 8), bits, hostile.tag(259, 1), hostile.tag(262, 1)]
    tags += [hostile.tag(273, 8), hostile.tag(277, 2), hostile.tag(278, 8), hostile.tag(279, 128)]
    image = hostile.tiff([*tags, hostile.tag(338, 1)], bytes(range(128)))
    extension, cleaned = clean_image(image)
    assert extension == "png"
    assert says_nothing_else(extension, cleaned)
    assert decode_image(cleaned).tobytes() == decode_image(image).tobytes()
