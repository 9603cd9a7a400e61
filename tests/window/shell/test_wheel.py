"""The mouse wheel scrolls a page; it changes no answer that stands on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QScrollArea, QSlider, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.release.amount import MARKS
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets.fold import Fold
from tests.projects import scored_project
from tests.releases import select
from tests.window.steps import give, settle
from tests.window.study.steps import Worker

ONE_NOTCH = 120
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


def turn_wheel(window: MainWindow, widget: QWidget, notches: int) -> None:
    """Turn the wheel over the middle of a widget, as the system reports it; negative is down."""
    handle = window.windowHandle()
    assert handle is not None
    middle = widget.mapTo(window, widget.rect().center())
    assert window.childAt(middle) in {widget, *widget.findChildren(QWidget)}, "something covers it"
    QTest.wheelEvent(handle, middle.toPointF(), QPoint(0, ONE_NOTCH * notches))


def area_of(widget: QWidget) -> QScrollArea | None:
    """Return what a widget is scrolled by; None where its place does not scroll."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    return parent


def show_in_its_area(qtbot: QtBot, widget: QWidget) -> QScrollArea | None:
    """Scroll to a widget; return what it is scrolled by."""
    area = area_of(widget)
    if area is not None:
        area.ensureWidgetVisible(widget, 0, 80)
        qtbot.wait(1)
    return area


def fields_of(place: QWidget) -> Iterator[QWidget]:
    """Yield the fields of a place that Qt would change by the wheel and that can be seen."""
    for widget in place.findChildren(QWidget):
        is_field = isinstance(widget, QAbstractSpinBox | QComboBox | QSlider)
        if is_field and widget.isVisible() and widget.isEnabled():
            yield widget


def value_of(field: QWidget) -> object:
    if isinstance(field, QComboBox):
        return field.currentIndex()
    assert isinstance(field, QAbstractSpinBox | QSlider)
    return field.property("value")


def set_between(field: QWidget) -> None:
    """Set a value that the wheel could change in either direction."""
    if isinstance(field, QComboBox):
        field.setCurrentIndex(min(1, field.count() - 1))
    else:
        field.setProperty("value", field.property("minimum") + 1)


@pytest.fixture
def project(tmp_path: Path, source: Path, checkpoint: Path) -> Path:
    """A project of patients."""
    folder = scored_project(tmp_path / "p.dataselect", source, checkpoint, unit_column="patient")
    select(folder, threshold="0.5")
    workflow.answer_training(folder, "no")
    return folder


FEWEST = {PlaceId.EXPLORE: 1, PlaceId.RELEASE: 3, PlaceId.STUDY: 2, PlaceId.RULE: 1}
"""Places with fields, and how many there are at least."""


def test_the_wheel_scrolls_the_page_and_changes_no_field(
    window: MainWindow, qtbot: QtBot, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow, "plan_study", Worker().plan)
    window.resize(1000, 420)
    window.open_project(project)
    for place_id, at_least in FEWEST.items():
        if place_id is PlaceId.STUDY:
            window.try_it()
        window.show_place(place_id)
        settle(qtbot, window)
        check_fields(window, qtbot, getattr(window, place_id), at_least=at_least)


def test_the_wheel_changes_nothing_that_setup_asks(
    window: MainWindow, qtbot: QtBot, source: Path, checkpoint: Path
) -> None:
    give(qtbot, window, source, checkpoint)
    window.resize(1000, 420)
    assert window.setup.unit.chosen() == "patient"
    check_fields(window, qtbot, window.setup, at_least=1)


def check_fields(window: MainWindow, qtbot: QtBot, place: QWidget, *, at_least: int) -> None:
    for fold in place.findChildren(Fold):
        if fold.isVisible():
            fold.button.click()
    qtbot.wait(1)
    fields = list(fields_of(place))
    assert len(fields) >= at_least, fields
    for field in fields:
        set_between(field)
        area = show_in_its_area(qtbot, field)
        if not field.isVisible():  # Another answer hid it.
            continue
        for notches in (-1, 1):
            before = value_of(field)
            window.header.home.setFocus()
            bar = None if area is None else area.verticalScrollBar()
            was_at = None if bar is None else bar.value()
            turn_wheel(window, field, notches)
            assert value_of(field) == before, f"{field.accessibleName()} was changed by the wheel"
            assert window.header.home.hasFocus(), f"{field.accessibleName()} took the focus"
            if bar is not None and was_at is not None:
                has_room = was_at < bar.maximum() if notches < 0 else was_at > bar.minimum()
                assert (bar.value() != was_at) is has_room, f"{field.accessibleName()} held the page"
                bar.setValue(was_at)


def test_epsilon_is_changed_by_a_deliberate_act_alone(
    window: MainWindow, qtbot: QtBot, project: Path
) -> None:
    window.open_project(project)
    window.show_place(PlaceId.RELEASE)
    settle(qtbot, window)
    amount = window.release.answers.amount
    amount.slider.setFocus()
    show_in_its_area(qtbot, amount.slider)
    turn_wheel(window, amount.slider, -3)
    assert amount.epsilon.text() == "1"
    QTest.keyClick(amount.slider, Qt.Key.Key_Right, NO_MODIFIER)
    assert amount.epsilon.text() == MARKS[MARKS.index("1") + 1]
