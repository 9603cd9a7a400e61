"""Explore with a folder of pictures of several kinds, one of which cannot be read."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import consortium, scored_project
from tests.window.explore.large.steps import COLOURS, DEEP, GREYS, NAMES, settle


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Six pictures: persons have two each, and scores fall in the order of their names."""
    source = tmp_path / "pictures"
    for folder in ("cat", "dog"):
        (source / folder).mkdir(parents=True)
    for name, pixels in zip(NAMES, (GREYS, COLOURS, DEEP, GREYS, GREYS.T, None), strict=True):
        if pixels is None:
            (source / name).write_bytes(b"no picture")
        else:
            Image.fromarray(pixels).save(source / name)
    lines = [f"{name},{name.split('/')[0]},person {row // 2}" for row, name in enumerate(NAMES)]
    (source / "metadata.csv").write_text("\n".join(["file_name,label,patient", *lines]))
    scores = np.linspace(1, 0, len(NAMES)).tolist()
    return scored_project(
        tmp_path / "project", source, consortium(tmp_path / "model"), scores, unit_column="patient"
    )


@pytest.fixture
def opened(window: MainWindow, project: Path, qtbot: QtBot) -> MainWindow:
    window.resize(1200, 800)
    window.open_project(project)
    settle(qtbot, window)
    return window
