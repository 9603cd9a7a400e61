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


def areas_of(place: ReleasePlace) -> list[QScrollArea]:
    """Return the scroll area of each column."""
    columns = (place.answers, place.consequence, place.parcel)
    areas = place.findChildren(QScrollArea)
    return [next(area for area in areas if area.isAncestorOf(column)) for column in columns]


def test_each_column_scrolls_by_itself(place: ReleasePlace, qtbot: QtBot) -> None:
    place.resize(1360, 500)
    answer_no(qtbot, place)
    qtbot.wait(1)
    answers, consequence, parcel = (area.verticalScrollBar() for area in areas_of(place))
    assert answers is not consequence
    assert consequence is not parcel
    answers.setValue(answers.maximum())
    assert (answers.value() > 0, consequence.value(), parcel.value()) == (True, 0, 0)


def test_columns_that_were_stacked_stand_beside_each_other_again(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    place.answers.amount.epsilon.setText("2")
    place.resize(640, 700)
    qtbot.wait(1)
    assert len({id(area) for area in areas_of(place)}) == 1
    place.resize(1360, 700)
    qtbot.wait(1)
    assert len({id(area) for area in areas_of(place)}) == 3
    assert place.answers.amount.epsilon.text() == "2"
    assert place.parcel.mapTo(place, QPoint()).x() > place.consequence.mapTo(place, QPoint()).x()


def test_the_middle_says_which_answer_is_missing(place: ReleasePlace, qtbot: QtBot) -> None:
    consequence = place.consequence
    assert consequence.first.isVisible()
    assert place.foot.hint.text() in consequence.first.text()
    answer_no(qtbot, place)
    assert consequence.expected.isVisible()
    assert not consequence.first.isVisible()


def test_what_was_just_released_is_offered_again_without_being_loud(
    place: ReleasePlace, qtbot: QtBot
) -> None:
    answer_no(qtbot, place)
    assert place.foot.button.property("role") == "leave"
    finish(qtbot, place)
    foresee(qtbot, place)
    assert place.foot.button.text() == "Release the same again, at no cost"
    assert place.foot.button.property("role") == ""
    place.answers.amount.epsilon.setText("2")
    foresee(qtbot, place)
    assert place.foot.button.property("role") == "leave"


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
    (area,) = (each for each in place.findChildren(QScrollArea) if each.isVisible())
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
