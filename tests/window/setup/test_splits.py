"""Records in several parts: Setup asks which is meant, and nothing goes on before."""

from pathlib import Path
from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot

from dataselect_gui.project.project import Project
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from tests.helpers import array_file, image_folder
from tests.projects import consortium, owner_records
from tests.window.steps import give, place, settle

NAMES = ["train/cat/1.png", "train/dog/2.png", "train/cat/3.png", "test/cat/4.png"]


def choose(qtbot: QtBot, window: MainWindow, split: str) -> None:
    window.setup.split.choose(split)
    window.setup.split.activated.emit(window.setup.split.currentIndex())
    settle(qtbot, window)


def offered(window: MainWindow) -> list[str]:
    box = window.setup.split
    return [box.itemText(row) for row in range(box.count())]


def test_a_part_is_chosen_and_kept_with_the_project(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    source = image_folder(tmp_path / "scans", NAMES)
    give(qtbot, window, source, consortium(tmp_path / "consortium"))
    assert place(window) is PlaceId.SETUP
    assert window.setup.split.isVisible()
    assert offered(window) == ["test: 1 record", "train: 3 records"]
    assert window.setup.split.chosen() is None
    assert not window.setup.score.isEnabled()
    assert window.state.inputs.records is None
    choose(qtbot, window, "train")
    assert window.setup.split.chosen() == "train"
    window.setup.training.no.click()
    window.setup.score.click()
    settle(qtbot, window)
    assert made_up[0]["split"] == "train"
    settings = Project.open(tmp_path / "scans.dataselect").settings
    assert settings.source.split == "train"
    look = window.state.look
    assert look is not None
    assert look.ids == ["train/cat/1.png", "train/cat/3.png", "train/dog/2.png"]
    assert not window.setup.split.isVisible()


def test_another_part_has_a_project_of_its_own(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, made_up: list[dict[str, Any]]
) -> None:
    images = np.zeros((3, 6, 5), dtype=np.uint8)
    source = array_file(
        tmp_path / "a.npz",
        train_images=images,
        train_labels=[[0], [1], [2]],
        test_images=images[:2],
        test_labels=[[0], [1]],
    )
    give(qtbot, window, consortium(tmp_path / "consortium"))
    for split in ("train", "test"):
        give(qtbot, window, source)
        settle(qtbot, window)
        assert window.setup.split.chosen() is None
        choose(qtbot, window, split)
        window.setup.training.no.click()
        window.setup.score.click()
        settle(qtbot, window)
        look = window.state.look
        assert look is not None
        assert len(look.ids) == {"train": 3, "test": 2}[split]
    assert [asked["split"] for asked in made_up] == ["train", "test"]
    assert len({asked["project_path"] for asked in made_up}) == 2


def test_records_in_one_part_ask_nothing(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    source = image_folder(tmp_path / "scans", NAMES)
    give(qtbot, window, consortium(tmp_path / "consortium"), source)
    assert window.setup.split.isVisible()
    give(qtbot, window, owner_records(tmp_path / "records.npz"))
    assert not window.setup.split.isVisible()
    assert window.setup.score.isEnabled() == window.state.can_score
