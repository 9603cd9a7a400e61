"""Real and odd files, each as its manifest says."""

import csv
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.records.images import decode_image
from dataselect_gui.records.kinds.images import IMAGES
from dataselect_gui.records.model_input import Preprocessor
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Problem, SourceRef, UnreadableRecordError
from tests.helpers import hugging_face_folder, preprocessor, write_json
from tests.records.looking import OF_ODD_IMAGES, pixels
from tests.records.test_bit_depth import FLOAT, UNSIGNED, stored, tiff

pytestmark = OF_ODD_IMAGES


def test_every_odd_file_lands_where_its_manifest_says(shared_data: Path) -> None:
    folder = shared_data / "broken-images"
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        manifest = {
            unicodedata.normalize("NFC", row["file"]): row["what"]
            for row in csv.DictReader(file)
            if os.path.lexists(folder / row["file"])
        }
    source = open_source(SourceRef(folder))
    unreadable = list(source.problems)
    readable = set()
    for index, record in enumerate(source.ids):
        try:
            pixels(source, index)
            readable.add(record)
        except UnreadableRecordError as error:
            unreadable.append(Problem(record, str(error)))
    assert readable == {name for name, what in manifest.items() if what.startswith("valid")}
    assert {problem.id for problem in unreadable} == manifest.keys() - readable
    assert "bomb_warning_11000x10000.png" not in readable
    for problem in unreadable:
        assert problem.reason[0].isupper()
        assert problem.reason.endswith(".")
        assert str(folder) not in problem.reason
        assert problem.id not in problem.reason


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (3, lambda stored: np.rot90(stored, 2)),
        (5, np.transpose),
        (8, lambda stored: np.rot90(stored, 1)),
    ],
)
def test_a_turned_x_ray_has_the_pixels_of_the_upright_one(
    shared_data: Path, orientation: int, turned: object
) -> None:
    assert callable(turned)
    folder = shared_data / "broken-images"
    upright = decode_image((folder / f"exif_orientation_{orientation}.jpeg").read_bytes())
    stored = np.asarray(decode_image((folder / "ok_gray.jpeg").read_bytes()))
    np.testing.assert_array_equal(np.asarray(upright), turned(stored))


DEEP: dict[str, Callable[[NDArray[np.uint8]], bytes]] = {
    "16 bits": lambda grey: stored(grey.astype(np.uint16) * 257, "PNG"),
    "16 bits, the higher byte first": lambda grey: tiff(
        grey.astype(np.uint16) * 257, UNSIGNED, order=">"
    ),
    "16 bits, white being 0": lambda grey: tiff(65535 - grey.astype(np.uint16) * 257, UNSIGNED, 0),
    "floats from 0 to 1": lambda grey: tiff((grey / 255).astype(np.float32), FLOAT),
}


@pytest.mark.parametrize("form", DEEP)
def test_an_x_ray_of_more_bits_is_the_same_input(shared_data: Path, tmp_path: Path, form: str) -> None:
    """The finding: all but white, and a loss of 17 where that of 8 bits was 0."""
    write_json(hugging_face_folder(tmp_path) / "preprocessor_config.json", preprocessor(24, 1))
    preprocess = Preprocessor(find_checkpoint(tmp_path).final, 1)
    taken = sorted((shared_data / "chest-xray" / "owner").glob("*/*.jpeg"))[::60]
    assert len(taken) > 2
    for path in taken:
        with Image.open(path) as opened:
            grey = opened.convert("L").resize((200, 150))
        deep = DEEP[form](np.asarray(grey))
        np.testing.assert_array_equal(preprocess(IMAGES.decode(deep)), preprocess(grey))


def test_people_of_the_chest_x_rays_are_units(shared_data: Path) -> None:
    source = open_source(SourceRef(shared_data / "chest-xray" / "owner", unit_column="patient"))
    assert source.units is not None
    assert len(source.ids) == len(source.units) > len(set(source.units))
    assert set(source.labels) == {"NORMAL", "PNEUMONIA"}
    assert not source.problems
