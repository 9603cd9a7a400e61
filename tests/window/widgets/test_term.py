"""The “?” beside a term of the field."""

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.window.terms import EXPLANATIONS, Term, term_of_score
from dataselect_gui.window.widgets import theme
from dataselect_gui.window.widgets.term import TermButton, TermPopover, Titled


@pytest.fixture
def buttons(qtbot: QtBot) -> Iterator[dict[Term, TermButton]]:
    page = QWidget()
    column = QVBoxLayout(page)
    made = {term: TermButton(term) for term in Term}
    for button in made.values():
        column.addWidget(button)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitExposed(page)
    yield made
    for button in made.values():
        if button.popover is not None:
            button.popover.close()


def opened(button: TermButton) -> TermPopover:
    assert button.popover is not None
    assert button.popover.isVisible()
    return button.popover


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_it_opens_and_closes_by_keys(buttons: dict[Term, TermButton], key: Qt.Key) -> None:
    button = buttons[Term.VOG]
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert button.hasFocus()
    QTest.keyClick(button, key)
    popover = opened(button)
    assert "kept changing what it looked at" in popover.body.text()
    QTest.keyClick(popover, Qt.Key.Key_Escape)
    assert not popover.isVisible()
    assert button.hasFocus()


def test_it_opens_by_the_mouse_and_says_to_a_screen_reader_what_it_shows(
    buttons: dict[Term, TermButton],
) -> None:
    button = buttons[Term.EPSILON]
    assert button.accessibleName() == "What does “ε (epsilon)” mean?"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    popover = opened(button)
    assert popover.accessibleName() == popover.heading.text() == "ε (epsilon)"
    assert popover.accessibleDescription() == popover.body.text()


def test_every_term_has_two_sentences_and_a_picture_of_its_own(
    buttons: dict[Term, TermButton],
) -> None:
    pictures: list[QImage] = []
    for mode in ("light", "dark"):
        theme.apply(mode)
        for term, button in buttons.items():
            assert len(re.findall(r"[.]( |$)", EXPLANATIONS[term].text)) == 2
            button.click()
            popover = opened(button)
            assert popover.screen().availableGeometry().contains(popover.geometry())
            pictures.append(popover.picture.grab().toImage())
            popover.close()
    assert len(pictures) == 2 * len(Term)
    assert all(image != other for n, image in enumerate(pictures) for other in pictures[:n])


def test_a_score_has_the_term_of_its_definition() -> None:
    assert term_of_score("vog-var-late") is Term.VOG
    assert term_of_score("grad_norm") is Term.GRADIENT_NORM
    assert term_of_score("random") is None


def test_a_heading_goes_on_in_a_second_line_and_keeps_its_terms(qtbot: QtBot) -> None:
    heading = Titled("From which score on a record looks wrong", Term.CALIBRATION)
    qtbot.addWidget(heading)
    heading.resize(160, heading.heightForWidth(160))
    heading.show()
    qtbot.waitExposed(heading)
    button = heading.findChild(TermButton)
    assert button is not None
    assert heading.rect().contains(button.geometry())
    assert heading.label.height() >= 2 * heading.label.fontMetrics().height()
    heading.resize(800, 28)
    qtbot.waitUntil(lambda: heading.label.height() == 28)
    assert 0 <= button.x() - heading.label.sizeHint().width() < 4  # Right behind the text.
