"""Numbers with many digits are shown with few, and stay as they are."""

from pathlib import Path

from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataselect_gui import workflow
from dataselect_gui.selection.forms import read_rule
from dataselect_gui.window.shell.main_window import MainWindow
from tests.window.release.steps import click, shown
from tests.window.rule.test_rule_page import made, opened, stored, wait

LONG = {"bird": "3.6912345678901234", "cat": "14.812345678901234", "dog": "12345"}
RULE = {"conditions": [{"score": "loss", "most": LONG, "otherwise": "keep"}]}


def test_release_and_the_page_show_four_digits_and_the_rule_keeps_all(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    project = made(tmp_path)
    window.open_project(project)
    window.state.set_rule(read_rule(RULE))
    page = opened(qtbot, window, project)
    fields = page.conditions[0].most.grid.fields
    assert {name: field.text() for name, field in fields.items()} == {
        "bird": "3.691",
        "cat": "14.81",
        "dog": "12345",
    }
    for field in fields.values():
        room = field.contentsRect().width()
        assert field.fontMetrics().horizontalAdvance(field.text()) < room
    assert page.candidate() == read_rule(RULE)
    qtbot.waitUntil(lambda: "bird: 3.691, cat: 14.81, dog: 12345" in shown(page), timeout=15_000)
    fields["dog"].clear()
    QTest.keyClicks(fields["dog"], "7")
    wait(qtbot, page)
    click(qtbot, page.use)
    changed = {"conditions": [{**RULE["conditions"][0], "most": {**LONG, "dog": "7"}}]}
    assert window.state.rule == read_rule(changed)
    assert stored(project) == read_rule(changed)
    assert "bird: 3.691, cat: 14.81, dog: 7" in window.release.answers.rule.text()


def test_a_bound_of_all_classes_keeps_its_digits_too(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    project = made(tmp_path)
    window.open_project(project)
    window.state.set_rule(workflow.make_rule("loss", threshold="0.30000000000000004"))
    page = opened(qtbot, window, project)
    field = page.conditions[0].least.field
    assert field.text() == "0.3"
    candidate = read_rule(
        {"conditions": [{"score": "loss", "least": "0.30000000000000004", "otherwise": "leave"}]}
    )
    assert page.candidate() == candidate
    assert "at least 0.3." in window.release.answers.rule.text()
