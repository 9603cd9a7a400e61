"""The strip of notices: what went well goes by itself, and what has to be answered stays."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from dataselect_gui.window.widgets import notice
from dataselect_gui.window.widgets.notice import Message, NoticeStrip


def nothing() -> None:
    """Do nothing."""


@pytest.fixture
def strip(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[NoticeStrip]:
    monkeypatch.setattr(notice, "EXPIRES", 20)
    window, field, made = QWidget(), QLineEdit(), NoticeStrip()
    column = QVBoxLayout(window)
    column.addWidget(field)
    column.addWidget(made)
    qtbot.addWidget(window)
    window.show()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    yield made
    window.close()


def test_what_went_well_goes_by_itself(strip: NoticeStrip, qtbot: QtBot) -> None:
    lasting = Message("The records are not there.")
    strip.show_lasting(lasting)
    strip.show_message(Message("It was deleted.", role="success"))
    qtbot.waitUntil(lambda: strip.message is lasting)
    assert strip.isVisible()


@pytest.mark.parametrize(
    "message",
    [
        Message("It was refused.", role="stop"),
        Message("Scoring is done.", role="success", actions=(("Show it", nothing),)),
    ],
)
def test_what_has_to_be_read_or_answered_stays(
    strip: NoticeStrip, qtbot: QtBot, message: Message
) -> None:
    strip.show_message(message)
    qtbot.wait(80)
    assert strip.message is message


def test_what_is_being_read_stays(strip: NoticeStrip, qtbot: QtBot) -> None:
    strip.show_message(Message("It was deleted.", role="success"))
    strip.button("Close").setFocus()
    qtbot.waitUntil(strip.button("Close").hasFocus)
    qtbot.wait(80)
    assert strip.isVisible()
