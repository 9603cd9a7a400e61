import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.checkpoints.label_account import LabelAccount
from dataselect_gui.records.decoding_process import shared
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets import theme
from dataselect_gui.workflow import JobContext, Scored
from tests.projects import scored_project
from tests.window import scenes
from tests.window.leaks import holdings, noted


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
    # The offscreen platform says so of every window, of every tool tip and of every list of choices.
    unsupported = r"does not support (propagateSizeHints\(\)|raise\(\)|grabbing the keyboard)"
    item.add_marker(pytest.mark.qt_log_ignore(unsupported, extend=True))


@pytest.fixture(scope="session")
def decoding() -> None:
    """Start what lives as long as the program: it is nothing that a test leaves behind."""
    shared().begin()


@pytest.fixture(autouse=True)
def nothing_leaks(qtbot: QtBot, decoding: None) -> Iterator[None]:
    """Fail a test that leaves a thread, timer, process or window behind.

    Widgets that were given to `qtbot` are closed before this looks.
    """
    del qtbot, decoding
    with noted() as started:
        before = holdings(started, thorough=False)
        yield
        left = holdings(started, thorough=False).beyond(before)
        assert not left, f"left behind: {left}"


@pytest.fixture(autouse=True)
def colours(qapp: QApplication) -> None:
    """Show every test's widgets as the program shows them."""
    del qapp
    theme.apply("light")


@pytest.fixture(autouse=True)
def home(home: Path) -> Path:
    """Keep the ledger and the settings of every test to itself."""
    return home


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(Settings())
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Have scoring end at once, with one score that is made up; return what it was asked for."""
    asked: list[dict[str, Any]] = []

    def score(source: Path, checkpoint: Path, _context: JobContext, **options: Any) -> Scored:  # noqa: ANN401
        asked.append(options)
        folder: Path = options["project_path"]
        unit, split = options["unit_column"], options["split"]
        scored_project(folder, source, checkpoint, unit_column=unit, split=split)
        if options["in_training"] is not None:
            workflow.answer_training(folder, options["in_training"])
        labels = LabelAccount(task="single_label", records=1, given=1, unlabelled=0, unfit=0)
        return Scored(folder, 1, {}, 0.0, "cpu", "float64", ["loss"], labels)

    monkeypatch.setattr(workflow, "score", score)
    return asked


@pytest.fixture(autouse=True)
def tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a preflight end at once: most checkpoints here cannot be loaded."""
    monkeypatch.setattr(workflow, "preflight", scenes.tried)


@pytest.fixture(scope="session")
def real_series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two states of a model that can be loaded."""
    from tests.models import save_series, stir, tiny_resnet

    return save_series(
        tmp_path_factory.mktemp("series"), [stir(tiny_resnet(), seed) for seed in range(2)]
    )
