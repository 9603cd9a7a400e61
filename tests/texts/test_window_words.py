"""No call in the window hands Qt a text that it could take for more than text."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dataselect_gui

FOLDER = Path(dataselect_gui.__file__).parent / "window"
TIPS = {"setToolTip"}
WORDS = {
    "setAccessibleName",
    "setAccessibleDescription",
    "setPlaceholderText",
    "setWindowTitle",
    "addMenu",
    "setHorizontalHeaderLabels",
    "QAccessibleAnnouncementEvent",
}
NEVER = set(
    "addItem addItems insertItem insertItems setItemText setItemData drawText drawStaticText "
    "elidedText setHtml setMarkdown appendHtml insertHtml setPlainText appendPlainText setTextFormat "
    "showText setStatusTip setWhatsThis setTitle setTabText setLabelText setFormat setPrefix setSuffix "
    "setLabel setIconText setInformativeText setDetailedText setHeaderLabels setVerticalHeaderLabels "
    "QTreeWidgetItem".split()
)
"""What would show words, is not needed outside `plain`, and would have to be thought about."""


def calls_in(source: str) -> Iterator[tuple[str, list[ast.expr], int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            yield name, [*node.args, *(word.value for word in node.keywords)], node.lineno


def is_made_by(argument: ast.expr, maker: str) -> bool:
    """Say whether an argument is a literal, or comes from a function that makes it plain."""
    if isinstance(argument, ast.ListComp):
        return is_made_by(argument.elt, maker)
    if isinstance(argument, ast.Call):
        return isinstance(argument.func, ast.Name) and argument.func.id == maker
    return isinstance(argument, ast.Constant)


def faults_in(source: str) -> list[str]:
    """Return the calls that show a text which is neither a literal nor made plain."""
    faults = []
    for name, arguments, line in calls_in(source):
        if name in TIPS:
            is_fault = not all(is_made_by(argument, "tip") for argument in arguments)
        elif name in WORDS:
            is_fault = not is_made_by(arguments[-1], "visible")
        else:
            is_fault = name in NEVER
        if is_fault:
            faults.append(f"line {line}: {name}")
    return faults


def test_words_are_shown_by_what_makes_them_plain() -> None:
    modules = [path for path in sorted(FOLDER.rglob("*.py")) if path != FOLDER / "widgets" / "plain.py"]
    assert len(modules) > 50
    faults_of = {path.name: faults_in(path.read_text(encoding="utf-8")) for path in modules}
    # The items of pyqtgraph's plots are no words.
    faults_of["plot.py"] = [fault for fault in faults_of["plot.py"] if "addItem" not in fault]
    assert not {name: faults for name, faults in faults_of.items() if faults}


@pytest.mark.parametrize(
    "call",
    [
        "widget.setToolTip(name)",
        "widget.setToolTip(visible(name))",
        'widget.setToolTip(f"{name}")',
        'widget.setAccessibleName(f"Delete {name}")',
        "widget.setAccessibleDescription(tip(name))",
        "painter.drawText(room, flags, name)",
        'box.addItem(f"each {name}")',
        "box.setItemData(0, name, role)",
        "QAccessibleAnnouncementEvent(self, name)",
        "editor.setPlainText(name)",
        "QToolTip.showText(place, name)",
    ],
)
def test_a_call_that_shows_a_name_as_it_is_would_be_noticed(call: str) -> None:
    assert faults_in(call)
