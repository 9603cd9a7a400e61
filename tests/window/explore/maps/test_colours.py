"""One scale of colours for all records of a project."""

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from dataselect_gui.window.explore.map_view import coloured
from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.explore.maps.steps import BRIGHTEST, DARKEST, MadeUp, centre, idle, is_shown, press_m


def test_the_scale_is_the_same_for_every_record(opened: MainWindow, made: MadeUp, qtbot: QtBot) -> None:
    press_m(opened)
    idle(opened, qtbot)
    maps, view = opened.explore.maps, opened.explore.inspector.map
    top = maps.range_of("vog")
    assert top == 1.0
    assert "yellow 1.00 and more, logits per unit of the model's input" in view.scale.accessibleName()
    assert "The same colour means the same value in every record" in view.scale.toolTip()
    view.opacity.setValue(100)
    for row in (0, 19, 25, 39):
        opened.state.set_current(row)
        qtbot.waitUntil(lambda: is_shown(opened))
        assert maps.range_of("vog") == top
        expected = coloured(made.map_of(row), top)[3, 3]
        assert centre(opened) == expected.tolist()
        idle(opened, qtbot)
    view.score.setCurrentText("PLIS")
    view.score.activated.emit(1)
    assert "yellow 10.0 and more, gradient norm per unit" in view.scale.accessibleName()


def test_colours_go_from_dark_blue_to_yellow_and_no_further() -> None:
    shown = coloured(np.array([[0, 2, 4, 400]], dtype=np.float32), top=4.0)[0]
    assert shown[0].tolist() == DARKEST
    assert shown[2].tolist() == shown[3].tolist() == BRIGHTEST
    luminance = coloured(np.linspace(0, 1, 256, dtype=np.float32)[None], 1.0)[0] @ [
        0.2126,
        0.7152,
        0.0722,
    ]
    assert (np.diff(luminance) > -0.5).all(), "brighter is higher"


@pytest.mark.usefixtures("made")
def test_another_project_has_a_scale_of_its_own(
    opened: MainWindow, qtbot: QtBot, project: Path
) -> None:
    press_m(opened)
    idle(opened, qtbot)
    opened.open_project(project)
    assert opened.explore.maps.range_of("vog") is None
    assert not is_shown(opened)
    opened.state.set_current(3)
    qtbot.waitUntil(lambda: is_shown(opened))
    idle(opened, qtbot)
