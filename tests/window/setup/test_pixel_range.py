"""Which of the records can be read depends on the range of pixels that the request states."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import consortium
from tests.window.steps import give, settle


def scans(folder: Path) -> Path:
    """Write four images of 12 bits in 16."""
    for number in range(4):
        place = folder / ("cat" if number % 2 else "dog")
        place.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 4096, (8, 6), dtype=np.uint16)
        Image.fromarray(pixels).save(place / f"{number}.png")
    return folder


@pytest.mark.parametrize("records_first", [True, False])
def test_a_stated_range_makes_records_readable(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, *, records_first: bool
) -> None:
    source = scans(tmp_path / "scans")
    checkpoint = consortium(tmp_path / "consortium", pixel_range=[0, 4095])
    for path in (source, checkpoint) if records_first else (checkpoint, source):
        give(qtbot, window, path)
        settle(qtbot, window)
    assert not window.setup.records.problems.isVisible()
    assert window.state.inputs.records == source


def test_without_one_they_are_problems(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    give(qtbot, window, scans(tmp_path / "scans"), consortium(tmp_path / "consortium"))
    assert window.setup.records.problems.isVisible()
