"""Images of unusual colours: each leaves in a bundle that passes the check, or has a reason before."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dataselect_gui import workflow
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.records.images import decode_image
from dataselect_gui.worker.results import SourceInspected
from tests.helpers import image_folder
from tests.hostile_files import pixels, stored
from tests.projects import consortium, scored_project
from tests.releases import is_verified, release, select, shown

pytestmark = pytest.mark.usefixtures("home")
EXACT: dict[str, Any] = {
    "mechanism": "exact",
    "epsilon": None,
    "acknowledge_exact": True,
    "reason": "a test",
    "budget": None,
}
ODD: dict[str, tuple[str, dict[str, Any]]] = {
    "YCbCr.tif": ("YCbCr", {}),
    "YCbCr packed.tif": ("YCbCr", {"compression": "jpeg"}),
    "CMYK.tif": ("CMYK", {}),
    "CMYK.jpg": ("CMYK", {}),
    "clear palette.png": ("P", {"transparency": 0}),
    "clear greys.tif": ("LA", {}),
    "two levels.tif": ("1", {"compression": "group4"}),
}


def odd_folder(folder: Path) -> Path:
    image_folder(folder, ["plain.png"])
    for name, (mode, options) in ODD.items():
        picture = pixels(14, 9).convert(mode)
        form = {".tif": "TIFF", ".jpg": "JPEG", ".png": "PNG"}[Path(name).suffix]
        (folder / name).write_bytes(stored(picture, form, **options))
    return folder


def test_images_of_any_colours_leave_and_are_verified(tmp_path: Path) -> None:
    """YCbCr once failed by tags that the program's own writer had put there."""
    source = odd_folder(tmp_path / "images")
    project = scored_project(tmp_path / "p.dataselect", source, consortium(tmp_path / "model"))
    select(project, threshold="0")
    release(project, tmp_path / "bundle", **EXACT)
    assert is_verified(tmp_path / "bundle")
    files = sorted(path for path in source.iterdir())
    seen = {picture_of(decode_image(path.read_bytes())) for path in files}
    left = (tmp_path / "bundle" / "data" / "train").glob("*.*")
    assert seen == {
        picture_of(decode_image(path.read_bytes())) for path in left if path.suffix != ".jsonl"
    }
    assert len(shown(tmp_path / "bundle")) == len(files)


def picture_of(image: Image.Image) -> bytes:
    return image.convert("RGBA").tobytes()


def test_colours_that_are_not_read_stop_no_other_image(tmp_path: Path) -> None:
    source = odd_folder(tmp_path / "images")
    lab = Image.new("LAB", (4, 4))
    deep = Image.fromarray(np.full((4, 4), 7, dtype=np.int32))
    for name, image in (("lab.tif", lab), ("deep.tif", deep)):
        (source / name).write_bytes(stored(image, "TIFF"))
    inspected = workflow.inspect(source, None, JobContext())
    assert isinstance(inspected, SourceInspected)
    assert {problem.id for problem in inspected.problems} == {"lab.tif", "deep.tif"}
    assert inspected.readable == len(ODD) + 1
