"""Explore shows those that look wrong alone, the worst first."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.errors import DataSelectError
from dataselect_gui.window.state import State
from dataselect_gui.workflow import CountAnswers
from tests.decisions import SURE, undecided
from tests.window.explore.place.steps import COUNT, Show

LEFT = Qt.MouseButton.LeftButton


def test_those_that_look_wrong_are_shown_alone_worst_first(
    tmp_path: Path, show: Show, qtbot: QtBot
) -> None:
    """Whatever is selected; the selection and the marks stay as they are."""
    state = State()
    scores = [0.1] * COUNT
    scores[7], scores[3], scores[20] = 0.7, 0.9, 0.8
    state.open(undecided(tmp_path, scores))
    place = show(state)
    assert state.rule == workflow.Everything()
    state.mark([1])
    state.set_current(1)
    qtbot.mouseClick(place.left_out, LEFT)  # type: ignore[no-untyped-call]
    assert state.order.tolist() == [3, 20, 7]
    assert state.selection.chosen.all()
    assert np.flatnonzero(state.marked).tolist() == [1]
    place.gallery.setFocus()
    QTest.keyClick(place.gallery, Qt.Key.Key_Right)
    assert state.current in {3, 20, 7}
    qtbot.mouseClick(place.left_out, LEFT)  # type: ignore[no-untyped-call]
    assert len(state.order) == COUNT
    assert not place.left_out.isChecked()
    state.show_only(np.array([3]), by="left_out")
    assert place.find_row.field.text() == "left_out"
    assert place.left_out.isChecked()
    state.open(undecided(tmp_path / "another", scores))
    assert len(state.order) == COUNT
    assert not place.left_out.isChecked()


def test_without_a_calibration_nobody_looks_wrong(state: State, show: Show) -> None:
    assert not show(state).left_out.isVisible()


def test_a_count_that_was_not_drawn_is_named_and_no_cut_off_is_offered(
    tmp_path: Path, show: Show
) -> None:
    """A cut-off there would be a choice after viewing; once there is one, it can be moved."""
    project = undecided(tmp_path, [0.1] * COUNT)
    with pytest.raises(DataSelectError):  # Decided, and no budget to draw it.
        workflow.decide(project, "count", SURE, CountAnswers(in_training="no"))
    state = State()
    state.open(project)
    place = show(state)
    assert place.rule_line.full_text.startswith("Not decided yet: Release counts first")
    assert "0 in" not in place.rule_line.full_text
    assert place.legend.entries == ["bird", "cat", "dog"]
    assert not place.histogram.adopt.isVisible()
    state.set_rule(workflow.Everything())
    assert place.histogram.adopt.isVisible()
    assert f"{COUNT} in the selection" in place.rule_line.full_text
