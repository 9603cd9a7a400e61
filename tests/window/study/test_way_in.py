"""How the Try it page is reached and left."""

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.study.by_scores import ByScores
from dataselect_gui.window.study.place import StudyPlace
from dataselect_gui.window.widgets.boundary import STAYS
from dataselect_gui.workflow import Everything, ScoreCut
from tests.helpers import array_file
from tests.projects import consortium, owner_records, scored_project
from tests.window.steps import give, place, settle
from tests.window.study.steps import Worker, open_page, shown, wait_for_plan


@pytest.mark.usefixtures("worker")
def test_setup_offers_it_once_records_and_checkpoint_are_known(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    give(qtbot, window, owner_records(tmp_path / "records.npz"))
    assert not window.setup.try_it.isEnabled()
    assert not window.actions_by_key["try"].isEnabled()
    give(qtbot, window, consortium(tmp_path / "consortium"))
    assert place(window) == "setup"
    window.setup.try_it.click()
    assert place(window) == "study"
    wait_for_plan(qtbot, window)
    assert "records.npz, with consortium" in [
        label.toolTip() for label in window.study.findChildren(QLabel)
    ]
    assert [label.text() for label in window.findChildren(QLabel) if label.isVisible()].count(
        STAYS
    ) == 1
    assert window.study.heading.about.isVisible()
    assert ByScores.explanation in shown(window.study)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["consortium", "records.npz"]


def test_records_without_labels_cannot_be_studied_and_it_says_so(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    import numpy as np

    pixels = np.zeros((9, 6, 5), dtype=np.uint8)
    unlabelled = array_file(tmp_path / "unlabelled.npz", x=pixels)
    give(qtbot, window, unlabelled, consortium(tmp_path / "consortium"))
    assert not window.setup.try_it.isEnabled()
    texts = [label.text() for label in window.setup.findChildren(QLabel) if label.isVisible()]
    assert any("none of the records has a label" in text for text in texts)


@pytest.mark.usefixtures("worker")
def test_a_pick_by_a_score_is_one_click_away_from_it(window: MainWindow, tmp_path: Path) -> None:
    """Where the cut-off is set, and where a release by it is decided."""
    source, checkpoint = owner_records(tmp_path / "records.npz"), consortium(tmp_path / "consortium")
    window.open_project(scored_project(tmp_path / "p.dataselect", source, checkpoint))
    state, of_release = window.state, window.release.answers.decided.try_it
    state.set_rule(Everything())
    window.show_place(PlaceId.EXPLORE)
    assert not window.explore.histogram.try_it.isVisible()
    window.show_place(PlaceId.RELEASE)
    assert not of_release.isVisible()
    state.set_rule(ScoreCut("loss", "threshold", Decimal("0.5")))
    for from_place, button in (
        (PlaceId.EXPLORE, window.explore.histogram.try_it),
        (PlaceId.RELEASE, of_release),
    ):
        window.show_place(from_place)
        assert button.isVisible()
        button.click()
        assert place(window) == "study"
        window.study.heading.back.click()
        assert state.place is from_place
    assert "picking" in window.explore.histogram.try_it.toolTip(), "what is known of it"


@pytest.mark.usefixtures("worker")
def test_a_pick_that_cannot_be_tried_says_why(window: MainWindow, tmp_path: Path) -> None:
    import numpy as np

    pixels = np.random.default_rng(0).integers(0, 256, (40, 6, 5), dtype=np.uint8)
    unlabelled = array_file(tmp_path / "unlabelled.npz", x=pixels)
    checkpoint = consortium(tmp_path / "consortium")
    window.open_project(
        scored_project(tmp_path / "p.dataselect", unlabelled, checkpoint, score="random")
    )
    window.state.set_rule(ScoreCut("random", "threshold", Decimal("0.5")))
    for at, button in (
        (PlaceId.EXPLORE, window.explore.histogram.try_it),
        (PlaceId.RELEASE, window.release.answers.decided.try_it),
    ):
        window.show_place(at)
        assert button.isVisible()
        assert not button.isEnabled()
        assert "label" in button.toolTip()


def test_back_and_escape_lead_to_where_one_was(
    page: StudyPlace, window: MainWindow, qtbot: QtBot
) -> None:
    page.heading.back.click()
    assert place(window) == "explore"
    window.show_place(PlaceId.LEDGER)
    open_page(qtbot, window)
    QTest.keyClick(page.form.button, Qt.Key.Key_Escape)
    assert place(window) == "ledger"


def test_everything_can_be_done_by_keys(
    page: StudyPlace, window: MainWindow, worker: Worker, qtbot: QtBot
) -> None:
    page.heading.back.click()
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(window.action_list.field, "try it")
    QTest.keyClick(window.action_list.field, Qt.Key.Key_Return)
    assert place(window) == "study"
    wait_for_plan(qtbot, window)
    press_tab_until(lambda focus: focus is page.plan.start)
    QTest.keyClick(page.plan.start, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bool(worker.begun))
    assert QApplication.focusWidget() is page.plan.stop
    worker.go.set()
    settle(qtbot, window)
    assert QApplication.focusWidget() is page.results.page
    qtbot.waitUntil(lambda: page.verticalScrollBar().maximum() > 0)
    assert page.verticalScrollBar().value() == 0
    QTest.keyClick(page.results.page, Qt.Key.Key_PageDown)
    assert page.verticalScrollBar().value() > 0


def press_tab_until(holds: Callable[[object], bool]) -> None:
    for _ in range(40):
        focus = QApplication.focusWidget()
        assert focus is not None
        if holds(focus):
            return
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    raise AssertionError("the focus never came there")


def test_a_checkpoint_that_is_gone_is_told_in_place_of_a_plan(
    window: MainWindow, worker: Worker, tmp_path: Path
) -> None:
    checkpoint = consortium(tmp_path / "consortium")
    source = owner_records(tmp_path / "records.npz")
    folder = scored_project(tmp_path / "p.dataselect", source, checkpoint)
    shutil.rmtree(checkpoint)
    window.open_project(folder)
    window.actions_by_key["try"].trigger()
    assert "“consortium” is not there." in window.study.error.text()
    assert not window.study.plan.isVisible()
    assert not worker.planned
