"""From a folder of deep images to scores, pictures and a verified bundle."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.checkpoints.request import request_of
from dataselect_gui.errors import UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from tests.helpers import CLASSES, write_json
from tests.models import save_series, stir, tiny_resnet
from tests.releases import files, is_verified, release, select

COUNT = 6
EXACT = {"mechanism": "exact", "epsilon": None, "acknowledge_exact": True, "reason": "a test"}
pytestmark = pytest.mark.usefixtures("scoring_here")


def greys(number: int) -> NDArray[np.uint8]:
    return np.random.default_rng(number).integers(0, 256, (18, 14), dtype=np.uint8)


def consortium(folder: Path, **request: object) -> Path:
    save_series(folder, [stir(tiny_resnet(), 0)])
    write_json(folder / "dataselect.json", {"score": "loss", "threshold": 0, **request})
    return folder


def folder_of(root: Path, make: object, ending: str = "tif") -> Path:
    assert callable(make)
    for number in range(COUNT):
        place = root / CLASSES[number % 3]
        place.mkdir(parents=True, exist_ok=True)
        image = make(greys(number))
        (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(
            place / f"{number}.{ending}"
        )
    return root


def scores(source: Path, checkpoint: Path, project: Path) -> list[float]:
    workflow.score(
        source,
        checkpoint,
        JobContext(),
        project_path=project,
        names=["grad_norm"],
        precision="float64",
    )
    return workflow.scores(project)["grad_norm"]


def test_deep_images_have_the_scores_of_their_twins_of_8_bits(tmp_path: Path) -> None:
    plain, ranged = consortium(tmp_path / "a"), consortium(tmp_path / "b", pixel_range=[0, 4095])
    twins = folder_of(tmp_path / "twins", lambda values: values, "png")
    expected = scores(twins, plain, tmp_path / "twins.dataselect")
    assert np.isfinite(expected).all()
    deep = folder_of(tmp_path / "deep", lambda values: values.astype(np.uint16) * 257, "png")
    assert scores(deep, plain, tmp_path / "deep.dataselect") == expected
    floats = folder_of(tmp_path / "floats", lambda values: (values / 255).astype(np.float32))
    assert scores(floats, plain, tmp_path / "floats.dataselect") == expected
    twelve = folder_of(
        tmp_path / "twelve", lambda values: np.rint(values / 255 * 4095).astype(np.uint16), "png"
    )
    project = tmp_path / "twelve.dataselect"
    assert scores(twelve, ranged, project) == expected
    # A picture in the window, and what leaves.
    pictures = workflow.Pictures(workflow.look(project))
    ids = workflow.look(project).ids
    for row, record in enumerate(ids):
        number = int(Path(record).stem)
        np.testing.assert_array_equal(pictures.picture(row), np.stack([greys(number)] * 3, axis=2))
    assert Project.open(project).settings.source.pixel_range == (0, 4095)


def test_a_record_of_unknown_range_is_a_problem_of_its_own(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "mixed", lambda values: values.astype(np.uint16) * 257, "png")
    Image.fromarray(greys(9).astype(np.uint16)).save(source / "cat" / "dark.png")
    Image.fromarray(greys(9).astype(np.int32)).save(source / "cat" / "whole.tif")
    Image.new("LAB", (8, 8), (9, 8, 7)).save(source / "cat" / "lab.tif")
    done = workflow.score(
        source,
        consortium(tmp_path / "model"),
        JobContext(),
        project_path=tmp_path / "p.dataselect",
        names=["loss"],
    )
    assert done.scored == COUNT
    assert done.problems.keys() == {"cat/dark.png", "cat/whole.tif", "cat/lab.tif"}
    assert "nothing says whether" in done.problems["cat/dark.png"]
    assert "pixel_range" in done.problems["cat/whole.tif"]
    assert "LAB" in done.problems["cat/lab.tif"]


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
def test_colours_as_jpeg_has_them_leave_and_are_verified(
    tmp_path: Path, compression: str | None
) -> None:
    source = tmp_path / "scans"
    for number in range(COUNT):
        colours = np.random.default_rng(number).integers(0, 256, (18, 14, 3), dtype=np.uint8)
        (source / CLASSES[number % 3]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(colours).convert("YCbCr").save(
            source / CLASSES[number % 3] / f"{number}.tif", compression=compression
        )
    project = tmp_path / "p.dataselect"
    workflow.score(
        source,
        consortium(tmp_path / "model"),
        JobContext(),
        project_path=project,
        names=["loss"],
    )
    select(project, threshold="0")
    release(project, tmp_path / "bundle", budget=None, **EXACT)
    assert is_verified(tmp_path / "bundle")
    assert sum(name.endswith(".png") for name in files(tmp_path / "bundle")) == COUNT


@pytest.mark.parametrize(
    ("make", "request_"),
    [
        (lambda values: values.astype(np.uint16) * 257, {}),
        (lambda values: values.astype(np.uint16) * 16 + 15, {"pixel_range": [15, 4095]}),
        (lambda values: (values / 255).astype(np.float32), {}),
        (lambda values: values.astype(np.int32) - 128, {"pixel_range": [-128, 127]}),
    ],
    ids=["16 bits", "12 in 16", "floats", "integers"],
)
def test_what_leaves_keeps_its_depth_and_is_verified(
    tmp_path: Path, make: object, request_: dict[str, object]
) -> None:
    assert callable(make)
    source = folder_of(tmp_path / "scans", make)
    project = tmp_path / "p.dataselect"
    workflow.score(
        source,
        consortium(tmp_path / "model", **request_),
        JobContext(),
        project_path=project,
        names=["loss"],
    )
    select(project, threshold="0")
    release(project, tmp_path / "bundle", budget=None, **EXACT)
    assert is_verified(tmp_path / "bundle")
    left = [
        np.asarray(Image.open(path)).tobytes()
        for path in (tmp_path / "bundle" / "data" / "train").iterdir()
        if path.suffix in {".png", ".tif"}
    ]
    assert sorted(left) == sorted(make(greys(number)).tobytes() for number in range(COUNT))


def test_another_range_is_another_checkpoint(tmp_path: Path) -> None:
    ranges: list[dict[str, object]] = [{}, {"pixel_range": [0, 4095]}, {"pixel_range": [0, 1023]}]
    places = [consortium(tmp_path / str(n), **request) for n, request in enumerate(ranges)]
    assert len({find_checkpoint(place).digest() for place in places}) == 3


@pytest.mark.parametrize("stated", [[4095, 0], [0], [0, True], "0-4095", [0, 0], [0, 1e300]])
def test_a_range_that_is_none_is_refused(stated: object) -> None:
    with pytest.raises(UnusableError, match="pixel_range"):
        request_of({"pixel_range": stated})
