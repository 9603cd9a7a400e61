"""Real and odd files, each as its manifest says."""

import csv
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.records.images import decode_image
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Problem, SourceRef, UnreadableRecordError
from tests.records.looking import pixels

pytestmark = pytest.mark.filterwarnings(
    "ignore::PIL.Image.DecompressionBombWarning",
    "ignore:Truncated File Read:UserWarning",
    "ignore:Palette images with Transparency:UserWarning",
)


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


def test_people_of_the_chest_x_rays_are_units(shared_data: Path) -> None:
    source = open_source(SourceRef(shared_data / "chest-xray" / "owner", unit_column="patient"))
    assert source.units is not None
    assert len(source.ids) == len(source.units) > len(set(source.units))
    assert set(source.labels) == {"NORMAL", "PNEUMONIA"}
    assert not source.problems
