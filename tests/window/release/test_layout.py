"""What can be seen and reached at any width of the window."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QScrollArea, QSlider
from pytestqt.qtbot import QtBot

from dataselect_gui.window.release import ReleasePlace
from tests.window.release.steps import answer_no, ask_for, finish, foresee


@pytest.mark.parametrize("width", [640, 1000, 1060, 1120, 1360])
@pytest.mark.parametrize("kind", ["records", "report"])
def test_nothing_is_cut_off_at_any_width(
    place: ReleasePlace, qtbot: QtBot, width: int, kind: str
) -> None:
    answer_no(qtbot, place)
    ask_for(place, kind)
    foresee(qtbot, place)
    place.resize(width, 700)
    qtbot.wait(1)
    for part in (place.answers, place.consequence, place.parcel):
        assert part.width() >= part.minimumSizeHint().width()
        left = part.mapTo(place, QPoint()).x()
        assert 0 <= left < left + part.width() <= width


def test_small_windows_stack_the_columns(place: ReleasePlace, qtbot: QtBot) -> None:
    place.resize(640, 324)
    qtbot.waitUntil(lambda: place.consequence.y() > place.answers.y())
    assert place.parcel.y() > place.consequence.y()
    assert place.parcel.width() <= 640
    assert place.foot.button.isVisible()


def release_in_a_small_window(qtbot: QtBot, place: ReleasePlace) -> None:
    place.resize(640, 324)
    answer_no(qtbot, place)
    finish(qtbot, place)
    foresee(qtbot, place)
    qtbot.wait(50)


def test_what_left_is_in_sight_after_a_release_in_a_small_window(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    release_in_a_small_window(qtbot, place)
    top = place.parcel.mapTo(place, place.parcel.rect().topLeft()).y()
    assert 0 <= top < 100


def test_whoever_scrolls_away_after_a_release_is_not_brought_back(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    release_in_a_small_window(qtbot, place)
    (area,) = place.findChildren(QScrollArea)
    area.verticalScrollBar().triggerAction(QSlider.SliderAction.SliderToMinimum)
    place.resize(400, 324)
    qtbot.wait(50)
    assert area.verticalScrollBar().value() == 0


def test_everything_that_is_asked_can_be_reached_by_keys(place: ReleasePlace, qtbot: QtBot) -> None:
    answer_no(qtbot, place)
    foresee(qtbot, place)
    reached = set()
    place.answers.training.no.setFocus()
    focused = QApplication.focusWidget()
    for _ in range(80):
        reached.add(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)  # type: ignore[no-untyped-call]
        focused = QApplication.focusWidget()
    for wanted in (
        place.answers.what.kinds,
        place.answers.what.mechanisms["one-sided"],
        place.answers.amount.epsilon,
        place.answers.amount.slider,
        place.answers.cut_off.from_request,
        place.answers.change,
        place.answers.advanced.button,
        place.consequence.consent,
        place.consequence.uncovered.button,
        place.foot.button,
    ):
        assert wanted in reached
    for field in place.answers.findChildren(QLineEdit):
        inner = field.objectName() == "qt_spinbox_lineedit"
        assert inner or field.accessibleName(), "a field without a name"
