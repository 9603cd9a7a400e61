"""Names say what they are: some words say it of nothing, and are nobody's name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("dataselect_gui", "tests", "resources", "packaging")
BARE = frozenset({"found", "matter", "one", "told", "words"})


def bare_names(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of what is given one of these names."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Name(id=name, ctx=ast.Store())
                | ast.arg(arg=name)
                | ast.FunctionDef(name=name)
                | ast.ClassDef(name=name)
            ) if name in BARE:
                yield node.lineno, name


@pytest.mark.parametrize(
    "source",
    ["found = 1", "for one in (): ...", "def f(told): ...", "def words(): ...", "lambda matter: 0"],
)
def test_a_bare_name_is_noticed(source: str) -> None:
    assert list(bare_names(source))


def test_nothing_has_a_bare_name() -> None:
    modules = [path for folder in FOLDERS for path in ROOT.joinpath(folder).rglob("*.py")]
    assert len(modules) > 500
    bare = {
        f"{path.relative_to(ROOT).as_posix()}:{line}": name
        for path in modules
        for line, name in bare_names(path.read_text(encoding="utf-8"))
    }
    assert not bare
