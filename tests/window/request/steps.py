"""Steps of somebody who prepares a request."""

import json
from pathlib import Path

from pytestqt.qtbot import QtBot

from dataselect_gui.window.request.place import RequestPlace
from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.release.steps import click
from tests.window.steps import give, settle


def request_of(model: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((model / "dataselect.json").read_text())
    return content


def calibrated(qtbot: QtBot, window: MainWindow, *given: Path) -> RequestPlace:
    """Give a model and rows, answer, and calibrate."""
    page = window.request
    give(qtbot, window, *given)
    settle(qtbot, window)
    page.calibration.no.click()
    click(qtbot, page.button)
    settle(qtbot, window)
    assert page.calibrated is not None
    return page
