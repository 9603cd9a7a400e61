"""What the window shows goes through the catalogue of texts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dataselect_gui

FOLDER = Path(dataselect_gui.__file__).parent / "window"
ROOMS = (
    *(path.name for path in FOLDER.glob("*.py")),
    "explore",
    "ledger",
    "release",
    "setup",
    "shell",
    "study",
    "widgets",
)
"""Rooms and modules whose texts are translated; the others follow."""
SHOWS = set(
    "Button CheckBox RadioButton ToolButton Label Facts Well Fold TreeLine Cell Message Table "
    "Elided paragraph tip visible show_idle choose_folder choose_file choose_place setText set_text "
    "set_full_text setToolTip setAccessibleName setAccessibleDescription setPlaceholderText addMenu "
    "addButton".split()
)
"""What shows a text that is handed to it: there a single word is a text, too."""
CATALOGUE = {"_", "N_", "ngettext"}
NO_SENTENCES = {
    "DataSelect": "a name",
    "Qt: {}": "what Qt says in English",
    "dataselect: {}\n": "a line of the terminal",
    '<p style="white-space:pre-wrap">{}</p>': "markup",
    "QTableWidget::item { padding: 4px {}px; }": "a style sheet",
}
"""Literals of several words, or shown ones, that are not translated."""


def name_of(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def text_of(node: ast.AST) -> str:
    """Return the text of a literal, with {} for each value; empty for what is none."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def literals(node: ast.AST, shown: bool = False) -> Iterator[tuple[int, str, bool]]:
    """Yield the literals that do not go through the catalogue, and whether something shows them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue  # A docstring.
        if child in {getattr(node, "annotation", None), getattr(node, "returns", None)}:
            continue  # A type, in quotes where it is imported for types alone.
        if isinstance(child, ast.Call) and name_of(child) in CATALOGUE:
            for value in child.keywords:
                yield from literals(value, shown)
        elif isinstance(child, ast.Call):
            yield from literals(child, name_of(child) in SHOWS)
        elif text := text_of(child):
            yield child.lineno, text, shown  # type: ignore[attr-defined]
            if isinstance(child, ast.JoinedStr):
                for part in child.values:
                    yield from literals(part, shown)
        else:
            yield from literals(child, shown and isinstance(child, ast.IfExp | ast.BoolOp))


def sentences(source: str) -> list[int]:
    """Return the lines of literals of two words and more, and of shown ones of a single word."""
    lines = []
    for line, text, shown in literals(ast.parse(source)):
        if text in NO_SENTENCES:
            continue
        nouns = re.findall(r"[^\W\d_]{2,}", re.sub(r"{\w*}", "", text))
        if (shown and nouns) or (nouns and len(text.split()) > 1):
            lines.append(line)
    return lines


def modules() -> Iterator[Path]:
    for room in ROOMS:
        path = FOLDER / room
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def test_no_text_is_shown_that_is_not_in_the_catalogue() -> None:
    checked = [path for path in modules() if path.name != "theme.py"]  # Style sheets.
    assert len(checked) > 40
    literal = {path: sentences(path.read_text("utf-8")) for path in checked}
    assert not {path: lines for path, lines in literal.items() if lines}


@pytest.mark.parametrize(
    "line",
    [
        'Button("Stop")',
        'Message("Scoring is done.")',
        'label.setText(f"{count:,} records")',
        'label.setText("Restore" if is_withheld else _("Withhold"))',
        'parts.append(f"{count} records")',
        'facts = [("Passed over", name)]',
        'NO_PROJECT = "Open a project first."',
        'label.setText(_("{what}", what="two words"))',
        'box.add("each record", data)',
    ],
)
def test_a_text_beside_the_catalogue_would_be_noticed(line: str) -> None:
    assert sentences(line) == [1]


@pytest.mark.parametrize(
    "line",
    [
        'Button(_("Stop"))',
        'label.setText(_("{name} is gone.", name=name))',
        'label.setText(f"{name}: {reason}")',
        'self.setProperty("role", "dim")',
        '"""What it is about."""',
    ],
)
def test_what_is_no_text_or_goes_through_the_catalogue_passes(line: str) -> None:
    assert sentences(line) == []
