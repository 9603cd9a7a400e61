"""A picture's own values, as a person sees them who chooses black and white."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui import workflow
from dataselect_gui.records.decoding_process import shared
from dataselect_gui.records.kinds.arrays import ARRAYS, stored_row
from dataselect_gui.records.kinds.images import IMAGES
from dataselect_gui.records.source import UnreadableRecordError
from dataselect_gui.workflow.whole_records import unit_rows
from tests.projects import consortium, owner_records, scored_project

GREYS = np.arange(120, dtype=np.uint8).reshape(10, 12)
COLOURS = np.stack([GREYS, GREYS, GREYS + 1], axis=2)


def stored(image: Image.Image, form: str = "PNG") -> bytes:
    held = io.BytesIO()
    image.save(held, form)
    return held.getvalue()


@pytest.mark.parametrize(
    ("pixels", "form"),
    [
        (GREYS, "PNG"),
        (GREYS.astype(np.uint16) * 31, "PNG"),  # Dark, or of 12 bits: not scored, and shown.
        (GREYS.astype(np.uint16) * 500, "TIFF"),
        (GREYS.astype(np.float32) / 7 - 3, "TIFF"),
        (COLOURS, "PNG"),
    ],
)
def test_values_are_those_that_are_stored(pixels: NDArray[np.generic], form: str) -> None:
    values = shared().values(IMAGES, stored(Image.fromarray(pixels), form))
    assert values.dtype == pixels.dtype
    np.testing.assert_array_equal(values, pixels)


def test_colours_that_are_greys_are_one_channel() -> None:
    values = shared().values(IMAGES, stored(Image.fromarray(np.stack([GREYS] * 3, axis=2))))
    np.testing.assert_array_equal(values, GREYS)


def test_numbers_of_several_channels_are_their_mean() -> None:
    row = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    values = shared().values(ARRAYS, stored_row(row))
    np.testing.assert_allclose(values, row.astype(np.float64).mean(axis=0), rtol=1e-6)


def test_what_is_no_picture_says_why() -> None:
    with pytest.raises(UnreadableRecordError, match="Not an image"):
        shared().values(IMAGES, b"no picture")
    nothing = np.full((3, 3), np.nan, dtype=np.float32)
    with pytest.raises(UnreadableRecordError, match="not finite"):
        shared().values(IMAGES, stored(Image.fromarray(nothing), "TIFF"))


@pytest.mark.parametrize(
    ("pixels", "shown"),
    [
        (GREYS, (0, 255)),
        (GREYS.astype(np.uint16) * 500, (0, 65535)),
        (GREYS.astype(np.uint16) * 31 + 5, (5, 119 * 31 + 5)),  # Nothing says what is white.
    ],
)
def test_black_and_white_are_those_of_the_score_where_they_are_known(
    tmp_path: Path, pixels: NDArray[np.generic], shown: tuple[float, float]
) -> None:
    (tmp_path / "pictures").mkdir()
    Image.fromarray(pixels).save(tmp_path / "pictures" / "a.png")
    project = scored_project(
        tmp_path / "project", tmp_path / "pictures", consortium(tmp_path / "model")
    )
    look = workflow.look(project)
    whole = workflow.whole_record(workflow.Pictures(look), 0)
    assert isinstance(whole, workflow.WholePicture)
    assert (whole.black, whole.white) == shown
    assert workflow.record_file(look, 0) == tmp_path / "pictures" / "a.png"


def test_the_rows_of_a_person(tmp_path: Path) -> None:
    source, checkpoint = owner_records(tmp_path / "records.npz"), consortium(tmp_path / "model")
    look = workflow.look(
        scored_project(tmp_path / "project", source, checkpoint, unit_column="patient")
    )
    assert unit_rows(look, 4) == [3, 4, 5]
    assert workflow.record_file(look, 4) is None
    alone = workflow.look(scored_project(tmp_path / "alone", source, checkpoint))
    assert unit_rows(alone, 4) == ()
