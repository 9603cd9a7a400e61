"""The part of a source, in the terminal."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.project.project import Project
from tests.cli.shell import run
from tests.helpers import CLASSES, array_file, image_folder
from tests.models import save_series, stir, tiny_resnet


@pytest.fixture
def consortium(tmp_path: Path) -> Path:
    return save_series(tmp_path / "consortium", [stir(tiny_resnet(), 0)])


@pytest.mark.usefixtures("scoring_here")
def test_a_part_is_named_once_and_kept_with_the_project(
    tmp_path: Path, consortium: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"{part}/{name}/{n}.png" for part in ("train", "test") for n, name in enumerate(CLASSES)]
    source, project = image_folder(tmp_path / "scans", names), tmp_path / "p.dataselect"
    asked = ("score", source, "--checkpoint", consortium, "--project", project)
    refused = run(capsys, *asked, code=4)
    assert "test (3), train (3)" in refused["error"]["why"]
    assert not project.exists()
    done = run(capsys, *asked, "--scores", "loss", "--split", "train")
    assert done["scored"] == 3
    assert Project.open(project).settings.source.split == "train"
    assert set(Project.open(project).table.index.labels) == set(CLASSES)
    assert run(capsys, *asked, "--scores", "el2n")["scored"] == 3  # As it began.
    assert run(capsys, *asked, "--scores", "el2n", "--split", "test", code=4)


def test_inspect_lists_the_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = np.zeros((4, 8, 8), dtype=np.uint8)
    source = array_file(
        tmp_path / "a.npz",
        train_images=images,
        train_labels=np.arange(4)[:, None],
        test_images=images[:1],
        test_labels=[[2]],
    )
    answer = run(capsys, "inspect", source)
    assert answer["splits"] == {"train": 4, "test": 1}
    assert answer["records"] == 0
    chosen = run(capsys, "inspect", source, "--split", "test")
    assert (chosen["records"], chosen["labels"], chosen["split"]) == (1, ["2"], "test")
    assert run(capsys, "inspect", source, "--split", "dev", code=4)
