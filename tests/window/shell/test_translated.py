"""All that the window shows, in a language in which every text of the catalogue stands in brackets."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.window.place import PlaceId
from dataselect_gui.window.settings import Settings
from dataselect_gui.window.shell.main_window import MainWindow
from dataselect_gui.window.widgets.elided import Elided
from tests.window.steps import settle


def texts_of(widget: QWidget) -> Iterator[str]:
    """Yield the texts of one widget, without those of its children."""
    yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
    match widget:
        case Elided():
            pass  # Its name for accessibility has the text in full.
        case QMenu():
            yield widget.title()
        case QLabel() | QAbstractButton():
            yield widget.text()
        case QLineEdit():
            yield from (widget.text(), widget.placeholderText())
        case QPlainTextEdit():
            yield widget.toPlainText()
        case QComboBox():
            yield from (widget.itemText(place) for place in range(widget.count()))
        case QTableWidget():
            places = [(row, column) for row in range(widget.rowCount()) for column in range(9)]
            items = [widget.item(*place) for place in places]
            items += [widget.horizontalHeaderItem(column) for column in range(9)]
            yield from (item.text() for item in items if item is not None)


def texts_of_score(name: str) -> list[str]:
    score = workflow.find_score(name)
    return [score.sentence, score.meaning]


def shown_in(window: MainWindow) -> list[str]:
    """Return all texts that are visible in a window now."""
    widgets = [widget for widget in window.findChildren(QWidget) if widget.isVisible()]
    return [text for widget in widgets for text in texts_of(widget)]


def beside_the_catalogue(text: str, data: list[str]) -> str:
    """Return what of a text is neither in brackets nor data; empty where it has no two words."""
    for item in sorted(data, key=len, reverse=True):
        text = text.replace(item, "")
    inside = re.compile("⟦[^⟦⟧]*⟧")
    while inside.search(text):
        text = inside.sub("", text)
    return text if len(re.findall(r"[^\W\d_]{2,}", text)) > 1 else ""


@pytest.fixture
def translated(qtbot: QtBot, project: Path, brackets: None) -> Iterator[MainWindow]:
    """A window with a project, in the language of brackets."""
    del brackets
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.open_project(project)
    yield window
    window.close()


@pytest.mark.parametrize("place", PlaceId)
def test_a_place_shows_no_text_beside_the_catalogue(
    translated: MainWindow, qtbot: QtBot, project: Path, place: PlaceId
) -> None:
    window, look = translated, workflow.look(project)
    window.state.set_current(3)
    window.state.withhold([4, 5])
    window.state.mark([1, 2])
    if place is PlaceId.DELETION:
        window.ask_deletion()
    window.show_place(place)
    settle(qtbot, window)
    data = [*map(str, (look.source, look.checkpoint, project, project.parent)), *look.ids]
    data += [*(look.units or ()), *window.state.class_names]
    # What the rooms below say has tests of its own.
    deletion, confinement = workflow.before_deletion(project), workflow.available_confinement()
    data += [*deletion.goes, *deletion.stays, confinement.sentence]
    data += [text for name in look.scores for text in texts_of_score(name)]
    data += ["file_name, label"]  # The fields that leave, by the names that they have in the bundle.
    shown = shown_in(window)
    assert sum("⟦" in text for text in shown) > 12
    assert [text for text in shown if beside_the_catalogue(text, data)] == []


def test_actions_and_menus_are_translated(translated: MainWindow) -> None:
    window = translated
    actions: list[QAction] = [*window.actions_by_key.values()]
    texts = [text for action in actions for text in (action.text(), action.toolTip()) if text]
    texts += [action.text().removeprefix("&") for action in window.menuBar().actions()]
    assert len(texts) > 30
    assert [text for text in texts if not text.startswith("⟦")] == []
    window.action_list.open()
    assert all(text.startswith("⟦") for text in window.action_list.texts())


def test_a_notice_is_translated(translated: MainWindow, project: Path) -> None:
    workflow.look(project).source.rename(project.with_name("elsewhere"))
    translated.preparation.open_project.show_warning()
    message = translated.notice.message
    assert message is not None
    for text in (message.what, message.why, message.do, message.actions[0][0]):
        assert text.startswith("⟦")


def test_a_text_beside_the_catalogue_is_noticed() -> None:
    assert beside_the_catalogue("⟦Given label: {label}⟧", []) == ""
    assert beside_the_catalogue("⟦Undo: ⟦sort by loss⟧⟧", []) == ""
    assert beside_the_catalogue("/home/two words: ⟦gone⟧", ["/home/two words"]) == ""
    assert beside_the_catalogue("⟦Scoring.⟧ Two words", [])
