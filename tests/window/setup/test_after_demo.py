"""What is given after the demo is not put together with the demo's own records or checkpoint."""

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.setup.facts import Facts
from dataselect_gui.window.shell.main_window import MainWindow
from tests.projects import consortium, owner_records, scored_project
from tests.window.steps import give


@pytest.fixture
def demo(window: MainWindow, tmp_path: Path) -> MainWindow:
    """A window that shows a demo, with few records."""
    project = scored_project(
        tmp_path / "demo", owner_records(tmp_path / "demo.npz"), consortium(tmp_path / "demo-model")
    )
    path = project / "project.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "demo": True}), encoding="utf-8")
    window.open_project(project)
    window.show_place(PlaceId.SETUP)
    return window


def said(facts: Facts) -> str:
    return "\n".join(label.text() for label in facts.findChildren(QLabel) if label.isVisible())


def test_own_records_do_not_keep_its_checkpoint(demo: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    own = owner_records(tmp_path / "own.npz", seed=1)
    give(qtbot, demo, own)
    assert demo.state.inputs.records == own
    assert demo.state.inputs.checkpoint is None
    assert "Nothing chosen yet" in said(demo.setup.checkpoint)
    assert not demo.setup.score.isEnabled()


def test_another_checkpoint_does_not_keep_its_records(
    demo: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    other = consortium(tmp_path / "other")
    give(qtbot, demo, other)
    assert demo.state.inputs.checkpoint == other
    assert demo.state.inputs.source is None
    assert "Nothing chosen yet" in said(demo.setup.records)
